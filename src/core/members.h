/* members: the engine's records of nodes, in the search tree or adrift. */
#ifndef BANYAN_MEMBERS_H
#define BANYAN_MEMBERS_H

#include "engine.h"
#include "tree.h"

struct member;

/* Where a node is in its life, as commands see it. */
enum phase {
    PHASE_PRESENT,
    PHASE_CREATING, /* its create is not answered */
    PHASE_LEAVING,  /* a kill waits for the commands before it */
    PHASE_ENDING,   /* its process is being ended */
};

/* Walks all members in the tree, parents before children. No member may be removed meanwhile. */
#define members_each(engine, member)                                                               \
    for (struct member *member = member_first(engine); (member) != NULL;                           \
         (member) = member_next(engine, member))
struct member *member_first(const struct engine *engine);
struct member *member_next(const struct engine *engine, struct member *member);

/* The member of a node of the tree. */
static inline struct member *member_of(struct tree_node *node) {
    return (struct member *)node;
}

/* By id: only in the tree. By serial: also adrift. NULL: there is none. */
struct member *member_find(const struct engine *engine, int64_t id);
struct member *member_by_serial(const struct engine *engine, uint64_t serial);

/* A new member with a new serial, adrift. NULL: out of memory. */
struct member *member_new(struct engine *engine);

/* Puts the member into the tree at the place of an id that is not there. False: out of memory. */
bool member_place(struct engine *engine, struct member *member, int64_t id);

/* Cuts the member and all below it out of the tree; nothing if it is adrift. */
void member_unplace(struct engine *engine, struct member *member);

/* Frees a member that is not in the tree. */
void member_free(struct engine *engine, struct member *member);

/* Frees all members. */
void members_free(struct engine *engine);

/* Whether commands can reach the node. */
bool member_available(const struct member *member);

/* Whether the node's process may be alive. */
bool member_lives(const struct member *member);

void member_set_phase(struct engine *engine, struct member *member, enum phase phase, uint64_t seq);

struct engine_node member_node(const struct member *member);

#endif
