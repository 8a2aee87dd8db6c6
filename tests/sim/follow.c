/*
 * follow.c: a program that gives commands from within answers: it retries refused commands at once,
 * creates nodes again that were killed, and uses nodes that were created.
 */
#include "sim.h"

static void give(struct sim *sim, enum command_kind kind, int64_t id) {
    if (sim->command_count + MOST_AT_END >= MOST_COMMANDS)
        return;
    struct command *command = command_draw(sim, kind, id);
    command->follows = true;
    sim->totals->follows++;
    command_give(sim, command);
}

static void after_create(struct sim *sim, const struct command *create) {
    if (create->answer.code == BANYAN_EXISTS)
        give(sim, sim_chance(sim, 50) ? COMMAND_KILL : COMMAND_CREATE, create->id);
    else if (create->answer.code != BANYAN_OK)
        give(sim, COMMAND_CREATE, create->id);
    else
        give(sim, sim_chance(sim, 70) ? COMMAND_EXEC : COMMAND_KILL, create->id);
}

static void after_exec(struct sim *sim, const struct command *exec) {
    if (exec->answer.code == BANYAN_NOT_FOUND)
        give(sim, COMMAND_CREATE, exec->id);
    else if (exec->answer.code == BANYAN_UNAVAILABLE)
        give(sim, sim_chance(sim, 80) ? COMMAND_EXEC : COMMAND_KILL, exec->id);
    else
        give(sim, COMMAND_EXEC, command_any_id(sim));
}

void commands_follow(struct sim *sim, const struct command *answered) {
    if (sim->calm)
        return;
    while (sim_chance(sim, sim->profile->follows)) {
        if (sim_chance(sim, 20))
            give(sim, command_any_kind(sim), command_any_id(sim));
        else if (answered->kind == COMMAND_CREATE)
            after_create(sim, answered);
        else if (answered->kind == COMMAND_EXEC)
            after_exec(sim, answered);
        else if (answered->kind == COMMAND_KILL)
            give(sim, COMMAND_CREATE, answered->id);
        else
            give(sim, command_any_kind(sim), command_any_id(sim));
    }
}
