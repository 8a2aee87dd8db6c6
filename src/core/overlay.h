/*
 * overlay: who is to be connected to whom: the search tree with the unavailable nodes contracted
 * away. Every available node hangs below its nearest available ancestor; where there is none, it
 * hangs below the controller. With all nodes available the overlay is the search tree.
 *
 * It is a function of (search tree, available set) and has no history, so that repair after any
 * mixture of deaths, stops and resumes is the same code. A node's interval stays that of the search
 * tree, so the children of one node never overlap and routing is one comparison, healthy or not.
 *
 * Pure; called by the thread that owns the tree.
 */
#ifndef BANYAN_OVERLAY_H
#define BANYAN_OVERLAY_H

#include "tree.h"

typedef bool overlay_available(const struct tree_node *node);

/* Sets `up` of every node to its nearest available ancestor, NULL for the controller. One walk. */
void overlay_contract(const struct tree *tree, overlay_available *available);

/* The children of an available node in the overlay (of the controller: parent NULL), after
 * overlay_contract, in ascending order of id, through one walk of the parent's subtree: start with
 * at = NULL; NULL ends the walk. */
struct tree_node *overlay_next_child(const struct tree *tree, const struct tree_node *parent,
                                     const struct tree_node *at, overlay_available *available);

#endif
