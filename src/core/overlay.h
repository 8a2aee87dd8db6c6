/*
 * overlay: which node is to be connected to which: the search tree with the unavailable nodes
 * contracted away. The parent of an available node is its nearest available ancestor, or the
 * controller if there is none. With all nodes available the overlay is the search tree.
 *
 * The overlay is a function of (search tree, available set), without history, so repair after any
 * mixture of deaths, stops and continuations is the same code. A node keeps its interval of the
 * search tree, so the children of one node never overlap, and routing is the same in a healthy and
 * in a repaired tree.
 *
 * Pure; called by the thread that owns the tree.
 */
#ifndef BANYAN_OVERLAY_H
#define BANYAN_OVERLAY_H

#include "tree.h"

typedef bool overlay_available(const struct tree_node *node);

/* Sets `up` of every node to its nearest available ancestor; NULL: the controller. One walk. */
void overlay_contract(const struct tree *tree, overlay_available *available);

/* Walks the children of an available node in the overlay, in ascending order of id. parent NULL:
 * those of the controller. Start with at = NULL; NULL ends the walk. The whole walk visits the
 * parent's subtree once. */
struct tree_node *overlay_next_child(const struct tree *tree, const struct tree_node *parent,
                                     const struct tree_node *at, overlay_available *available);

#endif
