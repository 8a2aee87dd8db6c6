/*
 * process.c: the life of a process, and what is done to it.
 *
 * A node joins the tree when somebody connects to it: only its starter does, before. A node that has
 * not joined ends with the process that started it. A dead process stays,
 * uncollected, until its starter collects it, or the controller once the starter is dead.
 */
#include <inttypes.h>

#include "sim.h"

/* ---- birth ---- */

static void post_birth(struct sim *sim, void *arg) {
    struct node *node = arg;
    shell_post(sim, &(struct posted){.kind = POST_BIRTH, .serial = node->serial});
}

/* The birth connection has news for the process that started the node. */
static void tell_starter(struct sim *sim, struct node *node) {
    struct start *start = start_find(node->starter, node->serial);
    if (node->starter->serial == 0)
        sim_in(sim, latency(sim), NULL, post_birth, node);
    else if (start != NULL)
        sim_in(sim, latency(sim), node->starter, node_birth, start);
}

static void born(struct sim *sim, void *arg) {
    struct node *node = arg;
    node->listens = true;
    tell_starter(sim, node);
}

static void leave_unjoined(struct sim *sim, void *arg) {
    struct node *node = arg;
    if (!node->joined)
        process_die(sim, node);
}

void process_lose_birth(struct sim *sim, struct node *node) {
    if (!node->joined && !node->dead)
        sim_in(sim, latency(sim), node, leave_unjoined, node);
}

static void post_joined(struct sim *sim, void *arg) {
    struct node *node = arg;
    shell_post(sim, &(struct posted){.kind = POST_JOINED, .serial = node->serial});
}

/* The word is on its way even if the node dies now. */
static void tell_joined(struct sim *sim, void *arg) {
    sim_in(sim, latency(sim), NULL, post_joined, arg);
}

/* It closes its birth connection first: its starter must not end it once the controller knows of it. */
void process_connected(struct sim *sim, struct node *node) {
    if (node->joined || node->dead)
        return;
    node->joined = true;
    if (!node->starter->dead)
        tell_starter(sim, node);
    sim_in(sim, sim_between(sim, 1, 30), node, tell_joined, node);
}

static void die_young(struct sim *sim, void *arg) {
    if (sim->calm)
        return;
    if (sim_random(sim, sim->profile->deaths + sim->profile->stops) < sim->profile->deaths)
        process_die(sim, arg);
    else
        process_stop(sim, arg);
}

static void resume_young(struct sim *sim, void *arg) {
    process_resume(sim, arg);
}

/* A serial is started at most once, except that a start which failed, and of which nothing is left,
 * may be repeated: its starter has no memory of it, and the answer may have been lost. */
struct node *process_new(struct sim *sim, struct node *starter, uint64_t serial, int64_t id,
                         int64_t low, int64_t high) {
    struct node *earlier = serial < MOST_NODES ? sim->nodes[serial] : &sim->controller;
    if (earlier != NULL && (!earlier->collected || earlier->joined)) {
        sim_fail(sim, "the start of %" PRIu64 " is one too many", serial);
        return earlier;
    }
    struct node *node = sim_alloc(sim, sizeof *node);
    node->earlier = earlier;
    node->serial = serial;
    node->id = id;
    node->low = low;
    node->high = high;
    node->starter = starter;
    node->started_us = sim->now_us;
    node->died_us = UINT64_MAX;
    node->deferred_end = &node->deferred;
    sim->nodes[serial] = node;
    if (serial >= sim->node_count)
        sim->node_count = (unsigned)serial + 1;
    sim->totals->starts++;
    sim_trace(sim, "start of %" PRId64 "#%" PRIu64 " by #%" PRIu64, id, serial, starter->serial);
    uint64_t birth_us = sim_between(sim, 300, 4000);
    sim_in(sim, birth_us, node, born, node);
    if (!sim->calm && sim_chance(sim, sim->profile->births)) {
        sim_in(sim, sim_between(sim, 1, 2 * birth_us), node, die_young, node);
        if (sim_chance(sim, 60))
            sim_in(sim, sim_between(sim, 1, sim->options.deadline_us), NULL, resume_young, node);
    }
    return node;
}

struct node *process_find(struct sim *sim, uint64_t serial) {
    return serial < MOST_NODES ? sim->nodes[serial] : NULL;
}

/* ---- death ---- */

static void post_exit(struct sim *sim, void *arg) {
    struct node *node = arg;
    shell_post(sim, &(struct posted){.kind = POST_EXITED, .serial = node->serial});
}

