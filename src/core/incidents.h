/*
 * incidents: lines for people about what happens to nodes. Each incident is reported once, when it
 * is known what was done about it.
 */
#ifndef BANYAN_INCIDENTS_H
#define BANYAN_INCIDENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal.h"

struct engine;
struct member;

enum { MOVED_MOST = 16 }; /* the most children that an incident names */

/* A member's piece. */
struct incidents {
    struct journal journal;
    bool unreported;           /* its latest incident was not reported */
    int64_t moved[MOVED_MOST]; /* ids of children that moved because of it */
    size_t moved_count;
    uint64_t moved_to;   /* serial of their new parent; 0: the controller */
    int64_t moved_to_id; /* id of their new parent */
    bool move_pending;   /* the sets that move them are not confirmed */
};

/* Something happened to the node. what: for people; copied. */
void incident(struct engine *engine, struct member *member, const char *what);

/* A child moves from one parent to another (serials; 0: the controller), because of what happened
 * to one of the two parents. */
void incident_moved(struct engine *engine, struct member *child, uint64_t from, uint64_t to);

/* All sets are confirmed: moves can be described. */
void incidents_moved(struct engine *engine);

/* Reports incidents whose moves are described, or that have none. */
void incidents_report(struct engine *engine);

#endif
