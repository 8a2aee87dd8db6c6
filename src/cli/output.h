/*
 * output: what is to be written to a descriptor. It is kept until the descriptor takes it, so
 * nothing waits for a slow reader.
 *
 * One thread.
 */
#ifndef BANYAN_OUTPUT_H
#define BANYAN_OUTPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

struct output {
    int fd;
    bool plain;   /* a regular file: writing does not wait for a reader */
    bool broken;  /* nobody reads it any more; what is put is dropped */
    char *buffer; /* owned */
    size_t start, end, room;
};

struct output output_new(int fd);
void output_free(struct output *output);

/* Adds text, or a line, to which the newline is added. False: out of memory. */
bool output_put(struct output *output, const char *text, size_t len);
bool output_put_line(struct output *output, const char *text, size_t len);

/* Writes as much as the descriptor takes now. */
void output_flush(struct output *output);

/* How many bytes are not written yet. */
static inline size_t output_pending(const struct output *output) {
    return output->end - output->start;
}

/* What to poll for: room in the descriptor, if something waits for it. NULL: nothing. */
struct pollfd output_poll(const struct output *output);

#endif
