/*
 * progress: how much of their numbers the long execs have read: the status line, while one of them
 * has been reading for more than a second. It is renewed a few times a second.
 *
 * One thread.
 */
#ifndef BANYAN_PROGRESS_H
#define BANYAN_PROGRESS_H

#include "screen.h"
#include "transfer.h"

struct progress {
    uint64_t begun_us; /* when the transfer began; 0: there is none */
    uint64_t shown_us; /* when the line was last renewed */
    uint64_t moved;    /* what was moved by then */
    double rate;       /* bytes per second, weighted towards the present */
};

/* Shows what is due of this transfer. */
void progress_step(struct progress *progress, struct screen *screen,
                   const struct transfer *transfer);

/* Milliseconds until something is due; -1: nothing is. */
int progress_timeout(const struct progress *progress);

#endif
