/*
 * commands.c: in which order commands take effect; create, pingall and explain.
 *
 * A member that is being created or ended is unsettled: what a later command finds there is not
 * known yet. A later command whose search meets such a member waits there; when the member is
 * settled its waiters go on, in order, with the search from the root. They keep their own place in
 * the order of entry, so that they are not held up by what came after them.
 */
#include "engine_state.h"

#include <stdlib.h>
#include <utlist.h>

static void create_go(struct engine *engine, struct command *create);

/* ---- commands in general ---- */

struct command *command_new(struct engine *engine, enum command_kind kind, void *tag, int64_t id) {
    struct command *command = calloc(1, sizeof *command);
    if (command == NULL) {
        struct command refused = {.kind = kind, .tag = tag, .id = id};
        engine_give(engine, &refused,
                    &(struct answer){.code = BANYAN_SYSTEM, .text = "out of memory"});
        return NULL;
    }
    command->kind = kind;
    command->tag = tag;
    command->seq = ++engine->last_seq;
    command->id = id;
    return command;
}

/* Answers a create or kill, once. Its memory stays. */
static void structural_answer(struct engine *engine, struct command *command,
                              struct answer *answer) {
    if (command->answered)
        return;
    command->answered = true;
    DL_DELETE2(engine->structural, command, older, newer);
    engine_give(engine, command, answer);
    engine->unsettle = true;
}

void command_finish(struct engine *engine, struct command *command, enum banyan_code code,
                    const char *text) {
    structural_answer(engine, command, &(struct answer){.code = code, .text = text});
    free(command);
}

/* The first member on the way to id that a command with this seq cannot look past. */
static struct member *unsettled_on_way(struct engine *engine, int64_t id, uint64_t seq) {
    struct tree_node *at = engine->unsettled != 0 ? engine->tree.root : NULL;
    while (at != NULL) {
        struct member *member = member_of(at);
        if (member->phase != PHASE_PRESENT && member->unsettled_by < seq)
            return member;
        if (id == at->id)
            return NULL;
        at = id < at->id ? at->left : at->right;
    }
    return NULL;
}

static void wait_at(struct member *member, struct command *command) {
    DL_APPEND(member->waiters, command);
}

/* Whether an older command that is not settled yet takes the id away from one with this seq. Where
 * that is not sure, command_wait has had it wait. */
bool command_cut_off(struct engine *engine, int64_t id, uint64_t seq) {
    return unsettled_on_way(engine, id, seq) != NULL;
}

/* For a command on an existing node: has it wait if it must, and returns where. A subtree that is
 * being ended has no nodes any more, unless a create among the waiters brings one back. */
struct member *command_wait(struct engine *engine, struct command *command, int64_t id) {
    struct member *way = unsettled_on_way(engine, id, command->seq);
    if (way == NULL || (way->phase != PHASE_CREATING && way->waiters == NULL))
        return NULL;
    wait_at(way, command);
    return way;
}

/* The member is settled, or about to be freed: those who waited there go on. */
void command_waiters_go(struct engine *engine, struct command *waiters) {
    struct command *command, *next;
    DL_FOREACH_SAFE(waiters, command, next) {
        DL_DELETE(waiters, command);
        if (command->kind == COMMAND_CREATE)
            create_go(engine, command);
        else if (command->kind == COMMAND_KILL)
            kill_go(engine, command);
        else if (command->kind == COMMAND_EXPLAIN)
            explain_go(engine, command);
        else if (command->kind == COMMAND_STATUS)
            status_go(engine, command);
        else
            exec_locate(engine, (struct exec *)command);
    }
}

struct command *command_waiters_take(struct member *member) {
    struct command *waiters = member->waiters;
    member->waiters = NULL;
    return waiters;
}

/* ---- create ---- */

void engine_create(struct engine *engine, void *tag, int64_t id, bool has_parent, int64_t parent) {
    struct command *create = command_new(engine, COMMAND_CREATE, tag, id);
    if (create == NULL)
        return;
    create->has_parent = has_parent;
    create->parent = parent;
    DL_APPEND2(engine->structural, create, older, newer);
    create_go(engine, create);
}

static void create_retry_later(struct engine *engine, struct member *member) {
    member->asked_us = 0;
    engine_broken(engine, member, true);
    member->retry_us = engine->now_us + RETRY_US;
    engine_retry_at(engine, member->retry_us);
}

