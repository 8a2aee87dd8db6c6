/*
 * model.c: what the answers must have been. The commands are gone through in the order in which
 * they were given, with a search tree of its own. Where chance decides (was the node available just
 * then?), the answer must be one that the history of the processes allows.
 */
#include <inttypes.h>

#include "sim.h"

enum { QUICK_US = 100000 }; /* less than half of any deadline */

/* ---- the history of a process ---- */

/* Whether it may have been judged unavailable by the end of that time: the end that a kill makes of
 * it disturbs no command before the kill. */
static bool was_lost(const struct sim *sim, const struct node *node, uint64_t from_us,
                     uint64_t to_us) {
    uint64_t paused_us = 0,
             enough_us = sim->profile->late_us > 0 ? 1 : sim->options.deadline_us / 3;
    bool meets = false;
    for (unsigned i = 0; i < node->pause_count; i++) {
        const struct pause *pause = &node->pauses[i];
        uint64_t end_us = pause->to_us < to_us ? pause->to_us : to_us;
        if (pause->from_us < to_us)
            paused_us += end_us - pause->from_us;
        /* its resume is noticed a little later */
        meets = meets || (pause->from_us < to_us && end_us + sim->slack_us >= from_us);
    }
    return (node->died_us <= to_us && !node->ended) || (meets && paused_us >= enough_us);
}

/* Whether it could not answer anything during the whole of that time. */
static bool was_down(const struct node *node, uint64_t from_us, uint64_t to_us) {
    if (node->died_us < from_us)
        return true;
    for (unsigned i = 0; i < node->pause_count; i++) {
        const struct pause *pause = &node->pauses[i];
        if (pause->from_us < from_us && (pause->to_us > to_us || pause->to_us == node->died_us))
            return true;
    }
    return false;
}

bool was_up(const struct node *node, uint64_t from_us, uint64_t to_us) {
    if (node->died_us <= to_us)
        return false;
    for (unsigned i = 0; i < node->pause_count; i++) {
        if (node->pauses[i].from_us <= to_us && node->pauses[i].to_us >= from_us)
            return false;
    }
    return true;
}

/* ---- the tree ---- */

struct place *place_find(struct sim *sim, int64_t id) {
    for (unsigned i = 0; i < sim->place_count; i++) {
        if (sim->places[i].node != NULL && sim->places[i].id == id)
            return &sim->places[i];
    }
    return NULL;
}

bool place_covers(const struct place *place, int64_t id) {
    return place->low <= id && id <= place->high;
}

/* The deepest place whose interval holds the id. */
static struct place *place_above(struct sim *sim, int64_t id) {
    struct place *above = NULL;
    for (unsigned i = 0; i < sim->place_count; i++) {
        struct place *place = &sim->places[i];
        if (place->node != NULL && place_covers(place, id) &&
            (above == NULL || place->depth > above->depth))
            above = place;
    }
    return above;
}

static void place_add(struct sim *sim, int64_t id, struct node *node) {
    struct place *above = place_above(sim, id), *place = &sim->places[sim->place_count++];
    *place = (struct place){
        .id = id, .low = INT64_MIN, .high = INT64_MAX, .parent = -1, .node = node};
    if (above == NULL)
        return;
    place->parent = (int)(above - sim->places);
    place->depth = above->depth + 1;
    place->low = id < above->id ? above->low : above->id + 1;
    place->high = id < above->id ? above->id - 1 : above->high;
}

/* ---- the commands ---- */

void wrong(struct sim *sim, const struct command *command, const char *why) {
    char text[200];
    answer_print(&command->answer, text, sizeof text);
    sim_fail(sim, "command %u (given at %.3f ms, answered at %.3f ms) is answered with '%s': %s",
             (unsigned)(command - sim->commands), (double)command->given_us / 1000,
             (double)command->answered_us / 1000, text, why);
}

static bool is(const struct command *command, enum banyan_code code) {
    return command->answer.code == code;
}

/* A create may fail when a process of that id had an accident while it was going on. */
static bool start_was_lost(struct sim *sim, const struct command *create) {
    for (unsigned i = 1; i < sim->node_count; i++) {
        const struct node *node = sim->nodes[i];
        for (; node != NULL && node->id == create->id; node = node->earlier) {
            if (node->started_us >= create->given_us && node->started_us <= create->answered_us &&
                was_lost(sim, node, create->given_us, create->answered_us))
                return true;
        }
    }
    return false;
}

static void check_created(struct sim *sim, const struct command *create,
                          const struct place *above) {
    uint64_t serial = (uint64_t)(create->answer.pid - PID_BASE);
    struct node *node = process_find(sim, serial);
    if (node == NULL || serial == 0 || node->id != create->id || !node->joined)
        wrong(sim, create, "there is no such process");
    else if (node->started_us < create->given_us)
        wrong(sim, create, "the process is that of another create");
    else if (node->starter != (above != NULL ? above->node : &sim->controller))
        wrong(sim, create, "the process was started by somebody else");
    else
        place_add(sim, create->id, node);
}

