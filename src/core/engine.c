/* engine.c: the engine's life, its members, and time. */
#include "engine_state.h"

#include <stdlib.h>
#include <utlist.h>

struct engine *engine_new(const struct engine_options *options, const struct engine_ports *ports) {
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        return NULL;
    engine->options = *options;
    engine->ports = *ports;
    return engine;
}

/* Execs and structural commands are freed by lists of their own. */
static void command_list_free(struct command *list) {
    struct command *command, *next;
    DL_FOREACH_SAFE(list, command, next) {
        if (command->kind == COMMAND_PINGALL || command->kind == COMMAND_EXPLAIN ||
            command->kind == COMMAND_STATUS)
            free(command);
    }
}

/* Frees the members without recursion, since a tree may be a chain: the right subtree of the top is
 * hung below the last node of the left one, and the top goes. */
static void members_free(struct tree_node *top) {
    while (top != NULL) {
        struct tree_node *end = top->left, *next = end != NULL ? end : top->right;
        while (end != NULL && end->right != NULL)
            end = end->right;
        if (end != NULL)
            end->right = top->right;
        command_list_free(member_of(top)->waiters);
        history_free(&member_of(top)->history);
        free(top);
        top = next;
    }
}

static void answer_nobody(void *arg, void *tag, const struct answer *answer) {
    (void)arg, (void)tag, (void)answer;
}

void engine_free(struct engine *engine) {
    struct command *command, *next;
    if (engine == NULL)
        return;
    engine->ports.answer = answer_nobody;
    execs_free(engine);
    HASH_CLEAR(hh, engine->tree.index);
    HASH_CLEAR(by_serial, engine->by_serial);
    members_free(engine->tree.root);
    DL_FOREACH_SAFE(engine->kills, command, next) { /* the others are structural */
        if (command->answered)
            free(command);
    }
    for (command = engine->structural; command != NULL; command = next) {
        next = command->newer;
        free(command);
    }
    command_list_free(engine->pings);
    command_list_free(engine->statuses);
    rounds_free(engine);
    free(engine);
}

struct member *engine_member(struct engine *engine, uint64_t serial) {
    struct member *member = NULL;
    HASH_FIND(by_serial, engine->by_serial, &serial, sizeof serial, member);
    return member;
}

struct member *engine_find(struct engine *engine, int64_t id) {
    struct tree_node *node = tree_find(&engine->tree, id);
    return node != NULL ? member_of(node) : NULL;
}

size_t engine_ids(const struct engine *engine, int64_t *ids, size_t room) {
    return tree_ids(&engine->tree, ids, room);
}

uint64_t engine_version(struct engine *engine) {
    return ++engine->last_version;
}

bool engine_available(const struct tree_node *node) {
    const struct member *member = (const struct member *)node;
    return member->state == BANYAN_AVAILABLE && member->phase != PHASE_ENDING &&
           member->phase != PHASE_CREATING;
}

struct engine_node engine_node_of(const struct member *member) {
    return (struct engine_node){.serial = member->serial,
                                .id = member->node.id,
                                .low = member->node.low,
                                .high = member->node.high};
}

void engine_event(struct engine *engine, struct member *member, enum health_event event) {
    (void)engine;
    member->state = health_after(member->state, event);
}

void engine_give(struct engine *engine, struct command *command, struct answer *answer) {
    answer->command = command->kind;
    answer->id = command->id;
    engine->ports.answer(engine->ports.arg, command->tag, answer);
}

void engine_phase(struct engine *engine, struct member *member, enum phase phase, uint64_t seq) {
    engine->unsettled += (phase != PHASE_PRESENT);
    engine->unsettled -= (member->phase != PHASE_PRESENT);
    member->phase = phase;
    member->unsettled_by = seq;
}

