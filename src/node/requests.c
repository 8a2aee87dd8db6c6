/*
 * requests.c: what runs on nng's threads. Nothing here waits.
 *
 * A request for another node goes to the child that leads there, and the answer back, without a
 * look at either. Where no child leads there, or the path breaks, the answer says so: the
 * controller knows what to do.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utlist.h>

#include "node.h"
#include "sum/sum.h"

/* ---- answers ---- */

static void answer_buffer(struct call *call, const uint8_t *bytes, const struct wire_writer *end) {
    nng_msg *answer;
    if (nng_msg_alloc(&answer, 0) != 0) {
        call_drop(call); /* without memory the peer is left to its survey */
    } else if (nng_msg_append(answer, bytes, (size_t)(end->at - bytes)) != 0) {
        nng_msg_free(answer);
        call_drop(call);
    } else {
        call_answer(call, answer);
    }
}

void answer_plain(struct call *call, enum wire_operation operation, enum wire_status status) {
    uint8_t bytes[WIRE_ANSWER_HEAD];
    struct wire_writer writer = {.at = bytes, .end = bytes + sizeof bytes};
    wire_put_answer(&writer, operation, status);
    answer_buffer(call, bytes, &writer);
}

void answer_u32(struct call *call, enum wire_operation operation, uint32_t value) {
    uint8_t bytes[WIRE_ANSWER_HEAD + 4];
    struct wire_writer writer = {.at = bytes, .end = bytes + sizeof bytes};
    wire_put_answer(&writer, operation, WIRE_OK);
    wire_put_u32(&writer, value);
    answer_buffer(call, bytes, &writer);
}

void answer_refused(struct call *call, enum wire_operation operation, const char *text) {
    uint8_t bytes[WIRE_ANSWER_HEAD + 2 + WIRE_TEXT_MAX];
    struct wire_writer writer = {.at = bytes, .end = bytes + sizeof bytes};
    wire_put_answer(&writer, operation, WIRE_REFUSED);
    wire_put_text(&writer, text);
    answer_buffer(call, bytes, &writer);
}

/* ---- relaying ---- */

static void relayed(void *arg, int error, nng_msg *answer) {
    struct call *call = arg;
    if (error == 0)
        call_answer(call, answer);
    else
        answer_plain(call, WIRE_PROBE, WIRE_BROKEN);
}

/* ---- sums ---- */

static void put_sum(struct wire_writer *writer, const char *text, const struct sum_result *sum) {
    uint32_t shown = sum->error == SUM_OK            ? 0
                     : sum->word_len < WIRE_WORD_MAX ? (uint32_t)sum->word_len
                                                     : WIRE_WORD_MAX;
    wire_put_u64(writer, sum->count);
    wire_put_i128(writer, sum->sum);
    wire_put_u32(writer, sum->error);
    wire_put_u32(writer, sum->error == SUM_OK ? 0 : (uint32_t)sum->word_len);
    wire_put_bytes(writer, text + sum->word_at, shown);
}

/* Adds every slice of the request. False: the request is malformed, or there is no room. */
static bool put_sums(struct wire_writer *writer, struct wire_reader reader) {
    uint32_t count = wire_get_u32(&reader);
    struct wire_reader sizes = {.at = wire_get_bytes(&reader, (size_t)count * 4)};
    if (sizes.at == NULL)
        return false;
    sizes.end = reader.at;
    wire_put_answer(writer, WIRE_SUMS, WIRE_OK);
    wire_put_u32(writer, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = wire_get_u32(&sizes);
        enum sum_blank blank = (size & WIRE_FROM_FILE) != 0 ? SUM_BLANK_FILE : SUM_BLANK_LINE;
        size_t len = size & ~WIRE_FROM_FILE;
        const char *text = (const char *)wire_get_bytes(&reader, len);
        struct sum_result sum;
        if (text == NULL)
            return false;
        sum_text(text, len, blank, &sum);
        put_sum(writer, text, &sum);
    }
    return wire_get_end(&reader) && !writer->overflow;
}

/* Answers with room for so many bytes; false: more are needed, or the request is malformed. */
static bool answer_sums(struct call *call, struct wire_reader reader, size_t room) {
    nng_msg *answer;
    if (nng_msg_alloc(&answer, room) != 0)
        return false;
    uint8_t *body = nng_msg_body(answer);
    struct wire_writer writer = {.at = body, .end = body + room};
    if (!put_sums(&writer, reader) || nng_msg_chop(answer, (size_t)(writer.end - writer.at)) != 0) {
        nng_msg_free(answer);
        return false;
    }
    call_answer(call, answer);
    return true;
}

