/*
 * requests.c: a shell around the node's rules, as src/node has it. Sums and direct questions are
 * answered at once; sets of children go to the main thread, which does one thing after the other.
 */
#include <inttypes.h>

#include "sim.h"

static void answer_plain(struct sim *sim, struct leg *hop, enum wire_status status) {
    request_answer(sim, hop, &(struct reply){.status = status});
}

/* ---- relaying ---- */

static void relayed(struct sim *sim, void *arg, const struct reply *reply) {
    request_answer(sim, arg, reply);
}

/* ---- on the main thread ---- */

struct work {
    struct node *node;
    struct leg *hop;
    struct message body;
};

static void do_arrange(struct sim *sim, void *arg) {
    struct work *work = arg;
    arrange_request(sim, work->node, work->hop, &work->body);
}

static void hand_over(struct sim *sim, struct node *node, struct leg *hop,
                      const struct wire_reader *body) {
    struct work *work = sim_alloc(sim, sizeof *work);
    work->node = node;
    work->hop = hop;
    work->body = (struct message){.bytes = body->at, .len = (size_t)(body->end - body->at)};
    if (node->work_us < sim->now_us)
        node->work_us = sim->now_us;
    node->work_us += sim_between(sim, 1, 300);
    sim_at(sim, node->work_us, node, do_arrange, work);
}

/* ---- on arrival ---- */

void node_request(struct sim *sim, struct node *node, struct leg *hop) {
    const struct message *message = &hop->message;
    struct wire_reader reader = {.at = message->bytes, .end = message->bytes + message->len};
    struct wire_head head;
    switch (rules_request(&node->rules, &reader, &head)) {
    case RULES_RELAY:
        request_send(sim, node, head.id, message, relayed, hop);
        break;
    case RULES_SUMS: /* what they are worth is known to the shell already */
    case RULES_ALIVE:
        answer_plain(sim, hop, WIRE_OK);
        break;
    case RULES_ARRANGE:
        hand_over(sim, node, hop, &reader);
        break;
    case RULES_OUTDATED:
        answer_plain(sim, hop, WIRE_BROKEN);
        break;
    default:
        sim_fail(sim, "#%" PRIu64 " gets a malformed request", node->serial);
    }
}
