/*
 * requests.c: the handlers of requests and surveys. They run on nng's threads and never block.
 *
 * A request for another node goes to the child that leads there, and its answer comes back, neither
 * being decoded. If no child leads there, or the path breaks, the answer is WIRE_BROKEN, and the
 * controller repairs the path.
 */
#include <stdlib.h>

#include "net/message.h"
#include "node.h"

/* ---- requests ---- */

static void relayed(void *arg, int error, nng_msg *answer) {
    if (error != 0)
        answer = message_answer(WIRE_PROBE, WIRE_BROKEN, 0, NULL);
    exchange_answer(arg, answer);
}

void node_request(void *arg, struct exchange *exchange, nng_msg *message) {
    struct node *node = arg;
    struct wire_reader reader = message_reader(message);
    struct wire_head head;
    switch (rules_request(&node->rules, &reader, &head)) {
    case RULES_RELAY:
        children_request(node->children, head.id, message, relayed, exchange);
        return; /* the message was taken */
    case RULES_SUMS:
        node_sums(exchange, reader);
        break;
    case RULES_ALIVE:
        exchange_answer(exchange, message_answer(WIRE_PROBE, WIRE_OK, 0, NULL));
        break;
    case RULES_ARRANGE:
        arranging_accept(node, exchange, reader);
        break;
    case RULES_OUTDATED:
        exchange_answer(exchange, message_answer(head.operation, WIRE_BROKEN, 0, NULL));
        break;
    case RULES_MALFORMED:
        exchange_answer(exchange, message_refusal(WIRE_PROBE, "malformed request"));
        break;
    }
    nng_msg_free(message);
}

/* ---- surveys ---- */

struct survey_exchange {
    struct exchange *exchange;
    uint64_t serial; /* of this node */
};

static void surveyed(void *arg, const uint64_t *serials, size_t count) {
    struct survey_exchange survey = *(struct survey_exchange *)arg;
    struct wire_writer writer;
    free(arg);
    nng_msg *answer = message_answer(WIRE_PING, WIRE_OK, 4 + (count + 1) * 8, &writer);
    if (answer != NULL) {
        wire_put_u32(&writer, (uint32_t)count + 1);
        wire_put_u64(&writer, survey.serial);
        for (size_t i = 0; i < count; i++)
            wire_put_u64(&writer, serials[i]);
    }
    exchange_answer(survey.exchange, answer);
}

void node_survey(void *arg, struct exchange *exchange, nng_msg *message) {
    struct node *node = arg;
    struct wire_reader reader = message_reader(message);
    struct rules_survey asked;
    pthread_mutex_lock(&node->lock);
    bool takes_part = rules_survey(&node->rules, &reader, &asked);
    pthread_mutex_unlock(&node->lock);
    nng_msg_free(message);
    struct survey_exchange *survey = takes_part ? malloc(sizeof *survey) : NULL;
    if (survey == NULL) {
        exchange_drop(exchange);
        return;
    }
    *survey = (struct survey_exchange){.exchange = exchange, .serial = node->rules.serial};
    survey_start(children_surveyor(node->children), asked.round, asked.budget_us, asked.slack_us,
                 surveyed, survey);
}
