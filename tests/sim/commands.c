/*
 * commands.c: the commands of a schedule: drawn in batches, given at their time, and the numbers of
 * long execs written piece by piece.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"

/* ---- giving ---- */

struct command *command_add(struct sim *sim, enum command_kind kind, int64_t id) {
    struct command *command = &sim->commands[sim->command_count];
    if (sim->command_count + 1 < MOST_COMMANDS)
        sim->command_count++;
    else
        sim_fail(sim, "commands without end");
    *command = (struct command){.kind = kind, .id = id};
    return command;
}

static void give_exec(struct sim *sim, struct command *command) {
    sim->executing = true;
    if (command->streamed)
        command->exec = engine_exec_begin(sim->engine, command, command->id, command->n,
                                          command->file);
    else
        engine_exec(sim->engine, command, command->id, command->n, command->text, command->len);
    sim->executing = false;
}

static void give(struct sim *sim, struct command *command) {
    switch (command->kind) {
    case COMMAND_CREATE:
        engine_create(sim->engine, command, command->id, command->has_parent, command->parent);
        break;
    case COMMAND_EXEC:
        give_exec(sim, command);
        break;
    case COMMAND_PINGALL:
        engine_pingall(sim->engine, command);
        break;
    case COMMAND_STATUS:
        engine_status(sim->engine, command, command->scope, command->id);
        break;
    default:
        engine_kill(sim->engine, command, command->id);
    }
}

static void trace(struct sim *sim, const struct command *command) {
    static const char *const names[] = {"create", "exec", "pingall", "kill", "explain", "status"};
    char parent[40] = "";
    if (command->has_parent)
        snprintf(parent, sizeof parent, " below %" PRId64, command->parent);
    sim_trace(sim, "command %u: %s %" PRId64 "%s%s", (unsigned)(command - sim->commands),
              names[command->kind], command->id, parent,
              command->follows ? ", within an answer" : "");
}

void command_give(struct sim *sim, struct command *command) {
    command->given = true;
    command->given_us = sim->now_us;
    sim->given[sim->given_count++] = command;
    trace(sim, command);
    if (!command->follows)
        engine_time(sim->engine, sim->now_us);
    give(sim, command);
    if (!command->follows)
        shell_wake(sim, sim_random(sim, 3));
    else if (command
                 ->streamed) /* the engine goes on with it by itself, but its numbers are to come */
        shell_wake(sim, sim_between(sim, 1, 500));
}

/* ---- feeding ---- */

/* What is left of the text goes first from the shared part, then from its own. */
static size_t copy_text(struct command *command, char *at, size_t room) {
    const char *from = command->text;
    size_t done = command->fed, len = command->len;
    if (done < command->shared_len) {
        from = command->shared;
        len = command->shared_len;
    } else {
        done -= command->shared_len;
    }
    size_t piece = len - done < room ? len - done : room;
    if (piece > 0)
        memcpy(at, from + done, piece);
    command->fed += piece;
    return piece;
}

static void finish(struct command *command) {
    if (command->fails)
        engine_exec_fail(command->exec, "the input broke off");
    else
        engine_exec_end(command->exec);
    command->exec = NULL;
}

/* One piece. False: there is no room for it now. */
static bool feed(struct sim *sim, struct command *command) {
    char *at;
    size_t room, length = command->shared_len + command->len;
    enum exec_room state = engine_exec_room(command->exec, &at, &room);
    if (state == EXEC_WAIT)
        return false;
    if (state == EXEC_SKIP || command->fed == length) {
        finish(command);
        return true;
    }
    if (room < 64)
        sim_fail(sim, "an exec is offered room for %zu bytes", room);
    if (sim_chance(sim, 30))
        room = sim_between(sim, 1, room);
    engine_exec_filled(command->exec, copy_text(command, at, room));
    return true;
}

bool commands_feed(struct sim *sim) {
    bool more = false;
    sim->executing = true;
    for (unsigned i = 0; i < sim->command_count; i++) {
        struct command *command = &sim->commands[i];
        if (command->exec != NULL && (sim_chance(sim, 30) || feed(sim, command)))
            more = more || command->exec != NULL;
    }
    sim->executing = false;
    return more;
}

void commands_close(struct sim *sim) {
    sim->executing = true;
    for (unsigned i = 0; i < sim->command_count; i++) {
        struct command *command = &sim->commands[i];
        if (command->exec != NULL)
            engine_exec_fail(command->exec, "the controller is ending");
        command->exec = NULL;
    }
    sim->executing = false;
}

/* ---- drawing ---- */

int64_t command_any_id(struct sim *sim) {
    return sim->ids[sim_random(sim, sim->profile->ids)];
}

