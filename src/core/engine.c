/* engine.c: the entry for commands and events, and engine_settle, which acts on them in one
 * order. */
#include "engine.h"

#include <stdlib.h>
#include <utlist.h>

#include "execs.h"
#include "facts.h"
#include "kills.h"
#include "patience.h"
#include "state.h"
#include "streams.h"
#include "timers.h"

/* ---- life ---- */

struct engine *engine_new(const struct engine_options *options, const struct engine_ports *ports) {
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        return NULL;
    engine->options = *options;
    engine->ports = *ports;
    return engine;
}

/* Commands of other kinds than exec. */
static void free_turns(struct turn *list) {
    struct turn *turn, *next;
    DL_FOREACH_SAFE(list, turn, next) {
        if (turn->kind != COMMAND_CREATE && turn->kind != COMMAND_KILL)
            command_free((struct command *)turn);
    }
}

static void free_structural(struct engine *engine) {
    struct command *command, *next;
    struct turn *turn, *next_turn;
    DL_FOREACH_SAFE(engine->answers, turn, next_turn) {
        if (turn->kind == COMMAND_CREATE || turn->kind == COMMAND_KILL)
            command_free((struct command *)turn);
    }
    DL_FOREACH_SAFE2(engine->structural, command, next, newer) {
        command_free(command);
    }
}

void engine_free(struct engine *engine) {
    if (engine == NULL)
        return;
    execs_free(engine);
    members_each(engine, member) {
        free_turns(member->waiters);
    }
    free_turns(engine->released);
    free_turns(engine->answers);
    free_turns(engine->pings);
    free_turns(engine->statuses);
    for (unsigned i = 0; i < engine->surveys.count; i++)
        free_turns(engine->surveys.rounds[i].pings);
    free_structural(engine);
    members_free(engine);
    free(engine);
}

/* ---- commands ---- */

void engine_create(struct engine *engine, void *tag, int64_t id, bool has_parent, int64_t parent) {
    struct command *create = command_new_structural(engine, COMMAND_CREATE, tag, id);
    if (create == NULL)
        return;
    create->has_parent = has_parent;
    create->parent = parent;
    engine->named_count += has_parent;
    turn_release(engine, &create->turn);
}

void engine_kill(struct engine *engine, void *tag, int64_t id) {
    struct command *kill = command_new_structural(engine, COMMAND_KILL, tag, id);
    if (kill != NULL)
        turn_release(engine, &kill->turn);
}

void engine_pingall(struct engine *engine, void *tag) {
    struct command *ping = command_new(engine, COMMAND_PINGALL, tag, 0);
    if (ping != NULL)
        DL_APPEND(engine->pings, &ping->turn);
}

void engine_explain(struct engine *engine, void *tag, int64_t id) {
    struct command *explain = command_new(engine, COMMAND_EXPLAIN, tag, id);
    if (explain != NULL)
        turn_release(engine, &explain->turn);
}

void engine_status(struct engine *engine, void *tag, enum engine_scope scope, int64_t id) {
    struct command *status = command_new(engine, COMMAND_STATUS, tag, id);
    if (status == NULL)
        return;
    status->scope = scope;
    if (scope == ENGINE_NODE)
        turn_release(engine, &status->turn);
    else
        DL_APPEND(engine->statuses, &status->turn);
}

size_t engine_ids(const struct engine *engine, int64_t *ids, size_t room) {
    return tree_ids(&engine->tree, ids, room);
}

void engine_exec(struct engine *engine, void *tag, int64_t id, uint64_t n, const char *text,
                 size_t len) {
    exec_give(engine, tag, id, n, text, len);
}

struct exec *engine_exec_begin(struct engine *engine, void *tag, int64_t id, uint64_t n,
                               bool file) {
    return stream_begin(engine, tag, id, n, file);
}

enum exec_room engine_exec_room(struct exec *exec, char **at, size_t *room) {
    return stream_room(exec, at, room);
}

