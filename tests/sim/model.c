/*
 * model.c: what the answers must have been. The commands are gone through in the order in which
 * they were given, with a search tree of its own. Where chance decides (was the node available just
 * then?), the answer must be one that the history of the processes allows.
 */
#include <inttypes.h>

#include "sim.h"

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

const struct place *place_above(const struct sim *sim, int64_t id) {
    const struct place *above = NULL;
    for (unsigned i = 0; i < sim->place_count; i++) {
        const struct place *place = &sim->places[i];
        if (place->node != NULL && place_covers(place, id) &&
            (above == NULL || place->depth > above->depth))
            above = place;
    }
    return above;
}

static void place_add(struct sim *sim, const struct command *create, struct node *node) {
    int64_t id = create->id;
    const struct place *above = place_above(sim, id);
    struct place *place = &sim->places[sim->place_count++];
    *place = (struct place){.id = id,
                            .low = INT64_MIN,
                            .high = INT64_MAX,
                            .parent = -1,
                            .node = node,
                            .created_us = create->answered_us};
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

/* A create may fail if something happened to a process of that id while it was in progress. */
static bool start_was_lost(const struct sim *sim, const struct command *create) {
    for (unsigned i = 1; i < sim->node_count; i++) {
        const struct node *node = sim->nodes[i];
        if (node != NULL && node->id == create->id && node->started_us >= create->given_us &&
            node->started_us <= create->answered_us &&
            ((node->died_us <= create->answered_us && !node->ended) ||
             was_halted_long(sim, node, create->answered_us)))
            return true;
    }
    return false;
}

/* Whether a create before this one failed meanwhile, so that this one may have got a new place. */
static bool was_moved(const struct sim *sim, const struct command *create) {
    for (unsigned i = 0; sim->given[i] != create; i++) {
        const struct command *other = sim->given[i];
        bool failed = is(other, BANYAN_SYSTEM) || is(other, BANYAN_PARENT_UNAVAILABLE);
        if (other->kind == COMMAND_CREATE && failed && other->answered_us >= create->given_us &&
            other->answered_us <= create->answered_us)
            return true;
    }
    return false;
}

static uint64_t later(uint64_t a_us, uint64_t b_us) {
    return a_us > b_us ? a_us : b_us;
}

/* It has joined, and so have all above it. */
static bool has_joined(const struct sim *sim, const struct command *create, const struct node *node,
                       const struct place *above) {
    bool joined = node->joined_us <= create->answered_us;
    while (joined && above != NULL) {
        joined = above->node->joined_us <= create->answered_us;
        above = above->parent >= 0 ? &sim->places[above->parent] : NULL;
    }
    return joined;
}

static void check_created(struct sim *sim, const struct command *create,
                          const struct place *above) {
    uint64_t serial = (uint64_t)(create->answer.pid - PID_BASE);
    struct node *node = process_find(sim, serial);
    if (node == NULL || serial == 0 || node->id != create->id)
        wrong(sim, create, "there is no such process");
    else if (node->started_us < create->given_us)
        wrong(sim, create, "the process is that of another create");
    else if (!has_joined(sim, create, node, above))
        wrong(sim, create, "it, or a node above it, had not joined");
    else if (above != NULL && !was_moved(sim, create) &&
             was_known_lost(sim, above->node, later(node->started_us, above->created_us),
                            node->joined_us))
        wrong(sim, create, "its parent was lost before it joined");
    else
        place_add(sim, create, node);
}

/* The node above was stopped, and the engine knew that, when the create was given and after it. */
static bool above_was_stopped(const struct sim *sim, const struct command *create,
                              const struct place *above) {
    return above != NULL && above->created_us <= create->given_us &&
           create->given_us > sim->notice_us &&
           was_stopped(above->node, create->given_us - sim->notice_us, create->answered_us) != NULL;
}

static void check_create(struct sim *sim, const struct command *create) {
    const struct place *above = place_above(sim, create->id);
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
    } else if (is(create, BANYAN_PARENT_UNAVAILABLE)) {
        if (above == NULL || !was_lost(sim, above->node, create->given_us, create->answered_us))
            wrong(sim, create, "the parent was available");
    } else if (above_was_stopped(sim, create, above)) {
        wrong(sim, create, "the parent was stopped");
    } else if (is(create, BANYAN_OK)) {
        check_created(sim, create, above);
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
    } else if (exec->given_us > sim->notice_us &&
               was_stopped(place->node, exec->given_us - sim->notice_us, exec->answered_us)) {
        wrong(sim, exec, "the node was stopped");
    } else if (is(exec, BANYAN_OK) && was_down(place->node, exec->given_us, exec->answered_us)) {
        wrong(sim, exec, "the node did nothing all the time");
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
        if (place->node->over_us > kill->answered_us)
            wrong(sim, kill, "a process below it lives, or its end was not heard of");
        place->node = NULL;
    }
    if (top->node->over_us > kill->answered_us)
        wrong(sim, kill, "its process lives, or its end was not heard of");
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

/* Whether commands that concern its nodes wait for it. */
static bool is_structural(const struct command *command) {
    return command->kind == COMMAND_CREATE || command->kind == COMMAND_KILL;
}

static void check(struct sim *sim, const struct command *command, uint64_t settled_us) {
    check_time(sim, command, settled_us);
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

void model_check(struct sim *sim) {
    uint64_t settled_us = 0;
    sim->place_count = 0;
    if (sim->given_count < sim->command_count)
        sim_fail(sim, "a command was not given");
    for (unsigned i = 0; i < sim->given_count && !sim->failed; i++) {
        const struct command *command = sim->given[i];
        if (command->answers != 1) {
            sim_fail(sim, "command %u has no answer", (unsigned)(command - sim->commands));
            return;
        }
        check(sim, command, settled_us);
        if (is_structural(command) && command->answered_us > settled_us)
            settled_us = command->answered_us;
    }
}