void process_die(struct sim *sim, struct node *node) {
    if (node->dead)
        return;
    sim_trace(sim, "death of %" PRId64 "#%" PRIu64, node->id, node->serial);
    if (node->stopped)
        node->pauses[node->pause_count - 1].to_us = sim->now_us;
    node->dead = true;
    node->stopped = false;
    node->died_us = sim->now_us;
    links_of_dead(sim, node);
    tell_starter(sim, node);
    if (node->watched)
        sim_in(sim, latency(sim), NULL, post_exit, node);
    for (unsigned i = 1; i < sim->node_count; i++) {
        if (sim->nodes[i] != NULL && sim->nodes[i]->starter == node)
            process_lose_birth(sim, sim->nodes[i]);
    }
}

void process_end(struct sim *sim, struct node *node) {
    if (!node->dead)
        node->ended = true;
    process_die(sim, node);
}

/* ---- stop and resume ---- */

void process_stop(struct sim *sim, struct node *node) {
    if (node->dead || node->stopped || node->pause_count == MOST_STOPS)
        return;
    sim_trace(sim, "stop of %" PRId64 "#%" PRIu64, node->id, node->serial);
    node->stopped = true;
    node->pauses[node->pause_count++] = (struct pause){.from_us = sim->now_us, .to_us = UINT64_MAX};
    sim->totals->stops++;
}

/* What waited is done now, in its order, but not without new things in between. */
void process_resume(struct sim *sim, struct node *node) {
    struct deferred *deferred = node->deferred;
    uint64_t at_us = sim->now_us;
    if (node->dead || !node->stopped)
        return;
    sim_trace(sim, "resume of %" PRId64 "#%" PRIu64, node->id, node->serial);
    node->stopped = false;
    node->pauses[node->pause_count - 1].to_us = sim->now_us;
    node->deferred = NULL;
    node->deferred_end = &node->deferred;
    for (; deferred != NULL; deferred = deferred->next) {
        at_us += sim_random(sim, 20);
        sim_at(sim, at_us, node, deferred->act, deferred->arg);
    }
}

/* ---- faults ---- */

static struct node *victim(struct sim *sim) {
    struct node *alive[MOST_NODES];
    unsigned count = 0;
    for (unsigned i = 1; i < sim->node_count; i++) {
        if (sim->nodes[i] != NULL && !sim->nodes[i]->dead)
            alive[count++] = sim->nodes[i];
    }
    if (count == 0)
        return NULL;
    return alive[sim_chance(sim, 20) ? 0 : sim_random(sim, count)];
}

static void resume(struct sim *sim, void *arg) {
    process_resume(sim, arg);
}

static void stop_for_a_while(struct sim *sim, struct node *node) {
    uint64_t deadline_us = sim->options.deadline_us;
    unsigned kind = (unsigned)sim_random(sim, 10);
    process_stop(sim, node);
    if (kind < 3)
        sim_in(sim, sim_between(sim, 1, deadline_us / 3), NULL, resume, node);
    else if (kind < 7)
        sim_in(sim, sim_between(sim, deadline_us / 3, 3 * deadline_us), NULL, resume, node);
}

static void strike(struct sim *sim, void *arg) {
    const struct profile *profile = sim->profile;
    unsigned victims = sim_chance(sim, 25) ? (unsigned)sim_between(sim, 2, 4) : 1;
    (void)arg;
    for (unsigned i = 0; i < victims; i++) {
        struct node *node = victim(sim);
        if (node == NULL)
            return;
        if (node->stopped && sim_chance(sim, 50)) {
            process_resume(sim, node);
        } else if (sim_random(sim, profile->stops + profile->deaths) < profile->stops) {
            stop_for_a_while(sim, node);
        } else {
            process_die(sim, node);
            sim->totals->deaths++;
        }
    }
}

static void cut(struct sim *sim, void *arg) {
    (void)arg;
    link_cut(sim);
}

void faults_plan(struct sim *sim) {
    unsigned count = (unsigned)sim_random(sim, sim->profile->faults + 1);
    uint64_t at_us = sim_random(sim, sim->horizon_us);
    for (unsigned i = 0; i < sim->profile->cuts; i++)
        sim_at(sim, sim_random(sim, sim->horizon_us), NULL, cut, NULL);
    for (unsigned i = 0; i < count; i++) {
        if (sim_chance(sim, 50)) /* near the one before, so that they meet */
            at_us += sim_random(sim, 20000);
        else
            at_us = sim_random(sim, sim->horizon_us);
        sim_at(sim, at_us < sim->horizon_us ? at_us : sim->horizon_us, NULL, strike, NULL);
    }
}
