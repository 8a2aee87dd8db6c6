/*
 * input: the descriptor that commands come from, and what has been read from it and not been used.
 *
 * One thread.
 */
#ifndef BANYAN_INPUT_H
#define BANYAN_INPUT_H

#include <stdbool.h>
#include <stddef.h>

struct input {
    int fd;
    bool ended;        /* nothing more can be read */
    char *buffer;      /* owned */
    size_t start, end; /* of what has not been used */
};

/* Takes a descriptor, which stays the caller's. False: out of memory. */
bool input_open(struct input *input, int fd);
void input_close(struct input *input);

/* Reads once into the buffer. At the end of the input, or on an error, the input has ended. */
void input_fill(struct input *input);

/* Moves up to room bytes to `at`: from the buffer if there are any, else, if the descriptor is
 * readable, with one read. Returns how many. readable: becomes false when the descriptor was
 * read. */
size_t input_take(struct input *input, char *at, size_t room, bool *readable);

/* Undoes the end of the last input_take: its last len bytes, which stand at `at`, come next. */
void input_put_back(struct input *input, const char *at, size_t len);

#endif
