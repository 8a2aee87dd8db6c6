/*
 * history.c: what a process went through, and what the controller may think of it therefore.
 *
 * Any stop may make a process unavailable, because the kernel reports stops at once. When the stop
 * is over, the process is available again: a later command finds a process that runs and answers. A
 * debugger's hold is found only by a survey, so a short hold must not be noticed.
 */
#include "sim.h"

/* What a pause has of the time up to another. */
static uint64_t length(const struct pause *pause, uint64_t to_us) {
    if (pause->from_us >= to_us)
        return 0;
    return (pause->to_us < to_us ? pause->to_us : to_us) - pause->from_us;
}

static bool meets(const struct pause *pause, uint64_t from_us, uint64_t to_us) {
    return pause->from_us <= to_us && pause->to_us >= from_us;
}

/* How long it takes to be judged by a survey; a controller that is late may see less of it. */
static uint64_t enough_us(const struct sim *sim) {
    return sim->profile->late_us > 0 ? 1 : sim->options.deadline_us / 3;
}

/* Whether it is a stop, or the process was held after one before it can have answered again. */
static bool is_stop(const struct sim *sim, const struct node *node, unsigned i) {
    while (node->pauses[i].held) {
        if (i == 0 || node->pauses[i - 1].to_us + sim->slack_us < node->pauses[i].from_us)
            return false;
        i--;
    }
    return true;
}

/* The end that a kill makes of it disturbs no command before the kill. */
bool was_lost(const struct sim *sim, const struct node *node, uint64_t from_us, uint64_t to_us) {
    uint64_t held_us = 0;
    bool stopped = false, held = false;
    for (unsigned i = 0; i < node->pause_count; i++) {
        const struct pause *pause = &node->pauses[i];
        bool now = meets(pause, from_us, to_us);
        stopped = stopped || (now && is_stop(sim, node, i));
        held = held || (now && pause->held);
        held_us += pause->held ? length(pause, to_us) : 0;
    }
    return (node->died_us <= to_us && !node->ended) || stopped ||
           (held && held_us >= enough_us(sim));
}

bool was_halted_long(const struct sim *sim, const struct node *node, uint64_t to_us) {
    uint64_t halted_us = 0;
    for (unsigned i = 0; i < node->pause_count; i++)
        halted_us += length(&node->pauses[i], to_us);
    return halted_us >= enough_us(sim);
}

bool was_down(const struct node *node, uint64_t from_us, uint64_t to_us) {
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
        if (meets(&node->pauses[i], from_us, to_us))
            return false;
    }
    return true;
}

static bool within(uint64_t at_us, uint64_t from_us, uint64_t to_us) {
    return from_us <= at_us && at_us <= to_us;
}

bool was_changed(const struct node *node, uint64_t from_us, uint64_t to_us) {
    bool changed = within(node->started_us, from_us, to_us) ||
                   within(node->joined_us, from_us, to_us) || within(node->died_us, from_us, to_us);
    for (unsigned i = 0; i < node->pause_count; i++)
        changed = changed || within(node->pauses[i].from_us, from_us, to_us) ||
                  within(node->pauses[i].to_us, from_us, to_us);
    return changed;
}

const struct pause *was_stopped(const struct node *node, uint64_t from_us, uint64_t to_us) {
    for (unsigned i = 0; i < node->pause_count; i++) {
        const struct pause *pause = &node->pauses[i];
        if (!pause->held && pause->from_us <= from_us && pause->to_us > to_us)
            return pause;
    }
    return NULL;
}

bool was_known_lost(const struct sim *sim, const struct node *node, uint64_t from_us,
                    uint64_t by_us) {
    bool lost = from_us <= node->died_us && node->died_us < by_us && !node->ended &&
                by_us - node->died_us > sim->notice_us;
    for (unsigned i = 0; i < node->pause_count && !lost; i++) {
        const struct pause *pause = &node->pauses[i];
        uint64_t known_us = pause->from_us + sim->notice_us;
        lost = !pause->held && from_us <= pause->from_us && known_us < by_us &&
               known_us < pause->to_us;
    }
    return lost;
}