static void spawn(struct engine *engine, struct member *member) {
    member->asked_us = engine->now_us;
    engine_watch(engine);
    struct engine_spawn spawn = {.node = engine_node_of(member),
                                 .parent = member->starter,
                                 .parent_id = member->starter_id,
                                 .version = engine_version(engine)};
    if (!engine->ports.spawn(engine->ports.arg, &spawn))
        create_retry_later(engine, member);
}

/* So many processes that start at once would each take as long as all of them, on a busy machine so
 * long that they would be taken for dead: beyond a number the next one waits for an earlier one. */
static void start_begin(struct engine *engine, struct member *member) {
    if (engine->starts == STARTS_MOST) {
        member->start = START_WAITS;
        DL_APPEND2(engine->starts_waiting, member, start_prev, start_next);
        return;
    }
    member->start = START_BEGUN;
    engine->starts++;
    spawn(engine, member);
}

static void start_end(struct engine *engine, struct member *member) {
    if (member->start == START_WAITS)
        DL_DELETE2(engine->starts_waiting, member, start_prev, start_next);
    else if (member->start == START_BEGUN)
        engine->starts--;
    member->start = START_NONE;
}

void starts_settle(struct engine *engine) {
    while (engine->starts_waiting != NULL && engine->starts < STARTS_MOST) {
        struct member *member = engine->starts_waiting;
        DL_DELETE2(engine->starts_waiting, member, start_prev, start_next);
        start_begin(engine, member);
    }
}

/* A create whose PARENT is not above its place fails, with one error or the other, once it is known
 * whether PARENT exists. Whatever comes after this command need not wait for that. */
static void refuse_parent(struct engine *engine, struct command *create) {
    struct member *way = unsettled_on_way(engine, create->parent, create->seq);
    if (way != NULL) {
        wait_at(way, create);
        return;
    }
    const struct member *parent = engine_find(engine, create->parent);
    bool exists = parent != NULL && parent->born < create->seq;
    structural_answer(engine, create,
                      &(struct answer){.code = exists ? BANYAN_WRONG_PARENT : BANYAN_NO_SUCH_PARENT,
                                       .parent = create->parent,
                                       .place = create->place});
    free(create);
}

/* Whether PARENT is given and not above the place. The way to the place is settled. */
static bool parent_is_wrong(struct engine *engine, struct command *create,
                            const struct tree_place *place) {
    const struct member *parent = engine_find(engine, create->parent);
    if (!create->has_parent || (parent != NULL && tree_covers(&parent->node, create->id)))
        return false;
    create->place = place->parent != NULL ? place->parent->id : 0;
    create->refused = true;
    return true;
}

static void create_go(struct engine *engine, struct command *create) {
    struct member *way = create->refused ? NULL : unsettled_on_way(engine, create->id, create->seq);
    if (way != NULL) {
        wait_at(way, create);
        return;
    }
    if (create->refused) {
        refuse_parent(engine, create);
        return;
    }
    if (engine_find(engine, create->id) != NULL) {
        command_finish(engine, create, BANYAN_EXISTS, NULL);
        return;
    }
    struct tree_place place = tree_place(&engine->tree, create->id);
    if (parent_is_wrong(engine, create, &place)) {
        refuse_parent(engine, create);
        return;
    }
    if (place.parent != NULL && !engine_available(place.parent)) {
        command_finish(engine, create, BANYAN_PARENT_UNAVAILABLE, NULL);
        return;
    }
    struct member *member = engine_member_new(engine, create);
    if (member == NULL) {
        command_finish(engine, create, BANYAN_SYSTEM, "out of memory");
        return;
    }
    if (place.parent != NULL) {
        member->starter = member_of(place.parent)->serial;
        member->starter_id = place.parent->id;
    }
    start_begin(engine, member);
}

static void member_remove(struct engine *engine, struct member *member) {
    struct command *waiters = command_waiters_take(member);
    tree_cut(&engine->tree, &member->node);
    engine_member_free(engine, member);
    command_waiters_go(engine, waiters);
}

/* A create that failed: where a process may be left of it, the member stays until that has ended,
 * so that the id is not taken again before. */
