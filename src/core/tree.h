/*
 * tree: the binary search tree of ids, the truth about which nodes exist and where each belongs.
 *
 * The tree is intrusive: the caller embeds a struct tree_node in what it stores and owns that
 * memory; the tree owns only an index by id. It is never balanced, because its shape is what the
 * commands made it: ascending creates give a chain. A node's place, and with it the interval of ids
 * that belong below it, never changes while it is in the tree.
 *
 * Pure: no input, output, clock or thread. Not thread safe; one thread owns a tree.
 */
#ifndef BANYAN_TREE_H
#define BANYAN_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define HASH_NONFATAL_OOM 1 /* a failed allocation is an error to report, no reason to exit */
#include <uthash.h>

struct tree_node {
    int64_t id;
    int64_t low, high; /* the closed interval of ids that belong to this subtree, id included */
    struct tree_node *parent, *left, *right; /* borrowed; NULL where there is none */
    size_t depth;                            /* edges from the root; never changes */
    struct tree_node *up;                    /* overlay's: the nearest available ancestor */
    UT_hash_handle hh;                       /* the index by id */
};

struct tree {
    struct tree_node *root;  /* NULL: empty */
    struct tree_node *index; /* uthash over id */
    size_t count;
};

/* Where the search for an id ends. */
struct tree_place {
    struct tree_node *parent; /* NULL: the id would be the root */
    int64_t low, high;        /* the interval that a node at this place would have */
};

/* The node with that id, or NULL. Constant time. */
struct tree_node *tree_find(const struct tree *tree, int64_t id);

/* The place of an id that is not in the tree. Time: the depth of the place. */
struct tree_place tree_place(const struct tree *tree, int64_t id);

/* Puts a node at its place. The id must not be in the tree. False: out of memory, nothing done. */
bool tree_insert(struct tree *tree, struct tree_node *node, int64_t id);

/* Cuts a node and everything below it out of the tree and out of the index. The nodes stay linked
 * with each other, so that the caller can walk and free them. */
void tree_cut(struct tree *tree, struct tree_node *node);

/* Whether id belongs to the subtree of node (whether or not such a node exists). */
bool tree_covers(const struct tree_node *node, int64_t id);

/* Writes the ids in ascending order, up to room of them. Returns how many there are. */
size_t tree_ids(const struct tree *tree, int64_t *ids, size_t room);

/* Walks the subtree of top, parents before children: start with at = top; NULL ends the walk. */
struct tree_node *tree_next(const struct tree_node *top, struct tree_node *at);

#endif
