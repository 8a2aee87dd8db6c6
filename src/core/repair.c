/*
 * repair.c: keeps the overlay in force. Whenever the set of available nodes changes, the
 * contraction is computed again, compared with what every node was told, and each node whose
 * children differ is sent its full new set. Sets carry growing versions, so that a node which finds
 * old sets in its queue ignores them; a set that did not arrive is sent again.
 */
#include "engine_state.h"

#include <stdlib.h>

static struct arrangement *arrangement_of(struct engine *engine, uint64_t serial) {
    struct member *member;
    if (serial == 0)
        return &engine->top;
    member = engine_member(engine, serial);
    return member != NULL ? &member->arrangement : NULL;
}

static void mark_stale(struct engine *engine, uint64_t serial) {
    struct arrangement *at = arrangement_of(engine, serial);
    if (at != NULL)
        at->stale = true;
}

/* Compares one node's place in the overlay with what was told. */
static void compare(struct engine *engine, struct member *member) {
    bool wanted = engine_available(&member->node);
    uint64_t parent = member->node.up != NULL ? member_of(member->node.up)->serial : 0;
    if (member->linked && (!wanted || member->linked_to != parent)) {
        if (wanted)
            incident_moved(engine, member, member->linked_to, parent);
        mark_stale(engine, member->linked_to);
        member->linked = false;
    }
    if (wanted && !member->linked) {
        mark_stale(engine, parent);
        member->linked = true;
        member->linked_to = parent;
    }
}

/* The children that the parent is starting: they are not in the overlay yet. */
static size_t starting_children(struct engine *engine, const struct member *parent,
                                uint64_t serials[2]) {
    struct tree_node *candidates[2] = {
        parent != NULL ? parent->node.left : engine->tree.root,
        parent != NULL ? parent->node.right : NULL,
    };
    size_t count = 0;
    for (int i = 0; i < 2; i++) {
        if (candidates[i] != NULL && member_of(candidates[i])->phase == PHASE_CREATING)
            serials[count++] = member_of(candidates[i])->serial;
    }
    return count;
}

/* The parent's children in the overlay. NULL with a count: out of memory. */
static struct engine_node *collect(struct engine *engine, const struct member *parent,
                                   size_t *count) {
    const struct tree_node *top = parent != NULL ? &parent->node : NULL;
    struct engine_node *nodes;
    struct tree_node *child = NULL;
    size_t n = 0;
    while ((child = overlay_next_child(&engine->tree, top, child, engine_available)) != NULL)
        n++;
    *count = n;
    if (n == 0 || (nodes = malloc(n * sizeof *nodes)) == NULL)
        return NULL;
    n = 0;
    while ((child = overlay_next_child(&engine->tree, top, child, engine_available)) != NULL)
        nodes[n++] = engine_node_of(member_of(child));
    return nodes;
}

static void arrange_later(struct engine *engine, struct arrangement *at) {
    at->stale = true;
    at->retry_us = engine->now_us + RETRY_US;
    engine_retry_at(engine, at->retry_us);
}

static void arrange(struct engine *engine, struct member *parent) {
    struct arrangement *at = parent != NULL ? &parent->arrangement : &engine->top;
    uint64_t starting[2];
    struct engine_children children = {.starting = starting};
    struct engine_node *nodes = collect(engine, parent, &children.count);
    if (nodes == NULL && children.count > 0) {
        arrange_later(engine, at);
        return;
    }
    at->stale = false;
    at->retry_us = 0;
    at->set = children.version = engine_version(engine);
    if (parent != NULL) {
        children.parent = parent->serial;
        children.parent_id = parent->node.id;
        engine->arranging += at->sent_us == 0;
        at->sent_us = engine->now_us;
        engine_watch(engine);
    }
    children.nodes = nodes;
    children.starting_count = starting_children(engine, parent, starting);
    if (!engine->ports.arrange(engine->ports.arg, &children)) {
        engine->arranging -= at->sent_us != 0;
        at->sent_us = 0;
        arrange_later(engine, at);
    }
    free(nodes);
}

/* Every path that can be repaired for now is repaired. */
static void wake_all(struct engine *engine) {
    struct tree_node *at = engine->tree.root;
    incidents_settled(engine);
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        if (member->again_us != 0)
            execs_wake(engine, member);
        if (member->phase == PHASE_CREATING && member->retry_us != 0)
            commands_retry(engine, member);
    }
}

void repair(struct engine *engine) {
    struct tree_node *at, *root = engine->tree.root;
    overlay_contract(&engine->tree, engine_available);
    for (at = root; at != NULL; at = tree_next(root, at))
        compare(engine, member_of(at));
    if (engine->top.stale)
        arrange(engine, NULL);
    for (at = root; at != NULL; at = tree_next(root, at)) {
        if (member_of(at)->arrangement.stale && engine_available(at))
            arrange(engine, member_of(at));
    }
    if (engine->arranging == 0)
        wake_all(engine);
}

/* A new node has joined: its parent in the overlay is the one that started it, unless that one was
 * lost meanwhile. */
void repair_linked(struct engine *engine, struct member *child, struct member *parent) {
    child->linked = true;
    child->linked_to = child->starter;
    if (child->starter != 0 && (parent == NULL || !engine_available(&parent->node)))
        repair(engine);
}

/* A node has failed to join: who started it may be connected to it, or wait for it still. */
void repair_unjoined(struct engine *engine, uint64_t starter) {
    mark_stale(engine, starter);
    repair(engine);
}

void repair_retry(struct engine *engine, struct member *parent) {
    struct arrangement *at = parent != NULL ? &parent->arrangement : &engine->top;
    at->retry_us = 0;
    if (at->stale && (parent == NULL || engine_available(&parent->node)))
        arrange(engine, parent);
}

void engine_arranged(struct engine *engine, uint64_t parent, uint64_t version, enum hop hop) {
    struct member *member = engine_member(engine, parent);
    if (member == NULL || member->arrangement.sent_us == 0 || member->arrangement.set != version)
        return;
    member->arrangement.sent_us = 0;
    engine->arranging--;
    engine_broken(engine, member, hop != HOP_OK);
    if (hop != HOP_OK)
        arrange_later(engine, &member->arrangement);
    else if (engine->arranging == 0)
        wake_all(engine);
}
