/*
 * process.c: the life of a process: it is started, listens, joins, is stopped or held by a
 * debugger and goes on, and dies. While it is stopped or held, what it should do waits.
 */
#include <inttypes.h>

#include "sim.h"

/* ---- birth ---- */

static void listens(struct sim *sim, void *arg) {
    struct node *node = arg;
    node->listens = true;
    starter_line(sim, node);
}

void process_connected(struct sim *sim, struct node *node, enum socket socket) {
    if (node->dead || !rules_connected(&node->rules, socket))
        return;
    node->joined_us = sim->now_us;
    starter_line(sim, node);
}

static struct node *node_new(struct sim *sim, uint64_t serial, int64_t id) {
    struct node *node = sim_alloc(sim, sizeof *node);
    *node = (struct node){.serial = serial,
                          .id = id,
                          .rules = {.id = id, .serial = serial},
                          .started_us = sim->now_us,
                          .joined_us = UINT64_MAX,
                          .died_us = UINT64_MAX,
                          .over_us = UINT64_MAX};
    node->deferred_end = &node->deferred;
    return node;
}

/* A serial is started at most once. One start after the other, on the starter's thread. */
struct node *process_new(struct sim *sim, uint64_t serial, int64_t id) {
    struct node *node = node_new(sim, serial, id);
    if (sim->nodes[serial] != NULL) {
        sim_fail(sim, "the start of #%" PRIu64 " is one too many", serial);
        return sim->nodes[serial];
    }
    sim->nodes[serial] = node;
    if (serial >= sim->node_count)
        sim->node_count = (unsigned)serial + 1;
    sim->totals->starts++;
    sim_trace(sim, "start of %" PRId64 "#%" PRIu64, id, serial);
    if (sim->start_us < sim->now_us)
        sim->start_us = sim->now_us;
    sim->start_us += sim_between(sim, 50, 400);
    uint64_t birth_us = sim->start_us - sim->now_us + sim_between(sim, 200, 4000);
    sim_in(sim, birth_us, node, listens, node);
    fault_at_birth(sim, node, birth_us);
    return node;
}

struct node *process_find(const struct sim *sim, uint64_t serial) {
    return serial < MOST_NODES ? sim->nodes[serial] : NULL;
}

bool process_runs(const struct node *node) {
    return !node->dead && !node->stopped && !node->held;
}

/* ---- death ---- */

static void pause_ends(struct sim *sim, struct node *node) {
    if (node->stopped || node->held)
        node->pauses[node->pause_count - 1].to_us = sim->now_us;
    node->stopped = node->held = false;
}

void process_die(struct sim *sim, struct node *node) {
    if (node->dead)
        return;
    sim_trace(sim, "death of %" PRId64 "#%" PRIu64, node->id, node->serial);
    pause_ends(sim, node);
    node->dead = true;
    node->died_us = sim->now_us;
    links_of_dead(sim, node);
    starter_notice(sim, node);
}

void process_end(struct sim *sim, struct node *node) {
    if (!node->dead)
        node->ended = true;
    process_die(sim, node);
}

/* ---- pauses ---- */

static bool pause_begins(struct sim *sim, struct node *node, bool held) {
    if (!process_runs(node) || node->pause_count == MOST_PAUSES)
        return false;
    sim_trace(sim, "%s of %" PRId64 "#%" PRIu64, held ? "hold" : "stop", node->id, node->serial);
    node->pauses[node->pause_count++] = (struct pause){
        .from_us = sim->now_us, .to_us = UINT64_MAX, .held = held};
    return true;
}

void process_stop(struct sim *sim, struct node *node) {
    if (!pause_begins(sim, node, false))
        return;
    node->stopped = true;
    node->notice = NOTICE_STOPPED;
    sim->totals->stops++;
    starter_notice(sim, node);
}

/* Only the debugger learns of this from the kernel. */
void process_hold(struct sim *sim, struct node *node) {
    if (!pause_begins(sim, node, true))
        return;
    node->held = true;
    sim->totals->holds++;
}

/* Runs what waited, in order; new events may come in between. */
void process_continue(struct sim *sim, struct node *node) {
    struct deferred *deferred = node->deferred;
    uint64_t at_us = sim->now_us;
    if (!node->stopped && !node->held)
        return;
    sim_trace(sim, "continuation of %" PRId64 "#%" PRIu64, node->id, node->serial);
    if (node->stopped) {
        node->notice = NOTICE_CONTINUED;
        starter_notice(sim, node);
    }
    pause_ends(sim, node);
    node->deferred = NULL;
    node->deferred_end = &node->deferred;
    for (; deferred != NULL; deferred = deferred->next) {
        at_us += sim_random(sim, 20);
        sim_at(sim, at_us, node, deferred->act, deferred->arg);
    }
}
