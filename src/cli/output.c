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

/* Returns where so many bytes can be added; NULL: out of memory. */
static char *make_room(struct output *output, size_t len) {
    if (output->start > 0 && output->start == output->end)
        output->start = output->end = 0;
    if (output->end + len > output->room) {
        size_t room = output->room == 0 ? ROOM_FIRST : output->room;
        while (output->end + len > room)
            room *= 2;
        char *buffer = realloc(output->buffer, room);
        if (buffer == NULL)
            return NULL;
        output->buffer = buffer;
        output->room = room;
    }
    return output->buffer + output->end;
}

static bool put(struct output *output, const char *text, size_t len, bool newline) {
    char *at = output->broken ? NULL : make_room(output, len + 1);
    if (at == NULL)
        return output->broken;
    memcpy(at, text, len);
    at[len] = '\n';
    output->end += len + newline;
    return true;
}

bool output_put(struct output *output, const char *text, size_t len) {
    return put(output, text, len, false);
}

bool output_put_line(struct output *output, const char *text, size_t len) {
    return put(output, text, len, true);
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
