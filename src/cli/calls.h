/*
 * calls: what is kept of each command until it is answered. The tag that a command is given to the
 * tree with is a call.
 *
 * One thread.
 */
#ifndef BANYAN_CALLS_H
#define BANYAN_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "language/grammar.h"

struct call {
    uint64_t ticket;         /* of the order, from 1 */
    uint64_t line;           /* where it stands in the input, from 1 */
    const struct form *form; /* NULL: no known command */
    bool named;              /* it names one node */
    uint64_t begun_us;       /* when it was entered; 0: nobody will ask */
};

/* A pool: it grows to the most calls that were pending at once. */
struct calls {
    union slot *free; /* the one used last comes first */
    struct block *blocks;
};

/* A call that is not filled in; NULL: out of memory. */
struct call *calls_new(struct calls *calls);

/* Gives a call back to the pool, and returns what it said. */
struct call calls_take(struct calls *calls, struct call *call);

void calls_free(struct calls *calls);

#endif