struct member *engine_member_new(struct engine *engine, struct command *create) {
    struct member *member = calloc(1, sizeof *member);
    if (member == NULL)
        return NULL;
    member->serial = ++engine->last_serial;
    HASH_ADD(by_serial, engine->by_serial, serial, sizeof member->serial, member);
    if (engine_member(engine, member->serial) != member) {
        free(member);
        return NULL;
    }
    if (!tree_insert(&engine->tree, &member->node, create->id)) {
        HASH_DELETE(by_serial, engine->by_serial, member);
        free(member);
        return NULL;
    }
    engine_phase(engine, member, PHASE_CREATING, create->seq);
    member->born = create->seq;
    member->survey_us = -1;
    member->command = create;
    create->member = member;
    return member;
}

/* The member must be cut out of the tree, and nothing may wait at it any more. */
void engine_member_free(struct engine *engine, struct member *member) {
    engine_phase(engine, member, PHASE_PRESENT, 0);
    incident_told(engine, member);
    if (member->probed)
        engine->ports.unprobe(engine->ports.arg, member->serial);
    if (member->arrangement.sent_us != 0)
        engine->arranging--;
    engine->ports.forget(engine->ports.arg, member->serial);
    history_free(&member->history);
    HASH_DELETE(by_serial, engine->by_serial, member);
    free(member);
}

/* ---- time ---- */

static void earlier(uint64_t *wakeup, uint64_t at_us) {
    if (at_us != 0 && at_us < *wakeup)
        *wakeup = at_us;
}

static bool due(uint64_t at_us, uint64_t now_us) {
    return at_us != 0 && at_us <= now_us;
}

uint64_t engine_wakeup(const struct engine *engine) {
    uint64_t wakeup = UINT64_MAX;
    earlier(&wakeup, rounds_wakeup(engine));
    earlier(&wakeup, engine->watch_us);
    earlier(&wakeup, engine->retry_us);
    return wakeup;
}

/* Asks again, where a broken path left something undone, once its time has come. */
static void retry(struct engine *engine) {
    struct tree_node *at = engine->tree.root;
    engine->retry_us = 0;
    if (due(engine->top.retry_us, engine->now_us))
        repair_retry(engine, NULL);
    engine_retry_at(engine, engine->top.retry_us);
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        if (due(member->retry_us, engine->now_us))
            commands_retry(engine, member);
        if (due(member->arrangement.retry_us, engine->now_us))
            repair_retry(engine, member);
        if (due(member->again_us, engine->now_us))
            execs_wake(engine, member);
        engine_retry_at(engine, member->retry_us);
        engine_retry_at(engine, member->arrangement.retry_us);
        engine_retry_at(engine, member->again_us);
    }
}

void engine_retry_at(struct engine *engine, uint64_t at_us) {
    if (at_us != 0 && (engine->retry_us == 0 || at_us < engine->retry_us))
        engine->retry_us = at_us;
}

void engine_watch(struct engine *engine) {
    if (engine->watch_us == 0)
        engine->watch_us = engine->now_us;
}

/* A request for a member has come back. Paths that stay broken are like requests that take long. */
void engine_broken(struct engine *engine, struct member *member, bool broken) {
    if (!broken)
        member->broken_us = 0;
    else if (member->broken_us == 0)
        member->broken_us = engine->now_us;
    if (broken) {
        engine_event(engine, member, EVENT_RESET);
        engine_watch(engine);
    }
}

void engine_time(struct engine *engine, uint64_t now_us) {
    engine->now_us = now_us;
}

void engine_tick(struct engine *engine, uint64_t now_us) {
    engine_time(engine, now_us);
    if (due(engine->retry_us, now_us))
        retry(engine);
    if (due(engine->watch_us, now_us))
        rounds_watch(engine);
    rounds_settle(engine);
}

void engine_flush(struct engine *engine) {
    do { /* a pingall waits for kills, and a kill for pingalls */
        commands_settle(engine);
        rounds_settle(engine);
    } while (engine->unsettle);
    incidents_tell(engine);
    execs_flush(engine);
}
