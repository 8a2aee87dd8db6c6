/*
 * lanes: what is in flight to one node, and what waits to be sent to it.
 *
 * Short execs that wait for the same node travel in one bundle; a slice of a long exec fills a
 * bundle of its own. What is in flight to one node is bounded, separately for long and for short
 * execs, so that neither holds up the other. A slice has no effect on the node, so a bundle whose
 * path broke is sent again: after the repair, or after a pause that grows with each break.
 */
#ifndef BANYAN_LANES_H
#define BANYAN_LANES_H

#include "engine.h"

struct member;

enum { SLICES_AHEAD = 8 }; /* slices of one exec in flight at once */

/* A member's piece. */
struct lane {
    struct exec *execs;   /* unanswered execs on this node; execs.c writes it */
    struct bundle *open;  /* short execs gather here */
    struct bundle *ready; /* bundles to be sent, in order */
    struct bundle *lent;  /* bundles in flight, the oldest first */
    unsigned small_lent, large_lent;
    uint64_t retry_us; /* when to send again after a broken path; 0: no need to wait */
    unsigned breaks;   /* consecutive broken paths */
    bool flushing;     /* in execs.flush */
    struct member *flush_next;
};

/* Queues a bundle that is full, or the last of its exec. */
void lane_add(struct engine *engine, struct member *member, struct bundle *bundle);

/* The next lanes_flush will look at the member. */
void lane_flush_later(struct engine *engine, struct member *member);

/* Paths have been repaired, or the pause is over: retries. */
void lane_wake(struct engine *engine, struct member *member);

/* A bundle has come back. True: the caller handles and frees it. False: it will be sent again. */
bool lane_back(struct engine *engine, struct bundle *bundle, enum outcome outcome);

/* Takes one queued or open bundle out of the lane; NULL: there is none left. */
struct bundle *lane_take(struct member *member);

/* Nothing will be sent any more. Bundles in flight lose their member, so that their results are
 * ignored. Queued bundles must have been taken. */
void lane_close(struct engine *engine, struct member *member);

/* Sends what may be sent. */
void lanes_flush(struct engine *engine);

#endif
