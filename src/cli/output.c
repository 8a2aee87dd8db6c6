#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ROOM_FIRST = 64 << 10,
    PIECE = 4096, /* PIPE_BUF: a pipe that is writable takes it without waiting */
};

struct output output_new(int fd) {
    struct stat status;
    return (struct output){.fd = fd, .plain = fstat(fd, &status) == 0 && S_ISREG(status.st_mode)};
}

void output_free(struct output *output) {
    free(output->buffer);
    *output = (struct output){.fd = -1};
}

static bool make_room(struct output *output, size_t len) {
    if (output->start > 0 && output->start == output->end)
        output->start = output->end = 0;
    if (output->end + len <= output->room)
        return true;
    size_t room = output->room == 0 ? ROOM_FIRST : output->room;
    while (output->end + len > room)
        room *= 2;
    char *buffer = realloc(output->buffer, room);
    if (buffer == NULL)
        return false;
    output->buffer = buffer;
    output->room = room;
    return true;
}

bool output_put(struct output *output, const char *text, size_t len) {
    if (output->broken)
        return true;
    if (!make_room(output, len))
        return false;
    memcpy(output->buffer + output->end, text, len);
    output->end += len;
    return true;
}

bool output_put_line(struct output *output, const char *text, size_t len) {
    if (output->broken)
        return true;
    if (!make_room(output, len + 1) || !output_put(output, text, len))
        return false;
    output->buffer[output->end++] = '\n';
    return true;
}

size_t output_pending(const struct output *output) {
    return output->end - output->start;
}

static bool may_write(const struct output *output) {
    struct pollfd watch = {.fd = output->fd, .events = POLLOUT};
    return output->plain || (poll(&watch, 1, 0) == 1 && (watch.revents & ~POLLNVAL) != 0);
}

void output_flush(struct output *output) {
    while (output_pending(output) > 0 && may_write(output)) {
        size_t len = output_pending(output);
        if (!output->plain && len > PIECE)
            len = PIECE;
        ssize_t written = write(output->fd, output->buffer + output->start, len);
        if (written > 0) {
            output->start += (size_t)written;
        } else if (written < 0 && errno != EINTR && errno != EAGAIN) {
            output->broken = true;
            output->start = output->end = 0;
        } else if (written < 0 && errno == EAGAIN) {
            return;
        }
    }
}

struct pollfd output_poll(const struct output *output) {
    bool waits = output != NULL && output_pending(output) > 0;
    return (struct pollfd){.fd = waits ? output->fd : -1, .events = POLLOUT};
}
