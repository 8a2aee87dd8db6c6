/*
 * prompt.c: how soon the answers must have come. The kernel reports deaths and stops at once, so no
 * command waits for a deadline because of one.
 *
 * A command may wait for the creates and kills before it; from then on the time counts.
 */
#include <inttypes.h>

#include "sim.h"

enum {
    QUICK_US = 100000,  /* less than half of any deadline */
    HANDLING_US = 3000, /* what the processes of a survey need besides the hops */
};

static uint64_t later(uint64_t a_us, uint64_t b_us) {
    return a_us > b_us ? a_us : b_us;
}

/* An exec on a stopped node is answered when the stop has been reported, at the latest. */
static void check_stops(struct sim *sim, const struct command *exec, uint64_t effect_us) {
    const struct place *place = place_find(sim, exec->id);
    for (unsigned i = 0; place != NULL && i < place->node->pause_count; i++) {
        const struct pause *pause = &place->node->pauses[i];
        uint64_t known_us = later(effect_us, pause->from_us) + sim->notice_us;
        if (pause->held || pause->to_us <= known_us || pause->from_us > exec->answered_us)
            continue;
        sim->totals->prompt_stops++;
        if (exec->answered_us > known_us)
            wrong(sim, exec, "it waited for a node that was stopped");
    }
}

/* Nothing has happened but stops that are known: every process that is not stopped answers. */
static bool is_quiet(const struct sim *sim, uint64_t from_us, uint64_t to_us) {
    for (unsigned i = 1; i < sim->node_count; i++) {
        const struct node *node = sim->nodes[i];
        if (node == NULL)
            continue;
        bool held = node->died_us > to_us && !was_up(node, from_us, to_us) &&
                    was_stopped(node, from_us, to_us) == NULL;
        if (held || was_changed(node, from_us, to_us))
            return false;
    }
    return true;
}

static unsigned stopped_places(const struct sim *sim, uint64_t from_us, uint64_t to_us) {
    unsigned count = 0;
    for (unsigned i = 0; i < sim->place_count; i++) {
        const struct node *node = sim->places[i].node;
        count += node != NULL && was_stopped(node, from_us, to_us) != NULL;
    }
    return count;
}

static unsigned levels(const struct sim *sim) {
    unsigned most = 0;
    for (unsigned i = 0; i < sim->place_count; i++) {
        if (sim->places[i].node != NULL && sim->places[i].depth >= most)
            most = sim->places[i].depth + 1;
    }
    return most;
}

/* A survey waits for no stopped node: it takes as long as the messages do. */
static void check_survey(struct sim *sim, const struct command *ping, uint64_t effect_us) {
    const struct profile *profile = sim->profile;
    uint64_t deadline_us = sim->options.deadline_us;
    uint64_t enough_us = 2 * (uint64_t)profile->latency_us * levels(sim) + HANDLING_US;
    if (profile->late_us > 0 || profile->refusals > 0 || effect_us < deadline_us ||
        enough_us > deadline_us / 3 || !is_quiet(sim, effect_us - deadline_us, ping->answered_us))
        return;
    if (stopped_places(sim, effect_us - deadline_us, ping->answered_us) > 0)
        sim->totals->prompt_pings++;
    if (ping->answered_us > effect_us + enough_us)
        wrong(sim, ping, "it took longer than all that run take to answer");
}

/* Whether nothing has happened to the new node, nor to those above it. */
static bool has_a_way(const struct sim *sim, const struct command *create) {
    const struct node *node = process_find(sim, (uint64_t)(create->answer.pid - PID_BASE));
    const struct place *above = place_above(sim, create->id);
    bool good = node != NULL && was_up(node, 0, create->answered_us);
    while (good && above != NULL) {
        good = was_up(above->node, create->given_us, create->answered_us);
        above = above->parent >= 0 ? &sim->places[above->parent] : NULL;
    }
    return good;
}

/* A create waits for no deadline because others were stopped or died. */
static void check_growth(struct sim *sim, const struct command *create, uint64_t effect_us) {
    const struct profile *profile = sim->profile;
    uint64_t enough_us = sim->options.deadline_us / 3;
    if (create->answer.code != BANYAN_OK || profile->holds > 0 || profile->cuts > 0 ||
        profile->late_us > 0 || profile->refusals > 0 || profile->hangs > 0 ||
        sim->slack_us > enough_us || !has_a_way(sim, create))
        return;
    sim->totals->prompt_creates++;
    if (create->answered_us > effect_us + enough_us)
        wrong(sim, create, "nothing was in its way, and it waited");
}

void check_time(struct sim *sim, const struct command *command, uint64_t settled_us) {
    const struct profile *profile = sim->profile;
    bool deaths_only = profile->stops == 0 && profile->holds == 0 && profile->late_us == 0;
    uint64_t effect_us = later(command->given_us, settled_us);
    if (deaths_only && command->answered_us - command->given_us > QUICK_US)
        wrong(sim, command, "that took too long");
    if (command->kind == COMMAND_EXEC)
        check_stops(sim, command, effect_us);
    else if (command->kind == COMMAND_CREATE)
        check_growth(sim, command, effect_us);
    else if (command->kind == COMMAND_PINGALL)
        check_survey(sim, command, effect_us);
}