static void create_fail(struct engine *engine, struct member *member, enum banyan_code code,
                        const char *text) {
    struct command *create = member->command;
    member->asked_us = member->retry_us = member->broken_us = 0;
    start_end(engine, member);
    structural_answer(engine, create, &(struct answer){.code = code, .text = text});
    if (member->pid == 0) {
        uint64_t starter = member->starter;
        free(create);
        member_remove(engine, member);
        repair_unjoined(engine, starter);
        return;
    }
    engine_phase(engine, member, PHASE_ENDING, member->born);
    DL_APPEND(engine->kills, create);
    repair_unjoined(engine, member->starter);
    if (member->state != BANYAN_ENDED)
        engine->ports.end(engine->ports.arg, member->serial);
}

void commands_retry(struct engine *engine, struct member *member) {
    member->retry_us = 0;
    if (member->phase != PHASE_CREATING) {
        engine->unsettle = true; /* an exit status that could not be collected */
    } else if (member->pid == 0) {
        spawn(engine, member);
    }
}

void engine_spawned(struct engine *engine, uint64_t serial, enum hop hop, int64_t pid,
                    const char *text) {
    struct member *member = engine_member(engine, serial);
    if (member == NULL || member->phase != PHASE_CREATING || member->pid != 0)
        return;
    if (hop == HOP_REFUSED) {
        create_fail(engine, member, BANYAN_SYSTEM, text);
    } else if (hop == HOP_BROKEN) {
        create_retry_later(engine, member);
    } else {
        member->pid = pid;
        member->asked_us = engine->now_us; /* to join; it need not be told */
        engine_broken(engine, member, false);
        engine_watch(engine);
    }
}

/* What comes of the spawn does not matter any more. */
void engine_joined(struct engine *engine, uint64_t serial, int64_t pid) {
    struct member *member = engine_member(engine, serial);
    if (member == NULL || member->phase != PHASE_CREATING)
        return;
    struct command *create = member->command;
    member->command = NULL;
    member->pid = pid;
    member->asked_us = member->retry_us = 0;
    engine_broken(engine, member, false);
    start_end(engine, member);
    engine_event(engine, member, EVENT_HEARD);
    member->joined_round = engine->survey.last;
    member->joined_us = engine->now_us;
    history_add(&member->history, engine->now_us, "started");
    engine_phase(engine, member, PHASE_PRESENT, 0);
    repair_linked(engine, member, engine_member(engine, member->starter));
    structural_answer(engine, create, &(struct answer){.code = BANYAN_OK, .pid = member->pid});
    free(create);
    command_waiters_go(engine, command_waiters_take(member));
}

/* A node whose starter is lost before it has joined is lost with it. */
void commands_lost(struct engine *engine, struct member *lost) {
    struct member *children[] = {NULL, NULL};
    if (lost->node.left != NULL)
        children[0] = member_of(lost->node.left);
    if (lost->node.right != NULL)
        children[1] = member_of(lost->node.right);
    for (int i = 0; i < 2; i++) {
        if (children[i] != NULL && children[i]->phase == PHASE_CREATING)
            create_fail(engine, children[i], BANYAN_PARENT_UNAVAILABLE, NULL);
    }
}

/* Everybody on the way to it has answered surveys meanwhile: it is the new node that does not. */
void commands_stuck(struct engine *engine, struct member *member) {
    create_fail(engine, member, BANYAN_SYSTEM, "the node does not answer");
}

void engine_exited(struct engine *engine, uint64_t serial) {
    struct member *member = engine_member(engine, serial);
    if (member == NULL || member->state == BANYAN_ENDED)
        return;
    engine_event(engine, member, EVENT_EXITED);
    incident(engine, member, "ended");
    engine->unsettle = true;
    rounds_exited(engine, member);
    if (member->phase == PHASE_CREATING) {
        create_fail(engine, member, BANYAN_SYSTEM, "the node ended while it was starting");
        return;
    }
    execs_fail(engine, member, BANYAN_UNAVAILABLE, NULL);
    commands_lost(engine, member);
    if (member->phase != PHASE_ENDING) {
        engine->fault_us = engine->now_us;
        repair(engine);
    }
}

/* ---- pingall, explain ---- */

void engine_explain(struct engine *engine, void *tag, int64_t id) {
    struct command *explain = command_new(engine, COMMAND_EXPLAIN, tag, id);
    if (explain != NULL)
        explain_go(engine, explain);
}

void engine_pingall(struct engine *engine, void *tag) {
    struct command *ping = command_new(engine, COMMAND_PINGALL, tag, 0);
    if (ping != NULL)
        DL_APPEND(engine->pings, ping);
}
