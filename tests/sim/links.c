/*
 * links.c: connections, and requests over them.
 *
 * A link has a connection for each of the two sockets of a node: requests go over one, surveys
 * over the other. A request goes from hop to hop; each hop belongs to one link. When that link
 * breaks or is closed, the sender learns that the path broke; but the request may still arrive and
 * be served, and its answer is then dropped.
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

uint64_t line_arrival(struct sim *sim, struct line *line) {
    uint64_t at_us = sim->now_us + latency(sim);
    if (sim->profile->fifo && at_us <= line->arrival_us)
        at_us = line->arrival_us + 1;
    line->arrival_us = at_us;
    return at_us;
}

static void arrive(struct sim *sim, void *arg) {
    struct leg *hop = arg;
    if (!hop->lost)
        node_request(sim, hop->link->to, hop);
}

static void transmit(struct sim *sim, struct leg *hop) {
    struct line *line = &hop->link->lines[SOCKET_REQUESTS];
    sim_at(sim, line_arrival(sim, line), hop->link->to, arrive, hop);
}

/* ---- and back ---- */

struct backward {
    struct leg *hop;
    struct reply reply;
};

static void come_back(struct sim *sim, void *arg) {
    struct backward *back = arg;
    struct leg *hop = back->hop;
    if (!hop->open)
        return;
    hop->open = false;
    DL_DELETE(hop->link->hops, hop);
    hop->done(sim, hop->arg, &back->reply);
}

void request_answer(struct sim *sim, struct leg *hop, const struct reply *reply) {
    struct backward *back = sim_alloc(sim, sizeof *back);
    back->hop = hop;
    back->reply = *reply;
    sim_in(sim, latency(sim), hop->from, come_back, back);
}

static void told_broken(struct sim *sim, void *arg) {
    struct leg *hop = arg;
    hop->done(sim, hop->arg, &(struct reply){.status = WIRE_BROKEN});
}

/* Every sender learns of it on its own, in any order. */
static void fail_hops(struct sim *sim, struct link *link) {
    struct leg *hop, *next;
    DL_FOREACH_SAFE(link->hops, hop, next) {
        DL_DELETE(link->hops, hop);
        hop->open = false;
        hop->lost = sim_chance(sim, 50);
        sim_in(sim, sim_between(sim, 1, 50), hop->from, told_broken, hop);
    }
}

/* ---- sending ---- */

/* Without a connection it waits for one, unless one was lost. */
void request_over(struct sim *sim, struct node *from, struct link *link,
                  const struct message *message, replied *done, void *arg) {
    struct leg *hop = sim_alloc(sim, sizeof *hop);
    *hop = (struct leg){.link = link, .from = from, .message = *message, .done = done, .arg = arg};
    if (link == NULL || link->lines[SOCKET_REQUESTS].lost) {
        sim_in(sim, sim_between(sim, 1, 20), from, told_broken, hop);
        return;
    }
    hop->open = true;
    DL_APPEND(link->hops, hop);
    if (link->lines[SOCKET_REQUESTS].connected)
        transmit(sim, hop);
}

void request_send(struct sim *sim, struct node *from, int64_t id, const struct message *message,
                  replied *done, void *arg) {
    const struct child *child = child_towards(from, id);
    request_over(sim, from, child != NULL ? child->link : NULL, message, done, arg);
}

/* ---- connections ---- */

static void connected(struct sim *sim, void *arg) {
    struct line *line = arg;
    struct link *link = line->link;
    struct leg *hop;
    if (!link->open || link->to->dead)
        return;
    line->connected = true;
    line->lost = false;
    if (line->socket != SOCKET_REQUESTS)
        return;
    DL_FOREACH(link->hops, hop) {
        transmit(sim, hop);
    }
}

static void accepted(struct sim *sim, void *arg) {
    struct line *line = arg;
    if (line->link->open)
        process_connected(sim, line->link->to, line->socket);
    sim_in(sim, latency(sim), line->link->from, connected, line);
}

struct link *link_open(struct sim *sim, struct node *from, struct node *to, bool direct) {
    struct link *link = sim_alloc(sim, sizeof *link);
    link->from = from;
    link->to = to;
    link->open = true;
    link->direct = direct;
    if (sim->link_count < MOST_LINKS)
        sim->links[sim->link_count++] = link;
    else
        sim_fail(sim, "connections without end");
    for (int socket = 0; socket < SOCKETS; socket++) {
        struct line *line = &link->lines[socket];
        line->link = link;
        line->socket = (enum socket)socket;
        if (socket == SOCKET_REQUESTS || !direct)
            sim_in(sim, latency(sim), to, accepted, line);
    }
    return link;
}

void link_close(struct sim *sim, struct link *link) {
    link->open = false;
    for (int socket = 0; socket < SOCKETS; socket++) {
        link->lines[socket].connected = false;
        link->lines[socket].lost = true;
    }
    fail_hops(sim, link);
    survey_forget(sim, link);
}

static void broke(struct sim *sim, void *arg) {
    struct line *line = arg;
    if (!line->link->open || !line->connected)
        return;
    line->connected = false;
    line->lost = true;
    if (line->socket == SOCKET_REQUESTS)
        fail_hops(sim, line->link);
    else
        survey_forget(sim, line->link);
}

static void cut(struct sim *sim, struct line *line) {
    if (!line->connected)
        return;
    sim_trace(sim, "cut from #%" PRIu64 " to #%" PRIu64 "%s", line->link->from->serial,
              line->link->to->serial, line->socket == SOCKET_REQUESTS ? "" : ", surveys");
    sim->totals->cuts++;
    broke(sim, line);
    sim_in(sim, sim_between(sim, REDIAL_US, 5 * REDIAL_US), line->link->to, accepted, line);
}

/* Breaks one connection between living processes, or both; its dialing end dials again. */
void link_cut(struct sim *sim) {
    struct link *link = sim->link_count > 0 ? sim->links[sim_random(sim, sim->link_count)] : NULL;
    unsigned which = (unsigned)sim_random(sim, 4);
    if (link == NULL || link->direct || !link->open || link->to->dead)
        return;
    if (which != 0)
        cut(sim, &link->lines[SOCKET_REQUESTS]);
    if (which != 1)
        cut(sim, &link->lines[SOCKET_SURVEYS]);
}

/* What the dead process sent before may still be read before its end is noticed. */
void links_of_dead(struct sim *sim, struct node *dead) {
    for (unsigned i = 0; i < sim->link_count; i++) {
        struct link *link = sim->links[i];
        if (link->to != dead || !link->open)
            continue;
        for (int socket = 0; socket < SOCKETS; socket++)
            sim_in(sim, latency(sim), link->from, broke, &link->lines[socket]);
    }
}
