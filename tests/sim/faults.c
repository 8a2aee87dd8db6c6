/*
 * faults.c: what is done to processes and connections: deaths, stops that last microseconds to
 * seconds, debuggers, connections that break.
 */
#include <inttypes.h>

#include "sim.h"

static void go_on(struct sim *sim, void *arg) {
    process_continue(sim, arg);
}

/* From microseconds to several deadlines; as likely short as long. */
static uint64_t any_pause(struct sim *sim) {
    uint64_t deadline_us = sim->options.deadline_us;
    switch (sim_random(sim, 5)) {
    case 0:
        return sim_between(sim, 1, 50);
    case 1:
        return sim_between(sim, 1, sim->profile->latency_us); /* within one hop */
    case 2:
        return sim_between(sim, 1,
                           3 * sim->profile->notice_us); /* before the starter has reported it */
    case 3:
        return sim_between(sim, 1, deadline_us / 3);
    default:
        return sim_between(sim, deadline_us / 3, 3 * deadline_us);
    }
}

/* Some stay stopped. A short stop is often followed by another. */
static void stop_again(struct sim *sim, void *arg);

static void pause_for_a_while(struct sim *sim, struct node *node, bool hold) {
    uint64_t pause_us = any_pause(sim);
    if (!process_runs(node))
        return;
    if (hold)
        process_hold(sim, node);
    else
        process_stop(sim, node);
    if (sim_chance(sim, 20))
        return;
    sim_in(sim, pause_us, NULL, go_on, node);
    if (hold || pause_us > sim->options.deadline_us / 3)
        return;
    sim->totals->short_stops++;
    if (sim_chance(sim, 20))
        sim_in(sim, pause_us + sim_between(sim, 1, 2 * pause_us), NULL, stop_again, node);
}

static void stop_again(struct sim *sim, void *arg) {
    if (!sim->calm)
        pause_for_a_while(sim, arg, false);
}

static void do_something_to(struct sim *sim, struct node *node) {
    const struct profile *profile = sim->profile;
    unsigned at = (unsigned)sim_random(sim, profile->stops + profile->holds + profile->deaths);
    if (at < profile->stops) {
        pause_for_a_while(sim, node, false);
    } else if (at < profile->stops + profile->holds) {
        pause_for_a_while(sim, node, true);
    } else {
        process_die(sim, node);
        sim->totals->deaths++;
    }
}

/* ---- at birth ---- */

static void strike_young(struct sim *sim, void *arg) {
    if (!sim->calm)
        do_something_to(sim, arg);
}

static void fails(struct sim *sim, void *arg) {
    struct node *node = arg;
    node->failure = "the machine has no processes left";
    process_die(sim, node);
}

/* Before it is ready, or before it has joined, or when it just has. */
void fault_at_birth(struct sim *sim, struct node *node, uint64_t birth_us) {
    if (sim->calm || !sim_chance(sim, sim->profile->births))
        return;
    if (sim_chance(sim, 10))
        sim_in(sim, sim_random(sim, birth_us), node, fails, node);
    else
        sim_in(sim, sim_between(sim, 1, 2 * birth_us), node, strike_young, node);
}

/* ---- at any time ---- */

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

static void strike(struct sim *sim, void *arg) {
    unsigned victims = sim_chance(sim, 25) ? (unsigned)sim_between(sim, 2, 4) : 1;
    (void)arg;
    for (unsigned i = 0; i < victims; i++) {
        struct node *node = victim(sim);
        if (node == NULL)
            return;
        if (!process_runs(node) && sim_chance(sim, 50))
            process_continue(sim, node);
        else
            do_something_to(sim, node);
    }
}

/* The node of that id, or any other: one above it, say. */
bool fault_before(struct sim *sim, int64_t id) {
    if (sim->calm || sim->profile->stops == 0 || !sim_chance(sim, 10))
        return false;
    bool any = sim_chance(sim, 30), continued = false;
    for (unsigned i = 1; i < sim->node_count; i++) {
        struct node *node = sim->nodes[i];
        if (node != NULL && !process_runs(node) && (any || node->id == id)) {
            process_continue(sim, node);
            continued = true;
        }
    }
    return continued;
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