void engine_exec_filled(struct exec *exec, size_t len) {
    stream_filled(exec, len);
}

void engine_exec_end(struct exec *exec) {
    stream_end(exec);
}

void engine_exec_fail(struct exec *exec, const char *text) {
    stream_fail(exec, text);
}

bool engine_is_busy(const struct engine *engine) {
    return execs_are_busy(engine);
}

/* ---- events ---- */

void engine_ready(struct engine *engine, uint64_t serial, int64_t pid) {
    struct member *member = member_by_serial(engine, serial);
    if (member != NULL)
        creation_ready(engine, member, pid);
}

/* The process of a node that is being created or ended is gone. */
static void process_gone(struct engine *engine, struct member *member, const char *text) {
    member->state = health_after(member->state, EVENT_EXITED);
    engine->dirty = true;
    creation_failed(engine, member, BANYAN_SYSTEM, text);
}

void engine_start_failed(struct engine *engine, uint64_t serial, const char *text) {
    struct member *member = member_by_serial(engine, serial);
    if (member != NULL)
        process_gone(engine, member, text);
}

void engine_joined(struct engine *engine, uint64_t serial) {
    struct member *member = member_by_serial(engine, serial);
    if (member != NULL)
        creation_joined(engine, member);
}

void engine_stopped(struct engine *engine, uint64_t serial, const char *how) {
    struct member *member = member_by_serial(engine, serial);
    if (member != NULL)
        stop_noticed(engine, member, how);
}

void engine_continued(struct engine *engine, uint64_t serial) {
    struct member *member = member_by_serial(engine, serial);
    if (member != NULL)
        stop_continued(engine, member);
}

void engine_ended(struct engine *engine, uint64_t serial, const char *how) {
    struct member *member = member_by_serial(engine, serial);
    if (member == NULL || member->state == BANYAN_ENDED)
        return;
    if (member->phase == PHASE_CREATING || member->phase == PHASE_ENDING)
        process_gone(engine, member, "the node ended while it was starting");
    else
        fact_lost(engine, member, EVENT_EXITED, how != NULL ? how : "ended");
}

void engine_summed(struct engine *engine, struct bundle *bundle, enum outcome outcome,
                   const struct slice_result *results, const char *text) {
    execs_back(engine, bundle, outcome, results, text);
}

void engine_arranged(struct engine *engine, const struct engine_arranged *sets, size_t count) {
    repair_arranged(engine, sets, count);
}

void engine_heard(struct engine *engine, uint64_t round, const uint64_t *serials, size_t count) {
    rounds_heard(engine, round, serials, count);
}

void engine_surveyed(struct engine *engine, uint64_t round) {
    rounds_surveyed(engine, round);
}

void engine_probed(struct engine *engine, uint64_t serial) {
    struct member *member = member_by_serial(engine, serial);
    if (member != NULL)
        rounds_probed(engine, member);
}

/* ---- time ---- */

void engine_time(struct engine *engine, uint64_t now_us) {
    engine->now_us = now_us;
}

uint64_t engine_wakeup(const struct engine *engine) {
    uint64_t wakeup_us = timer_earlier(engine->watch_us, engine->retry_us);
    if (engine->answers != NULL)
        return engine->now_us;
    wakeup_us = timer_earlier(wakeup_us, rounds_wakeup(engine));
    return wakeup_us != 0 ? wakeup_us : UINT64_MAX;
}

/* Retries what a broken path or a refusal left undone, once its time has come. */
static void retry(struct engine *engine) {
    engine->retry_us = 0;
    creates_due(engine);
    repair_due(engine);
    members_each(engine, member) {
        stop_due(engine, member);
        if (timer_due(engine, member->lane.retry_us))
            lane_wake(engine, member);
        timer_set(engine, member->lane.retry_us);
        if (member->stop.awaited)
            timer_set(engine, member->stop.until_us);
    }
}

void engine_tick(struct engine *engine, uint64_t now_us) {
    engine_time(engine, now_us);
    if (timer_due(engine, engine->retry_us))
        retry(engine);
    patience_watch(engine);
    if (timer_due(engine, rounds_wakeup(engine)))
        engine->dirty = true;
}

