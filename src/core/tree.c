#include "tree.h"

struct tree_node *tree_find(const struct tree *tree, int64_t id) {
    struct tree_node *found = NULL;
    HASH_FIND(hh, tree->index, &id, sizeof id, found);
    return found;
}

struct tree_place tree_place(const struct tree *tree, int64_t id) {
    struct tree_place place = {.parent = NULL, .low = INT64_MIN, .high = INT64_MAX};
    for (struct tree_node *at = tree->root; at != NULL;) {
        place.parent = at;
        if (id < at->id) {
            place.high = at->id - 1;
            at = at->left;
        } else {
            place.low = at->id + 1;
            at = at->right;
        }
    }
    return place;
}

/* uthash reports a failed allocation by leaving the element out of the table. */
static bool index_add(struct tree *tree, struct tree_node *node) {
    HASH_ADD(hh, tree->index, id, sizeof node->id, node);
    return tree_find(tree, node->id) == node;
}

bool tree_insert(struct tree *tree, struct tree_node *node, int64_t id) {
    struct tree_place place = tree_place(tree, id);
    *node = (struct tree_node){
        .id = id,
        .low = place.low,
        .high = place.high,
        .parent = place.parent,
        .depth = place.parent != NULL ? place.parent->depth + 1 : 0,
    };
    if (!index_add(tree, node))
        return false;
    if (place.parent == NULL)
        tree->root = node;
    else if (id < place.parent->id)
        place.parent->left = node;
    else
        place.parent->right = node;
    tree->count++;
    return true;
}

void tree_cut(struct tree *tree, struct tree_node *node) {
    for (struct tree_node *at = node; at != NULL; at = tree_next(node, at)) {
        HASH_DEL(tree->index, at);
        tree->count--;
    }
    if (node->parent == NULL)
        tree->root = NULL;
    else if (node->parent->left == node)
        node->parent->left = NULL;
    else
        node->parent->right = NULL;
    node->parent = NULL;
}

bool tree_covers(const struct tree_node *node, int64_t id) {
    return node->low <= id && id <= node->high;
}

struct tree_node *tree_next(const struct tree_node *top, struct tree_node *at) {
    if (at->left != NULL)
        return at->left;
    if (at->right != NULL)
        return at->right;
    while (at != top) {
        struct tree_node *up = at->parent;
        if (at == up->left && up->right != NULL)
            return up->right;
        at = up;
    }
    return NULL;
}

static const struct tree_node *leftmost(const struct tree_node *at) {
    while (at != NULL && at->left != NULL)
        at = at->left;
    return at;
}

size_t tree_ids(const struct tree *tree, int64_t *ids, size_t room) {
    const struct tree_node *at = leftmost(tree->root);
    for (size_t i = 0; i < room && at != NULL; i++) {
        ids[i] = at->id;
        if (at->right != NULL) {
            at = leftmost(at->right);
            continue;
        }
        while (at->parent != NULL && at == at->parent->right)
            at = at->parent;
        at = at->parent;
    }
    return tree->count;
}
