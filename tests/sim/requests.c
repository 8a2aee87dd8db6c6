/*
 * requests.c: what a node does with a request, rule for rule as src/node does it.
 *
 * Sums and direct questions are answered at once; what changes the children goes to the main thread,
 * which does one thing after the other.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "sim.h"

/* ---- children ---- */

static struct link *child_take(struct node *node, uint64_t serial) {
    for (unsigned i = 0; i < node->child_count; i++) {
        struct link *link = node->children[i];
        if (link->to->serial == serial) {
            node->children[i] = node->children[--node->child_count];
            return link;
        }
    }
    return NULL;
}

void children_add(struct sim *sim, struct node *node, struct node *child) {
    struct link *known = child_take(node, child->serial);
    if (node->child_count == MOST_CHILDREN)
        sim_fail(sim, "#%" PRIu64 " has too many children", node->serial);
    else
        node->children[node->child_count++] = known != NULL ? known : link_open(sim, node, child);
}

void children_remove(struct sim *sim, struct node *node, uint64_t serial) {
    struct link *link = child_take(node, serial);
    if (link != NULL)
        link_close(sim, link);
}

/* Keeps the connections to those that are children already. False: one of them was never started.
 */
bool children_set(struct sim *sim, struct node *node, const uint64_t *serials, size_t count) {
    struct link *row[MOST_CHILDREN];
    unsigned kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct node *child = process_find(sim, serials[i]);
        if (child == NULL || kept == MOST_CHILDREN) {
            sim_fail(sim, "#%" PRIu64 " is told a child that is none", node->serial);
            return false;
        }
        struct link *link = child_take(node, serials[i]);
        row[kept++] = link != NULL ? link : link_open(sim, node, child);
    }
    for (unsigned i = 0; i < node->child_count; i++)
        link_close(sim, node->children[i]);
    for (unsigned i = 0; i < kept; i++)
        node->children[i] = row[i];
    node->child_count = kept;
    return true;
}

/* ---- starts ---- */

struct start *start_find(const struct node *node, uint64_t serial) {
    struct start *start = node->starts;
    while (start != NULL && (start->gone || start->child->serial != serial))
        start = start->next;
    return start;
}

static bool is_unborn(const struct start *start) {
    const struct node *child = start->child;
    bool unread = child->listens && !start->ready;
    return !start->closed && (unread || (!child->dead && !child->joined));
}

static void answer_start(struct sim *sim, struct start *start, enum hop_status status,
                         const char *text) {
    struct leg *call = start->call;
    start->call = NULL;
    if (call != NULL)
        request_answer(sim, call, status, PID_BASE + (int64_t)start->child->serial, text);
}

static void start_end(struct sim *sim, struct node *node, struct start *start) {
    sim_trace(sim, "#%" PRIu64 " leaves nothing of #%" PRIu64, node->serial, start->child->serial);
    children_remove(sim, node, start->child->serial);
    start->gone = true;
    process_end(sim, start->child);
    start->child->collected = true;
}

/* The birth connection of a node that this one has started has news. */
void node_birth(struct sim *sim, void *arg) {
    struct start *start = arg;
    struct node *child = start->child;
    if (start->gone) {
        return;
    } else if (start->ready) {
        start->closed = child->joined || child->dead;
    } else if (child->listens) {
        children_add(sim, start->owner, child);
        start->ready = true;
        answer_start(sim, start, STATUS_OK, NULL);
    } else {
        answer_start(sim, start, STATUS_REFUSED, "the node ended while it was starting");
        start_end(sim, start->owner, start);
    }
}

static void start_new(struct sim *sim, struct node *node, struct leg *hop) {
    const struct ask *ask = hop->ask;
    struct start *start = sim_alloc(sim, sizeof *start);
    start->owner = node;
    start->version = ask->version;
    start->call = hop;
    start->next = node->starts;
    start->child = process_new(sim, node, ask->about, ask->child_id, ask->low, ask->high);
    node->starts = start;
}

/* ---- on the main thread ---- */

struct work {
    struct node *node;
    struct leg *hop;
};

static void note_version(struct node *node, uint64_t version) {
    if (node->version < version)
        node->version = version;
}

