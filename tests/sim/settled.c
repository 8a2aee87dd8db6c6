/*
 * settled.c: what must hold once nothing has happened for a while: every available node is
 * connected as in the contraction of the search tree, and every process that lives is a node.
 */
#include <inttypes.h>

#include "sim.h"

/* The nearest available node above, or the controller. */
static const struct node *above(const struct sim *sim, const struct place *place) {
    for (int at = place->parent; at >= 0; at = sim->places[at].parent) {
        if (process_runs(sim->places[at].node))
            return sim->places[at].node;
    }
    return &sim->controller;
}

static bool has_child(const struct node *node, const struct node *child) {
    for (unsigned i = 0; i < node->child_count; i++) {
        const struct link *link = node->children[i].link;
        if (link->to == child)
            return link->lines[SOCKET_REQUESTS].connected && link->lines[SOCKET_SURVEYS].connected;
    }
    return false;
}

/* Every available node hangs where it belongs, and there are no others. */
static void check_children(struct sim *sim, const struct node *node) {
    unsigned wanted = 0;
    for (unsigned i = 0; i < sim->place_count; i++) {
        const struct place *place = &sim->places[i];
        if (place->node == NULL || !process_runs(place->node) || above(sim, place) != node)
            continue;
        wanted++;
        if (!has_child(node, place->node))
            sim_fail(sim, "%" PRId64 "#%" PRIu64 " is not connected to #%" PRIu64, place->id,
                     place->node->serial, node->serial);
    }
    if (node->child_count != wanted)
        sim_fail(sim, "#%" PRIu64 " has %u children and should have %u", node->serial,
                 node->child_count, wanted);
}

static const struct place *place_of(const struct sim *sim, const struct node *node) {
    for (unsigned i = 0; i < sim->place_count; i++) {
        if (sim->places[i].node == node)
            return &sim->places[i];
    }
    return NULL;
}

/* A process that is no node has ended, and the engine has heard of that. */
static void check_process(struct sim *sim, const struct node *node) {
    if (place_of(sim, node) != NULL)
        return;
    if (!node->dead)
        sim_fail(sim, "the process of %" PRId64 "#%" PRIu64 " lives, and is no node", node->id,
                 node->serial);
    else if (sim->peers[node->serial].known)
        sim_fail(sim, "%" PRId64 "#%" PRIu64 " has ended, is no node, and is not forgotten",
                 node->id, node->serial);
}

/* The engine reports the connections as they are. */
static void check_told(struct sim *sim, const struct banyan_node *told) {
    const struct place *place = place_find(sim, told->id);
    const struct node *parent = above(sim, place);
    enum banyan_link wanted = !process_runs(place->node)   ? BANYAN_LINK_NONE
                              : parent == &sim->controller ? BANYAN_LINK_CONTROLLER
                                                           : BANYAN_LINK_NODE;
    if (told->link != wanted || (wanted == BANYAN_LINK_NODE && told->connected_to != parent->id))
        sim_fail(sim, "status tells that %" PRId64 " is connected elsewhere (%d, %" PRId64 ")",
                 told->id, (int)told->link, told->connected_to);
    if ((told->state == BANYAN_AVAILABLE) != process_runs(place->node))
        sim_fail(sim, "status tells a wrong state of %" PRId64, told->id);
}

void settled_check(struct sim *sim, const struct command *status) {
    for (size_t i = 0; i < status->answer.node_count && !sim->failed; i++)
        check_told(sim, &status->nodes[i]);
    check_children(sim, &sim->controller);
    for (unsigned i = 1; i < sim->node_count && !sim->failed; i++) {
        const struct node *node = sim->nodes[i];
        if (node == NULL)
            continue;
        check_process(sim, node);
        if (process_runs(node))
            check_children(sim, node);
    }
    if (engine_wakeup(sim->engine) != UINT64_MAX)
        sim_fail(sim, "the engine still waits for something");
}
