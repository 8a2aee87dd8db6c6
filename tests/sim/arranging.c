/*
 * arranging.c: the children of a process, and the message that gives many nodes their new children.
 * The controller and the nodes hand this message on in the same way.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "sim.h"

/* ---- children ---- */

struct child *child_towards(struct node *node, int64_t id) {
    for (unsigned i = 0; i < node->child_count; i++) {
        struct child *child = &node->children[i];
        if (child->node.low <= id && id <= child->node.high)
            return child;
    }
    return NULL;
}

static struct link *take_link(struct node *node, uint64_t serial) {
    for (unsigned i = 0; i < node->child_count; i++) {
        struct child *child = &node->children[i];
        struct link *link = child->link;
        if (child->node.serial == serial) {
            *child = node->children[--node->child_count];
            return link;
        }
    }
    return NULL;
}

/* What an address leads to. */
static struct node *listener(struct sim *sim, const char *address) {
    struct node *node = process_find(sim, strtoull(address, NULL, 10));
    return node != NULL && node->listens ? node : NULL;
}

/* The children of one process stand in disjoint intervals. */
static void check_apart(struct sim *sim, const struct node *node, const struct wire_node *new,
                        const struct child *row, unsigned count) {
    bool apart = new->low <= new->id &&new->id <= new->high;
    for (unsigned i = 0; i < count; i++)
        apart = apart && (row[i].node.high < new->low || new->high < row[i].node.low);
    if (!apart)
        sim_fail(sim, "the intervals of the children of #%" PRIu64 " overlap", node->serial);
}

/* Keeps the connections to nodes that are children already. */
void children_set(struct sim *sim, struct node *node, const struct wire_child *children,
                  size_t count) {
    struct child row[MOST_CHILDREN];
    unsigned kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct wire_node *new = &children[i].node;
        struct node *child = listener(sim, children[i].address);
        if (child == NULL || child->serial != new->serial || child->id != new->id ||
            kept == MOST_CHILDREN) {
            sim_fail(sim, "#%" PRIu64 " is told a child that is none", node->serial);
            return;
        }
        check_apart(sim, node, new, row, kept);
        struct link *link = take_link(node, new->serial);
        if (link == NULL)
            link = link_open(sim, node, child, false);
        row[kept++] = (struct child){.node = *new, .link = link};
    }
    for (unsigned i = 0; i < node->child_count; i++)
        link_close(sim, node->children[i].link);
    if (kept > 0)
        memcpy(node->children, row, kept * sizeof *row);
    node->child_count = kept;
}

/* ---- handing on ---- */

struct set {
    uint64_t serial, version;
    bool reported;
};

/* A message at one process. */
struct job {
    struct node *node;
    struct leg *hop; /* at a node: the request to answer */
    struct arrange *arrange;
    struct set *sets; /* at the controller */
    size_t count;
    bool early; /* sets are reported before the whole is over */
    struct job *prev, *next;
};

static struct job *job_new(struct sim *sim, struct node *node, struct arrange *arrange) {
    struct job *job = sim_alloc(sim, sizeof *job);
    job->node = node;
    job->arrange = arrange;
    DL_APPEND(sim->jobs, job);
    return job;
}

static void job_free(struct sim *sim, struct job *job) {
    arrange_free(job->arrange);
    DL_DELETE(sim->jobs, job);
}

void arrange_release(struct sim *sim) {
    while (sim->jobs != NULL)
        job_free(sim, sim->jobs);
}

static const struct wire_node *route(void *arg, int64_t id) {
    const struct child *child = child_towards(arg, id);
    return child != NULL ? &child->node : NULL;
}

static struct message piece_message(struct sim *sim, const struct arrange_piece *piece) {
    size_t len = WIRE_HEAD + 4 + piece->len;
    uint8_t *bytes = sim_alloc(sim, len);
    struct wire_writer writer = {.at = bytes, .end = bytes + len};
    wire_put_head(
        &writer,
        &(struct wire_head){.operation = WIRE_ARRANGE, .id = piece->id, .serial = piece->serial});
    wire_put_u32(&writer, piece->count);
    wire_put_bytes(&writer, piece->bytes, piece->len);
    return (struct message){.bytes = bytes, .len = len};
}

/* Sets that go the same way go together, as they come in the order of the tree. */
static void check_together(struct sim *sim, const struct child *child, bool *taken) {
    size_t at = (size_t)(child - sim->controller.children);
    if (taken[at])
        sim_fail(sim, "the sets for #%" PRIu64 " do not follow each other", child->node.serial);
    taken[at] = true;
}

static void hand_on(struct sim *sim, struct job *job, replied *done) {
    struct node *node = job->node;
    struct arrange_piece piece;
    bool taken[MOST_CHILDREN] = {false};
    while (arrange_next(job->arrange, node->serial, route, node, &piece)) {
        struct message message = piece_message(sim, &piece);
        if (node == &sim->controller)
            check_together(sim, child_towards(node, piece.id), taken);
        sim->totals->arrangements++;
        request_send(sim, node, piece.id, &message, done, job);
    }
}

