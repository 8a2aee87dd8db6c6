#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BUFFER = (1 << 20) +
             (64 << 10),  /* more than an exec takes at once; all of that may come back */
    PIECE = 256 << 10,    /* read at once */
    PIPE_BYTES = 1 << 20, /* what a process without privileges may give a pipe (pipe(7)) */
};

bool input_open(struct input *input, int fd) {
    int piped = fcntl(fd, F_GETPIPE_SZ); /* -1: it is no pipe */
    if (piped >= 0 && piped < PIPE_BYTES)
        fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES); /* fewer turns with the writer; it may be refused */
    *input = (struct input){.fd = fd, .buffer = malloc(BUFFER)};
    return input->buffer != NULL;
}

void input_close(struct input *input) {
    free(input->buffer);
    input->buffer = NULL;
}

static size_t read_once(struct input *input, char *at, size_t room) {
    ssize_t len;
    do
        len = read(input->fd, at, room);
    while (len < 0 && errno == EINTR);
    if (len < 0 && errno == EAGAIN)
        return 0;
    if (len < 0)
        fprintf(stderr, "banyan: cannot read commands: %s\n", strerror(errno));
    if (len <= 0)
        input->ended = true;
    return len > 0 ? (size_t)len : 0;
}

void input_fill(struct input *input) {
    if (input->start > 0) {
        memmove(input->buffer, input->buffer + input->start, input->end - input->start);
        input->end -= input->start;
        input->start = 0;
    }
    size_t room = BUFFER - input->end;
    if (room > 0)
        input->end += read_once(input, input->buffer + input->end, room < PIECE ? room : PIECE);
}

size_t input_take(struct input *input, char *at, size_t room, bool *readable) {
    size_t buffered = input->end - input->start;
    if (buffered > 0) {
        size_t len = buffered < room ? buffered : room;
        memcpy(at, input->buffer + input->start, len);
        input->start += len;
        return len;
    }
    if (!*readable)
        return 0;
    *readable = false;
    return read_once(input, at, room);
}

/* If bytes are left in the buffer, those at `at` came from it, and are still before them. */
void input_put_back(struct input *input, const char *at, size_t len) {
    if (input->end > input->start) {
        input->start -= len;
        return;
    }
    memcpy(input->buffer, at, len);
    input->start = 0;
    input->end = len;
}
