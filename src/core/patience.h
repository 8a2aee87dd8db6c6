/*
 * patience: requests that take too long. A request that stays unanswered decides nothing: it makes
 * the engine hold a survey, and only the survey decides. A node that answers surveys, but for which
 * no other request succeeds, is given up in the end.
 */
#ifndef BANYAN_PATIENCE_H
#define BANYAN_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct member;

/* A member's piece. */
struct waiting {
    uint64_t broken_us; /* since when every path to it has been broken; 0: the last one was not */
    unsigned rounds;    /* surveys that ended while it waited */
};

/* A request for the member has come back. broken: its path broke. A path that stays broken counts
 * like a request that takes too long. */
void waiting_came_back(struct engine *engine, struct member *member, bool broken);

/* The member begins anew: it has a new place, or has joined. */
void waiting_reset(struct member *member);

/* Asks for a survey if a request takes too long. */
void patience_watch(struct engine *engine);

/* A survey has ended: counts it for every member that waits. The clock alone is not enough, because
 * the controller itself may have been late. */
void patience_count(struct engine *engine);

/* A node that has taken too long to start or to join: a lost node on the way to it would have been
 * noticed by now, so it is the new node that does not answer. NULL: none. */
struct member *patience_unborn(struct engine *engine);

/* A node that answers every survey, while every request to it breaks its connection. It is not
 * lost, so without this the engine would retry for ever. NULL: none. */
struct member *patience_unreachable(struct engine *engine);

#endif