static void check_create(struct sim *sim, const struct command *create) {
    struct place *above = place_above(sim, create->id);
    struct place *parent = create->has_parent ? place_find(sim, create->parent) : NULL;
    if (place_find(sim, create->id) != NULL) {
        if (!is(create, BANYAN_EXISTS))
            wrong(sim, create, "the node exists");
    } else if (create->has_parent && parent == NULL) {
        if (!is(create, BANYAN_NO_SUCH_PARENT))
            wrong(sim, create, "the parent does not exist");
    } else if (parent != NULL && !place_covers(parent, create->id)) {
        if (!is(create, BANYAN_WRONG_PARENT) || create->answer.place != above->id)
            wrong(sim, create, "the place is elsewhere");
    } else if (is(create, BANYAN_OK)) {
        check_created(sim, create, above);
    } else if (is(create, BANYAN_PARENT_UNAVAILABLE)) {
        if (above == NULL || !was_lost(sim, above->node, create->given_us, create->answered_us))
            wrong(sim, create, "the parent was available");
    } else if (!is(create, BANYAN_SYSTEM) || !start_was_lost(sim, create)) {
        wrong(sim, create, "nothing happened to the new node");
    }
}

static void check_result(struct sim *sim, const struct command *exec) {
    const struct answer *answer = &exec->answer;
    bool told_fail = exec->fails && answer->code == BANYAN_SYSTEM;
    if (answer->code != exec->code && !told_fail)
        wrong(sim, exec, "its numbers are worth another answer");
    else if (answer->code == BANYAN_OK && (exec->fails || answer->sum != exec->sum))
        wrong(sim, exec, "the sum is wrong");
    else if (answer->code == BANYAN_WRONG_COUNT &&
             (answer->expected != exec->n || answer->got != exec->count || exec->fails))
        wrong(sim, exec, "the count is wrong");
    else if ((answer->code == BANYAN_NOT_INTEGER || answer->code == BANYAN_OUT_OF_RANGE) &&
             answer->position != exec->count + 1)
        wrong(sim, exec, "the position is wrong");
}

static void check_exec(struct sim *sim, const struct command *exec) {
    const struct place *place = place_find(sim, exec->id);
    if (place == NULL || is(exec, BANYAN_NOT_FOUND)) {
        if (place != NULL || !is(exec, BANYAN_NOT_FOUND))
            wrong(sim, exec, place != NULL ? "the node exists" : "there is no such node");
    } else if (is(exec, BANYAN_UNAVAILABLE)) {
        sim->totals->unavailable++;
        if (!was_lost(sim, place->node, exec->given_us, exec->answered_us))
            wrong(sim, exec, "the node was available");
    } else if (exec->given_us > sim->slack_us &&
               place->node->died_us < exec->given_us - sim->slack_us) {
        wrong(sim, exec, "the node was dead");
    } else {
        check_result(sim, exec);
    }
}

static void check_kill(struct sim *sim, const struct command *kill) {
    struct place *top = place_find(sim, kill->id);
    if (top == NULL || !is(kill, BANYAN_OK)) {
        if (top != NULL || !is(kill, BANYAN_NOT_FOUND))
            wrong(sim, kill, top != NULL ? "the node exists" : "there is no such node");
        return;
    }
    for (unsigned i = 0; i < sim->place_count; i++) {
        struct place *place = &sim->places[i];
        if (place->node == NULL || place == top || !place_covers(top, place->id))
            continue;
        if (place->node->died_us > kill->answered_us)
            wrong(sim, kill, "a process beneath it lives");
        place->node = NULL;
    }
    if (top->node->died_us > kill->answered_us)
        wrong(sim, kill, "its process lives");
    top->node = NULL;
}

static bool lists(const struct command *ping, int64_t id) {
    for (size_t i = 0; i < ping->answer.id_count; i++) {
        if (ping->ids[i] == id)
            return true;
    }
    return false;
}

static void check_ping(struct sim *sim, const struct command *ping) {
    for (size_t i = 0; i < ping->answer.id_count; i++) {
        if (i > 0 && ping->ids[i] <= ping->ids[i - 1])
            wrong(sim, ping, "the ids do not ascend");
        if (place_find(sim, ping->ids[i]) == NULL)
            wrong(sim, ping, "it lists a node that does not exist");
    }
    for (unsigned i = 0; i < sim->place_count; i++) {
        const struct place *place = &sim->places[i];
        if (place->node == NULL)
            continue;
        bool listed = lists(ping, place->id);
        if (listed && was_up(place->node, ping->given_us, ping->answered_us))
            wrong(sim, ping, "it lists a node that was available all the time");
        if (!listed && was_down(place->node, ping->given_us, ping->answered_us))
            wrong(sim, ping, "it leaves out a node that was unavailable all the time");
    }
    if (!is(ping, BANYAN_OK))
        wrong(sim, ping, "nothing can be wrong with it");
}

/* Deaths are noticed at once: nobody waits for a deadline because of one. */
static void check_time(struct sim *sim, const struct command *command) {
    bool deaths_only = sim->profile->stops == 0 && sim->profile->late_us == 0;
    if (deaths_only && command->answered_us - command->given_us > QUICK_US)
        wrong(sim, command, "that took too long");
}

void model_check(struct sim *sim) {
    sim->place_count = 0;
    for (unsigned i = 0; i < sim->command_count && !sim->failed; i++) {
        const struct command *command = &sim->commands[i];
        if (command->answers != 1) {
            sim_fail(sim, "command %u has no answer", i);
            return;
        }
        check_time(sim, command);
        if (command->kind == COMMAND_CREATE)
            check_create(sim, command);
        else if (command->kind == COMMAND_EXEC)
            check_exec(sim, command);
        else if (command->kind == COMMAND_KILL)
            check_kill(sim, command);
        else if (command->kind == COMMAND_STATUS)
            check_status(sim, command);
        else
            check_ping(sim, command);
    }
}