/* ---- settling ---- */

/* Fails what depended on lost nodes. */
static void lost_settle(struct engine *engine) {
    if (!engine->lost)
        return;
    engine->lost = false;
    members_each(engine, member) {
        if (!member->lost)
            continue;
        member->lost = false;
        execs_fail(engine, member, BANYAN_UNAVAILABLE, NULL);
        creations_lost(engine, member);
        if (member->state == BANYAN_ENDED || member->stop.stopped)
            question_drop(engine, member);
        if (member->state == BANYAN_ENDED)
            stop_settle(engine, member);
    }
}

/* Runs the commands that may take effect, new or released: the only dispatcher. */
static void released_settle(struct engine *engine) {
    struct turn *turn;
    while ((turn = turn_take(engine)) != NULL) {
        switch (turn->kind) {
        case COMMAND_CREATE:
            create_go(engine, (struct command *)turn);
            break;
        case COMMAND_KILL:
            kill_go(engine, (struct command *)turn);
            break;
        case COMMAND_EXPLAIN:
            explain_go(engine, (struct command *)turn);
            break;
        case COMMAND_STATUS:
            status_go(engine, (struct command *)turn);
            break;
        default:
            exec_go(engine, (struct exec *)turn);
        }
    }
}

/* Gives up on nodes that answer surveys, but for which no other request succeeds. */
static void patience_settle(struct engine *engine) {
    struct member *member;
    if (!engine->round_ended)
        return;
    engine->round_ended = false;
    patience_count(engine);
    while ((member = patience_unborn(engine)) != NULL)
        creation_failed(engine, member, BANYAN_SYSTEM, "the node does not answer");
    while ((member = patience_unreachable(engine)) != NULL)
        execs_fail(engine, member, BANYAN_SYSTEM,
                   "every request to the node breaks its connection");
}

static void parts_settle(struct engine *engine) {
    while (engine->dirty) {
        engine->dirty = false;
        stops_settle(engine);
        rounds_listen(engine);
        lost_settle(engine);
        released_settle(engine);
        creates_settle(engine);
        repair_settle(engine);
        reports_settle(engine);
        kills_settle(engine);
        rounds_settle(engine);
        patience_settle(engine);
    }
    incidents_report(engine);
    lanes_flush(engine);
}

/* Reports one answer, and frees the command. */
static void report_answer(struct engine *engine, struct turn *turn) {
    struct command *command = (struct command *)turn;
    struct answer answer = {.text = turn->text != NULL ? turn->text : "out of memory"};
    if (turn->kind == COMMAND_EXEC)
        exec_answer_of((const struct exec *)turn, &answer);
    else
        answer = (struct answer){.text = answer.text,
                                 .pid = command->pid,
                                 .ids = command->ids,
                                 .id_count = command->id_count,
                                 .parent = command->parent,
                                 .place = command->place,
                                 .nodes = command->nodes,
                                 .node_count = command->node_count};
    answer.command = turn->kind;
    answer.code = turn->code;
    answer.id = turn->id;
    engine->ports.answer(engine->ports.arg, turn->tag, &answer);
    if (turn->kind == COMMAND_EXEC)
        exec_reported((struct exec *)turn);
    else
        command_free(command);
}

/* Answers are reported last, so that callbacks meet a settled engine. Commands given from within an
 * answer are settled before the next answer. Their own answers wait for the next call: a program
 * that tries again at once must not keep the engine from the events. */
void engine_settle(struct engine *engine) {
    struct turn *turn;
    uint64_t last = engine->last_seq;
    if (engine->settling)
        return;
    engine->settling = true;
    for (;;) {
        parts_settle(engine);
        if ((turn = engine->answers) == NULL || turn->seq > last)
            break;
        DL_DELETE(engine->answers, turn);
        report_answer(engine, turn);
    }
    engine->settling = false;
}