static void take_answer(struct job *job, const struct reply *reply) {
    bool good = reply->status == WIRE_OK;
    arrange_answered(job->arrange, good ? reply->body.bytes : NULL, good ? reply->body.len : 0);
}

/* ---- a node ---- */

static void finish(struct sim *sim, struct job *job) {
    size_t len = arrange_answer_len(job->arrange);
    uint8_t *bytes = sim_alloc(sim, len);
    struct wire_writer writer = {.at = bytes, .end = bytes + len};
    arrange_put_answer(job->arrange, &writer);
    request_answer(sim, job->hop, &(struct reply){.body = {.bytes = bytes, .len = len}});
    job_free(sim, job);
}

static void piece_answered(struct sim *sim, void *arg, const struct reply *reply) {
    struct job *job = arg;
    take_answer(job, reply);
    if (arrange_is_over(job->arrange))
        finish(sim, job);
}

static void take_own(struct sim *sim, struct node *node, struct arrange *arrange) {
    uint64_t version;
    const struct wire_child *children;
    size_t count;
    if (!arrange_own(arrange, node->serial, &version, &children, &count))
        return;
    if (rules_set(&node->rules, version))
        children_set(sim, node, children, count);
    arrange_confirm(arrange, node->serial, version);
}

void arrange_request(struct sim *sim, struct node *node, struct leg *hop,
                     const struct message *body) {
    struct arrange *arrange = shell_refused(sim) ? NULL : arrange_read(body->bytes, body->len);
    if (arrange == NULL) {
        request_answer(sim, hop, &(struct reply){.status = WIRE_REFUSED, .text = "out of memory"});
        return;
    }
    struct job *job = job_new(sim, node, arrange);
    job->hop = hop;
    take_own(sim, node, arrange);
    hand_on(sim, job, piece_answered);
    if (arrange_is_over(arrange))
        finish(sim, job);
}

/* ---- the controller ---- */

static void report(struct sim *sim, struct set *set, enum outcome outcome) {
    struct engine_arranged arranged = {
        .parent = set->serial, .version = set->version, .outcome = outcome};
    set->reported = true;
    engine_arranged(sim->engine, &arranged, 1);
}

static struct set *set_find(const struct job *job, const struct arrange_confirmed *confirmed) {
    for (size_t i = 0; i < job->count; i++) {
        struct set *set = &job->sets[i];
        if (set->serial == confirmed->serial && set->version == confirmed->version)
            return set;
    }
    return NULL;
}

static void report_confirmed(struct sim *sim, const struct job *job) {
    size_t count;
    const struct arrange_confirmed *confirmed = arrange_confirmed(job->arrange, &count);
    for (size_t i = 0; i < count; i++) {
        struct set *set = set_find(job, &confirmed[i]);
        if (set == NULL)
            sim_fail(sim, "a set is confirmed that was not sent");
        else if (!set->reported)
            report(sim, set, OUTCOME_OK);
    }
}

/* reply: to one piece; NULL: there was no child to hand a piece to. */
void arrange_handle(struct sim *sim, struct job *job, const struct reply *reply) {
    if (reply != NULL)
        take_answer(job, reply);
    if (job->early || arrange_is_over(job->arrange))
        report_confirmed(sim, job);
    if (!arrange_is_over(job->arrange))
        return;
    for (size_t i = 0; i < job->count; i++) {
        if (!job->sets[i].reported)
            report(sim, &job->sets[i], OUTCOME_BROKEN);
    }
    job_free(sim, job);
}

static void own_piece_answered(struct sim *sim, void *arg, const struct reply *reply) {
    shell_post(sim, &(struct posted){.kind = POST_ARRANGED, .job = arg, .reply = *reply});
}

static void add_set(struct sim *sim, struct arrange *arrange, const struct engine_set *set) {
    char address[WIRE_ADDRESS_MAX];
    bool good = arrange_add_set(arrange, set->parent, set->parent_id, set->version,
                                (uint32_t)set->count);
    for (size_t i = 0; i < set->count; i++) {
        const struct engine_node *node = &set->nodes[i];
        const struct wire_node child = {
            .serial = node->serial, .id = node->id, .low = node->low, .high = node->high};
        snprintf(address, sizeof address, "%" PRIu64, node->serial);
        good = good && arrange_add_child(arrange, &child, address);
    }
    if (!good)
        abort();
    sim->totals->sets++;
    sim_trace(sim, "set v%" PRIu64 " of %zu -> #%" PRIu64, set->version, set->count, set->parent);
}

void arrange_begin(struct sim *sim, const struct engine_set *sets, size_t count) {
    struct arrange *arrange = arrange_new();
    if (arrange == NULL)
        abort();
    struct job *job = job_new(sim, &sim->controller, arrange);
    job->sets = sim_alloc(sim, count * sizeof *job->sets);
    job->count = count;
    job->early = sim_chance(sim, 50);
    for (size_t i = 0; i < count; i++) {
        add_set(sim, arrange, &sets[i]);
        job->sets[i] = (struct set){.serial = sets[i].parent, .version = sets[i].version};
    }
    hand_on(sim, job, own_piece_answered);
    if (arrange_is_over(arrange))
        shell_post(sim, &(struct posted){.kind = POST_ARRANGED, .job = job, .alone = true});
}