enum command_kind command_any_kind(struct sim *sim) {
    const struct profile *profile = sim->profile;
    unsigned at = (unsigned)sim_random(sim, profile->create + profile->exec + profile->ping +
                                                profile->kill);
    if (sim_chance(sim, 10))
        return COMMAND_STATUS;
    if (at < profile->create)
        return COMMAND_CREATE;
    at -= profile->create;
    if (at < profile->exec)
        return COMMAND_EXEC;
    return at - profile->exec < profile->ping ? COMMAND_PINGALL : COMMAND_KILL;
}

struct command *command_draw(struct sim *sim, enum command_kind kind, int64_t id) {
    struct command *command = command_add(sim, kind, id);
    if (kind == COMMAND_CREATE && sim_chance(sim, 15)) {
        command->has_parent = true;
        command->parent = command_any_id(sim);
    } else if (kind == COMMAND_EXEC) {
        command->streamed = sim_chance(sim, sim->profile->streams ? 50 : 15);
        numbers_make(sim, command);
    } else if (kind == COMMAND_STATUS) {
        command->scope = (enum engine_scope)sim_random(sim, ENGINE_ALL + 1);
    }
    return command;
}

struct batch {
    unsigned from, upto;
    bool continued; /* paused nodes were continued just before the batch */
};

/* A microsecond before, so that they run from the commands on. */
static bool continue_before(struct sim *sim, struct batch *batch) {
    bool continued = false;
    for (unsigned i = batch->from; i < batch->upto && !batch->continued; i++)
        continued = fault_before(sim, sim->commands[i].id) || continued;
    batch->continued = true;
    return continued;
}

static void give_batch(struct sim *sim, void *arg) {
    struct batch *batch = arg;
    if (sim->now_us < sim->asleep_us || engine_is_busy(sim->engine)) {
        sim_in(sim, 1000, NULL, give_batch, batch);
        return;
    }
    if (continue_before(sim, batch)) {
        sim_in(sim, 1, NULL, give_batch, batch);
        return;
    }
    for (unsigned i = batch->from; i < batch->upto; i++)
        command_give(sim, &sim->commands[i]);
}

/* Batches must be given in their order, even when one of them has to wait. */
static void give_in_turn(struct sim *sim, void *arg) {
    struct batch *batch = arg;
    if (batch->from > 0 && !sim->commands[batch->from - 1].given)
        sim_in(sim, 1000, NULL, give_in_turn, batch);
    else
        give_batch(sim, batch);
}

static void plan_batch(struct sim *sim, unsigned from, uint64_t at_us) {
    struct batch *batch = sim_alloc(sim, sizeof *batch);
    *batch = (struct batch){.from = from, .upto = sim->command_count};
    sim_at(sim, at_us, NULL, give_in_turn, batch);
}

static void draw_ids(struct sim *sim) {
    for (unsigned i = 0; i < sim->profile->ids; i++)
        sim->ids[i] = sim->profile->ascending ? (int64_t)i * 10 : (int64_t)(i * 7 % 31) - 5;
    if (!sim->profile->ascending && sim_chance(sim, 5)) {
        sim->ids[0] = INT64_MAX;
        sim->ids[1] = INT64_MIN;
    }
    for (unsigned i = 0; i < sim->profile->ids; i++) {
        if (sim->ids[i] == -1)
            sim->ids[i] = 100;
    }
}

/* A tree grows by a row of creates, too. */
static void draw_batch(struct sim *sim) {
    if (sim->profile->ascending && sim_chance(sim, 30)) {
        unsigned from = (unsigned)sim_random(sim, sim->profile->ids);
        for (unsigned i = from; i < sim->profile->ids; i++)
            command_draw(sim, COMMAND_CREATE, sim->ids[i]);
        return;
    }
    for (uint64_t left = sim_between(sim, 1, 8); left > 0; left--)
        command_draw(sim, command_any_kind(sim), command_any_id(sim));
}

void commands_plan(struct sim *sim) {
    const struct profile *profile = sim->profile;
    unsigned nodes = (unsigned)sim_between(sim, 1, profile->ids);
    unsigned count = (unsigned)sim_between(sim, 1, profile->commands);
    uint64_t at_us = 0;
    draw_ids(sim);
    for (unsigned i = 0; i < nodes; i++)
        command_draw(sim, COMMAND_CREATE, profile->ascending ? sim->ids[i] : command_any_id(sim));
    plan_batch(sim, 0, 0);
    while (sim->command_count < nodes + count) {
        unsigned from = sim->command_count;
        at_us += sim_random(sim, sim->horizon_us / (sim_chance(sim, 50) ? 40 : 4));
        if (at_us > sim->horizon_us)
            at_us = sim->horizon_us;
        draw_batch(sim);
        plan_batch(sim, from, at_us);
    }
}
