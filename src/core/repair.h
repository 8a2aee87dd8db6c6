/*
 * repair: keeps the overlay in force. When the set of nodes to be connected has changed, the
 * overlay is computed again and compared with the sets that were sent last. Each node whose
 * children differ is sent its full new set; all sets go in one message that is handed on down the
 * tree. Sets carry growing versions, so that a node ignores old sets in its queue. A set that was
 * not confirmed is sent again.
 *
 * Growth is repair: a new node is to be connected as soon as it listens. But sets that repair are
 * sent at once, while sets that only add new nodes wait until earlier ones of their kind are
 * confirmed. All nodes that have become ready meanwhile then travel together, so a chain of N nodes
 * grows in time proportional to N.
 */
#ifndef BANYAN_REPAIR_H
#define BANYAN_REPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"

struct member;

/* A member's piece: its own set of children, and whose child it is. */
struct arrangement {
    bool placed;        /* the node is to be connected */
    bool linked;        /* the node is in the set of a parent */
    uint64_t linked_to; /* serial of that parent; 0: the controller */
    uint64_t version;   /* of the set that was sent last */
    uint64_t sent_us;   /* when that was; 0: no set is in flight */
    uint64_t retry_us;  /* when to retry; 0: at once */
    bool stale;         /* the set is to be sent */
    bool grows;         /* the set to be sent, or in flight, only adds new nodes */
};

/* The engine's piece. */
struct repairs {
    struct arrangement top; /* of the controller */
    bool check;             /* sets have come back, or may be sent again */
    uint64_t growth_us;     /* until when sets that only add nodes wait; 0: they need not */
};

/* Computes the overlay if it may have changed; the sets that differ are sent in repair_settle. */
void repair_compare(struct engine *engine);

/* Computes the overlay if it may have changed, and sends the sets that differ. */
void repair_settle(struct engine *engine);

/* The member's own set of children will be sent again. */
void arrangement_resend(struct member *member);

/* The member leaves the tree: its parent will be sent a set without it. */
void arrangement_unlink(struct engine *engine, struct member *member);

/* Retries sets whose time has come. */
void repair_due(struct engine *engine);

/* Sets have come back, confirmed or not. */
void repair_arranged(struct engine *engine, const struct engine_arranged *sets, size_t count);

#endif
