/*
 * children: who hangs below this process in the overlay, and the way to any id among them. The
 * nodes have one, and the controller, which is the parent of the root.
 *
 * A child is known by its serial and the interval of ids that lie beneath it; intervals of
 * different children never overlap, so that routing is one search in a sorted row.
 *
 * children_free waits, and what changes the children may take a moment: they must not run on a
 * thread of nng. The others may run on any thread.
 */
#ifndef BANYAN_CHILDREN_H
#define BANYAN_CHILDREN_H

#include "link.h"
#include "surveyor.h"
#include "wire/wire.h"

struct children;

struct child {
    struct wire_node node;
    char address[WIRE_ADDRESS_MAX];
};

/* NULL: out of memory. */
struct children *children_new(void);

/* Fails what is under way, hangs up on everybody. */
void children_free(struct children *children);

/* Makes exactly these nodes the children: hangs up on others (requests to them fail), keeps those
 * that are children already, dials new ones. 0, or the first error of nng: then the children that
 * could be had are there. */
int children_set(struct children *children, const struct child *nodes, size_t count);

/* One child more; nothing if it is one already. 0, or an error of nng. */
int children_add(struct children *children, const struct child *node);

/* One child less; nothing if it is none. */
void children_remove(struct children *children, uint64_t serial);

/* Sends a request on towards the node with that id. done is called at once with NNG_ENOENT when no
 * child leads there. The request is taken. */
void children_request(struct children *children, int64_t id, nng_msg *request, link_done *done,
                      void *arg);

/* The surveyor of these children. */
struct surveyor *children_surveyor(struct children *children);

#endif
