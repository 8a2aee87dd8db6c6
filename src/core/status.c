/*
 * status.c: what the engine tells of its nodes: a record of each, parents before children.
 *
 * The records are those of the nodes that the commands before the status left: what was created
 * after it is not among them, and a kill after it waits. A status of one node alone waits as an
 * explain does, where something is unsettled on the way to it; one of many nodes waits for every
 * create, kill and pingall before it, so that it shows what a pingall has found. It holds no survey
 * of its own.
 *
 * How it can fail: no such node; no memory for the records (BANYAN_SYSTEM).
 */
#include "engine_state.h"

#include <stdlib.h>
#include <utlist.h>

/* Whether the node existed when the status was entered, as far as it can know. */
static bool is_there(const struct member *member, const struct command *status) {
    return member->born < status->seq &&
           (member->phase == PHASE_PRESENT || member->unsettled_by > status->seq);
}

static enum banyan_link link_of(struct engine *engine, const struct member *member, int64_t *to) {
    const struct member *parent;
    if (!member->linked)
        return BANYAN_LINK_NONE;
    if (member->linked_to == 0)
        return BANYAN_LINK_CONTROLLER;
    if ((parent = engine_member(engine, member->linked_to)) == NULL)
        return BANYAN_LINK_NONE;
    *to = parent->node.id;
    return BANYAN_LINK_NODE;
}

/* Connected, but not to its parent. */
static bool is_adopted(const struct banyan_node *record) {
    bool root = record->parent == BANYAN_NO_PARENT;
    if (record->link == BANYAN_LINK_NODE)
        return root || record->connected_to != record->parent;
    return record->link == BANYAN_LINK_CONTROLLER && !root;
}

static struct banyan_node record_of(struct engine *engine, const struct member *member) {
    struct banyan_node record = {
        .id = member->node.id,
        .pid = member->pid,
        .state = member->state,
        .parent = member->node.parent != NULL ? member->node.parent->id : -1,
        .depth = member->node.depth,
        .execs = member->sums,
        .numbers = member->numbers,
        .survey_us = member->survey_us,
        .started_us = member->joined_us + engine->options.wall_us,
    };
    record.link = link_of(engine, member, &record.connected_to);
    record.adopted = is_adopted(&record);
    return record;
}

/* The walk goes as far as the scope: one node, what is beneath it, or everything. */
static struct tree_node *next_in(const struct command *status, const struct tree_node *top,
                                 struct tree_node *at) {
    return status->scope == ENGINE_NODE ? NULL : tree_next(top, at);
}

/* Answers with the records from top on; NULL: there is no node at all. */
static void tell(struct engine *engine, struct command *status, struct tree_node *top) {
    size_t room = 0, count = 0;
    for (struct tree_node *at = top; at != NULL; at = next_in(status, top, at))
        room++;
    struct banyan_node *nodes = malloc((room + 1) * sizeof *nodes);
    if (nodes == NULL) {
        engine_give(engine, status,
                    &(struct answer){.code = BANYAN_SYSTEM, .text = "out of memory"});
        return;
    }
    for (struct tree_node *at = top; at != NULL; at = next_in(status, top, at)) {
        if (is_there(member_of(at), status))
            nodes[count++] = record_of(engine, member_of(at));
    }
    engine_give(engine, status, &(struct answer){.nodes = nodes, .node_count = count});
    free(nodes);
}

/* Nothing that came before the status is unsettled where it looks. */
static void answer(struct engine *engine, struct command *status) {
    struct member *member = engine_find(engine, status->id);
    if (status->scope == ENGINE_ALL)
        tell(engine, status, engine->tree.root);
    else if (member == NULL || !is_there(member, status) ||
             command_cut_off(engine, status->id, status->seq))
        engine_give(engine, status, &(struct answer){.code = BANYAN_NOT_FOUND});
    else
        tell(engine, status, &member->node);
    free(status);
}

void status_go(struct engine *engine, struct command *status) {
    if (command_wait(engine, status, status->id) == NULL)
        answer(engine, status);
}

static bool may_go(const struct engine *engine, const struct command *status) {
    const struct command *structural = engine->structural, *ping = engine->pings;
    return (structural == NULL || structural->seq > status->seq) &&
           (ping == NULL || ping->seq > status->seq) && !rounds_older(engine, status->seq);
}

/* Answers those whose turn has come. Each is out of the list before it is answered, because whoever
 * hears the answer may give the next command. */
void statuses_settle(struct engine *engine) {
    struct command *status;
    while ((status = engine->statuses) != NULL && may_go(engine, status)) {
        DL_DELETE(engine->statuses, status);
        answer(engine, status);
    }
}

void engine_status(struct engine *engine, void *tag, enum engine_scope scope, int64_t id) {
    struct command *status = command_new(engine, COMMAND_STATUS, tag, id);
    if (status == NULL)
        return;
    status->scope = scope;
    if (scope == ENGINE_NODE) {
        status_go(engine, status);
    } else {
        DL_APPEND(engine->statuses, status);
        statuses_settle(engine);
    }
}