static void do_spawn(struct sim *sim, struct node *node, struct leg *hop) {
    const struct ask *ask = hop->ask;
    struct start *start = start_find(node, ask->about);
    if (start == NULL && ask->version < node->version) {
        request_answer(sim, hop, STATUS_BROKEN, 0, NULL);
    } else if (start == NULL) {
        note_version(node, ask->version);
        start_new(sim, node, hop);
    } else {
        answer_start(sim, start, STATUS_BROKEN, NULL);
        start->call = hop;
        if (start->ready)
            answer_start(sim, start, STATUS_OK, NULL);
    }
}

static bool is_among(uint64_t serial, const uint64_t *serials, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (serials[i] == serial)
            return true;
    }
    return false;
}

/* Whether the controller still counts on a start that is not among the children yet. */
static bool is_wanted(const struct start *start, const struct ask *ask) {
    return start->version > ask->version ||
           is_among(start->child->serial, ask->starting, ask->starting_count);
}

/* A node that listens and has not joined is connected already, and stays so. */
static void set_children(struct sim *sim, struct node *node, const struct ask *ask) {
    uint64_t serials[MOST_CHILDREN];
    size_t count = 0;
    for (size_t i = 0; i < ask->child_count; i++)
        serials[count++] = ask->children[i];
    for (struct start *start = node->starts; start != NULL; start = start->next) {
        uint64_t serial = start->child->serial;
        if (!start->gone && start->ready && is_wanted(start, ask) &&
            !is_among(serial, serials, count) && count < MOST_CHILDREN)
            serials[count++] = serial;
    }
    children_set(sim, node, serials, count);
}

static void do_children(struct sim *sim, struct node *node, struct leg *hop) {
    const struct ask *ask = hop->ask;
    if (ask->version < node->set_version) {
        request_answer(sim, hop, STATUS_OK, 0, NULL);
        return;
    }
    node->set_version = ask->version;
    note_version(node, ask->version);
    set_children(sim, node, ask);
    for (struct start *start = node->starts; start != NULL; start = start->next) {
        if (!start->gone && is_unborn(start) && !is_wanted(start, ask) &&
            !is_among(start->child->serial, ask->children, ask->child_count)) {
            answer_start(sim, start, STATUS_BROKEN, NULL);
            start_end(sim, node, start);
        }
    }
    request_answer(sim, hop, STATUS_OK, 0, NULL);
}

static void do_reap(struct sim *sim, struct node *node, struct leg *hop) {
    struct start *start = start_find(node, hop->ask->about);
    note_version(node, hop->ask->version);
    if (start != NULL) {
        answer_start(sim, start, STATUS_BROKEN, NULL);
        start_end(sim, node, start);
    }
    request_answer(sim, hop, STATUS_OK, 0, NULL);
}

static void do_work(struct sim *sim, void *arg) {
    struct work *work = arg;
    enum operation operation = work->hop->ask->operation;
    if (operation == OP_SPAWN)
        do_spawn(sim, work->node, work->hop);
    else if (operation == OP_CHILDREN)
        do_children(sim, work->node, work->hop);
    else
        do_reap(sim, work->node, work->hop);
}

static void hand_over(struct sim *sim, struct node *node, struct leg *hop) {
    struct work *work = sim_alloc(sim, sizeof *work);
    work->node = node;
    work->hop = hop;
    if (node->work_us < sim->now_us)
        node->work_us = sim->now_us;
    node->work_us += sim_between(sim, 1, 300);
    sim_at(sim, node->work_us, node, do_work, work);
}

/* ---- on arrival ---- */

static void relay(struct sim *sim, struct node *node, struct leg *hop) {
    if (hop->ask->operation == OP_PROBE)
        request_answer(sim, hop, STATUS_BROKEN, 0, NULL);
    else
        request_send(sim, node, hop->ask, hop);
}

void node_request(struct sim *sim, struct node *node, struct leg *hop) {
    const struct ask *ask = hop->ask;
    if (ask->id != node->id) {
        relay(sim, node, hop);
    } else if (ask->serial != node->serial) {
        request_answer(sim, hop, STATUS_BROKEN, 0, NULL);
    } else if (ask->operation == OP_SUMS || ask->operation == OP_PROBE) {
        request_answer(sim, hop, STATUS_OK, 0, NULL);
    } else {
        hand_over(sim, node, hop);
    }
}