static void do_sums(struct call *call, struct wire_reader reader) {
    struct wire_reader ahead = reader;
    uint32_t count = wire_get_u32(&ahead);
    size_t head = WIRE_ANSWER_HEAD + 4, most = WIRE_SUM_MIN + WIRE_WORD_MAX;
    if (count > (size_t)(ahead.end - ahead.at) / 4)
        answer_refused(call, WIRE_SUMS, "malformed request");
    else if (!answer_sums(call, reader, head + count * (size_t)WIRE_SUM_MIN + 4 * most) &&
             !answer_sums(call, reader, head + count * most)) /* many wrong words */
        answer_refused(call, WIRE_SUMS, "malformed request, or out of memory");
}

/* ---- requests for this node ---- */

static void wake(struct node *node) {
    uint64_t one = 1;
    if (write(node->wake, &one, sizeof one) < 0)
        return; /* the counter is full: the main thread is awake */
}

static bool hand_over(struct node *node, struct call *call, nng_msg *message,
                      enum wire_operation operation) {
    struct work *work = malloc(sizeof *work);
    if (work == NULL)
        return false;
    *work = (struct work){.call = call, .message = message, .operation = operation};
    pthread_mutex_lock(&node->lock);
    DL_APPEND(node->work, work);
    pthread_mutex_unlock(&node->lock);
    wake(node);
    return true;
}

void node_request(void *arg, struct call *call, nng_msg *message) {
    struct node *node = arg;
    const uint8_t *body = nng_msg_body(message);
    struct wire_reader reader = {.at = body, .end = body + nng_msg_len(message)};
    struct wire_head head;
    if (!wire_get_head(&reader, &head)) {
        answer_refused(call, WIRE_PROBE, "malformed request");
    } else if (head.id != node->id) {
        children_request(node->children, head.id, message, relayed, call);
        return; /* taken */
    } else if (head.serial != node->serial) {
        answer_plain(call, head.operation, WIRE_BROKEN);
    } else if (head.operation == WIRE_SUMS) {
        do_sums(call, reader);
    } else if (head.operation == WIRE_PROBE) {
        answer_plain(call, WIRE_PROBE, WIRE_OK);
    } else if (hand_over(node, call, message, head.operation)) {
        return; /* taken */
    } else {
        answer_refused(call, head.operation, "out of memory");
    }
    nng_msg_free(message);
}

/* ---- surveys ---- */

struct survey_call {
    struct node *node;
    struct call *call;
};

static void surveyed(void *arg, const uint64_t *serials, size_t count) {
    struct survey_call *survey = arg;
    struct call *call = survey->call;
    uint64_t own = survey->node->serial;
    nng_msg *answer;
    free(survey);
    if (nng_msg_alloc(&answer, WIRE_ANSWER_HEAD + 4 + (count + 1) * 8) != 0) {
        call_drop(call);
        return;
    }
    uint8_t *body = nng_msg_body(answer);
    struct wire_writer writer = {.at = body, .end = body + nng_msg_len(answer)};
    wire_put_answer(&writer, WIRE_PING, WIRE_OK);
    wire_put_u32(&writer, (uint32_t)count + 1);
    wire_put_u64(&writer, own);
    for (size_t i = 0; i < count; i++)
        wire_put_u64(&writer, serials[i]);
    call_answer(call, answer);
}

/* A question whose time is over lay in a queue while this process was stopped; nobody waits for the
 * answer any more. */
void node_survey(void *arg, struct call *call, nng_msg *message) {
    const uint8_t *body = nng_msg_body(message);
    struct wire_reader reader = {.at = body, .end = body + nng_msg_len(message)};
    struct wire_head head;
    bool good = wire_get_head(&reader, &head) && head.operation == WIRE_PING;
    uint64_t round = wire_get_u64(&reader);
    uint64_t deadline_us = wire_get_u64(&reader);
    uint64_t slack_us = wire_get_u64(&reader);
    good = good && wire_get_end(&reader) && slack_us < deadline_us;
    nng_msg_free(message);
    struct survey_call *survey = good && deadline_us > net_now_us() ? malloc(sizeof *survey) : NULL;
    if (survey == NULL) {
        call_drop(call);
        return;
    }
    *survey = (struct survey_call){.node = arg, .call = call};
    survey_start(children_surveyor(survey->node->children), round, deadline_us - slack_us, slack_us,
                 surveyed, survey);
}
