/*
 * children: the connections to the children of this process in the overlay, and routing to them by
 * id. Every node has such a table, and so has the controller, which is the parent of the root.
 *
 * A child has a serial, and the interval of ids that belong to its subtree. The intervals of
 * different children do not overlap, so routing is a binary search in a sorted row.
 *
 * children_free and children_set may block, so neither may run on a thread of nng. All other
 * functions may run on any thread.
 */
#ifndef BANYAN_CHILDREN_H
#define BANYAN_CHILDREN_H

#include "link.h"
#include "surveyor.h"
#include "wire/arrange.h"

struct children;

/* NULL: out of memory. */
struct children *children_new(void);

/* Fails requests in flight, disconnects all children, and frees the table. Waits for both. */
void children_free(struct children *children);

/* Makes exactly these nodes the children: dials new ones, keeps those that are children already,
 * and disconnects all others, so that requests to them fail. 0, or the first error of nng: then the
 * children are those that could be dialed. */
int children_set(struct children *children, const struct wire_child *nodes, size_t count);

/* The child that leads to an id. False: none does. */
bool children_find(struct children *children, int64_t id, struct wire_node *node);

/* Sends a request, which is taken, to the child that leads to an id. If no child does, done is
 * called at once with NNG_ENOENT. done may be called with a lock held, so it must not call this
 * module. */
void children_request(struct children *children, int64_t id, nng_msg *request, link_done *done,
                      void *arg);

/* The surveyor of these children; borrowed. */
struct surveyor *children_surveyor(struct children *children);

#endif
