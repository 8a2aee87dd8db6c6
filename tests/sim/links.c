/*
 * links.c: connections, and requests over them.
 *
 * A request goes from hop to hop; each hop belongs to one connection. When that breaks or is closed
 * its sender learns that the path broke, while what was sent before may still arrive and be obeyed:
 * the answer then finds nobody who waits.
 */
#include <inttypes.h>
#include <utlist.h>

#include "sim.h"

enum { REDIAL_US = 10000 };

/* ---- one way ---- */

uint64_t latency(struct sim *sim) {
    uint64_t most = sim->profile->latency_us;
    return sim_chance(sim, 10) ? sim_between(sim, 1, most) : sim_between(sim, 1, most / 8 + 1);
}

/* When a message that is sent now arrives. */
static uint64_t arrival(struct sim *sim, struct link *link) {
    uint64_t at_us = sim->now_us + latency(sim);
    if (sim->profile->fifo && at_us <= link->arrival_us)
        at_us = link->arrival_us + 1;
    link->arrival_us = at_us;
    return at_us;
}

static void arrive(struct sim *sim, void *arg) {
    struct leg *hop = arg;
    if (!hop->lost)
        node_request(sim, hop->link->to, hop);
}

static void transmit(struct sim *sim, struct leg *hop) {
    sim_at(sim, arrival(sim, hop->link), hop->link->to, arrive, hop);
}

/* ---- and back ---- */

struct backward {
    struct leg *hop;
    struct reply reply;
};

static void pass_up(struct sim *sim, struct leg *up, struct ask *ask, const struct reply *reply) {
    if (up != NULL) {
        request_answer(sim, up, reply->status, reply->value, reply->text);
        return;
    }
    enum post kind = ask->operation == OP_PROBE ? POST_PROBED : POST_ASKED;
    shell_post(sim, &(struct posted){.kind = kind, .ask = ask, .reply = *reply});
}

static void come_back(struct sim *sim, void *arg) {
    struct backward *back = arg;
    struct leg *hop = back->hop;
    if (!hop->open)
        return;
    hop->open = false;
    DL_DELETE(hop->link->hops, hop);
    pass_up(sim, hop->up, hop->ask, &back->reply);
}

void request_answer(struct sim *sim, struct leg *hop, enum hop_status status, int64_t value,
                    const char *text) {
    struct backward *back = sim_alloc(sim, sizeof *back);
    back->hop = hop;
    back->reply = (struct reply){.status = status, .value = value, .text = text};
    sim_in(sim, latency(sim), hop->link->from, come_back, back);
}

static void told_broken(struct sim *sim, void *arg) {
    struct leg *hop = arg;
    pass_up(sim, hop->up, hop->ask, &(struct reply){.status = STATUS_BROKEN});
}

/* Every sender learns of it on its own, in any order. */
static void fail_hops(struct sim *sim, struct link *link) {
    struct leg *hop, *next;
    DL_FOREACH_SAFE(link->hops, hop, next) {
        DL_DELETE(link->hops, hop);
        hop->open = false;
        hop->lost = sim_chance(sim, 50);
        sim_in(sim, sim_between(sim, 1, 50), link->from, told_broken, hop);
    }
    survey_forget(sim, link);
}

/* ---- sending ---- */

void request_over(struct sim *sim, struct link *link, struct ask *ask, struct leg *up) {
    struct leg *hop = sim_alloc(sim, sizeof *hop);
    hop->up = up;
    hop->ask = ask;
    hop->link = link;
    if (link == NULL || link->lost) {
        struct node *sender = up != NULL ? up->link->to : &sim->controller;
        sim_in(sim, sim_between(sim, 1, 20), sender, told_broken, hop);
        return;
    }
    hop->open = true;
    DL_APPEND(link->hops, hop);
    if (link->connected)
        transmit(sim, hop);
}

static struct link *route(const struct node *from, int64_t id) {
    for (unsigned i = 0; i < from->child_count; i++) {
        const struct node *child = from->children[i]->to;
        if (child->low <= id && id <= child->high)
            return from->children[i];
    }
    return NULL;
}

void request_send(struct sim *sim, struct node *from, struct ask *ask, struct leg *up) {
    request_over(sim, route(from, ask->id), ask, up);
}

/* ---- connections ---- */

static void connected(struct sim *sim, void *arg) {
    struct link *link = arg;
    struct leg *hop;
    if (!link->open || link->to->dead)
        return;
    link->connected = true;
    link->lost = false;
    DL_FOREACH(link->hops, hop) {
        transmit(sim, hop);
    }
}

static void accepted(struct sim *sim, void *arg) {
    struct link *link = arg;
    if (link->open)
        process_connected(sim, link->to);
    sim_in(sim, latency(sim), link->from, connected, link);
}

struct link *link_open(struct sim *sim, struct node *from, struct node *to) {
    struct link *link = sim_alloc(sim, sizeof *link);
    link->from = from;
    link->to = to;
    link->open = true;
    if (sim->link_count < MOST_LINKS)
        sim->links[sim->link_count++] = link;
    else
        sim_fail(sim, "connections without end");
    sim_in(sim, latency(sim), to, accepted, link);
    return link;
}

void link_close(struct sim *sim, struct link *link) {
    link->open = link->connected = false;
    link->lost = true;
    fail_hops(sim, link);
}

static void broke(struct sim *sim, void *arg) {
    struct link *link = arg;
    if (!link->open || !link->connected)
        return;
    link->connected = false;
    link->lost = true;
    fail_hops(sim, link);
}

/* Breaks one connection between living processes; its dialing end dials again. */
void link_cut(struct sim *sim) {
    struct link *link = sim->link_count > 0 ? sim->links[sim_random(sim, sim->link_count)] : NULL;
    if (link == NULL || link->direct || !link->open || !link->connected || link->to->dead)
        return;
    sim_trace(sim, "cut from #%" PRIu64 " to #%" PRIu64, link->from->serial, link->to->serial);
    broke(sim, link);
    sim_in(sim, sim_between(sim, REDIAL_US, 5 * REDIAL_US), link->to, accepted, link);
}

/* What the dead process sent before may still be read before its end is noticed. */
void links_of_dead(struct sim *sim, struct node *dead) {
    for (unsigned i = 0; i < sim->link_count; i++) {
        struct link *link = sim->links[i];
        if (link->to == dead && link->open)
            sim_in(sim, latency(sim), link->from, broke, link);
    }
}
