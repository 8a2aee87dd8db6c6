/*
 * progress: how far the long execs are whose numbers come from a file or a pipe: one line that is
 * there while one of them has taken more than a second, and is renewed a few times a second.
 *
 * One thread.
 */
#ifndef BANYAN_PROGRESS_H
#define BANYAN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

/* What is being read, all of it together. */
struct transfer {
    unsigned count;    /* how many execs */
    char what[32];     /* the one, if it is one: "exec 10" */
    uint64_t begun_us; /* when the first of them began */
    uint64_t moved;    /* bytes so far */
    int64_t left;      /* bytes to come; -1: not known */
};

struct progress {
    uint64_t begun_us; /* of the measurement; 0: nothing is under way */
    uint64_t shown_us; /* when the line was last renewed */
    uint64_t moved;    /* what was moved by then */
    double rate;       /* bytes per second, of late */
};

/* Microseconds of a clock that does not jump. */
uint64_t progress_now_us(void);

/* How many bytes of a file are still to be read; -1: it is no file. */
int64_t progress_left(int fd);

/* Adds one to the sum. */
void progress_add(struct transfer *sum, const struct transfer *one);

/* The line of a transfer, as snprintf, the most important first. */
int progress_line(const struct transfer *transfer, double rate, char *text, size_t size);

/* Shows what is due. */
void progress_step(struct session *session);

/* Milliseconds until something is due; -1: nothing is. */
int progress_timeout(const struct session *session);

#endif
