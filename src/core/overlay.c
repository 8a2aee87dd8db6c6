#include "overlay.h"

void overlay_contract(const struct tree *tree, overlay_available *available) {
    struct tree_node *at = tree->root;
    for (; at != NULL; at = tree_next(tree->root, at)) {
        struct tree_node *above = at->parent;
        at->up = above == NULL || available(above) ? above : above->up;
    }
}

/* The node after `at` in the walk of top's subtree that skips what is below `at`. */
static struct tree_node *next_beside(const struct tree_node *top, const struct tree_node *at) {
    while (at != top) {
        struct tree_node *above = at->parent;
        if (at == above->left && above->right != NULL)
            return above->right;
        at = above;
    }
    return NULL;
}

/* A node below an unavailable one may be a child of the node above. So the walk goes into
 * unavailable nodes, and never below an available one. It meets the children from left to right,
 * which is the order of their ids. */
struct tree_node *overlay_next_child(const struct tree *tree, const struct tree_node *parent,
                                     const struct tree_node *at, overlay_available *available) {
    const struct tree_node *top = parent != NULL ? parent : tree->root;
    struct tree_node *next;
    if (top == NULL)
        return NULL;
    if (at != NULL)
        next = next_beside(top, at);
    else
        next = parent != NULL ? tree_next(top, (struct tree_node *)top) : tree->root;
    while (next != NULL && !available(next))
        next = tree_next(top, next);
    return next;
}
