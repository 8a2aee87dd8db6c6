/* sums.c: adds the numbers of a request, slice by slice. */
#include "net/message.h"
#include "node.h"
#include "sum/sum.h"

enum {
    ANSWER_FIXED = 4, /* bytes of the count */
    WRONG_WORDS = 4,  /* wrong words for which the answer has room at first */
};

static void put_sum(struct wire_writer *writer, const char *text, const struct sum_result *sum) {
    uint32_t word_len = sum->error == SUM_OK ? 0 : (uint32_t)sum->word_len;
    wire_put_u64(writer, sum->count);
    wire_put_i128(writer, sum->sum);
    wire_put_u32(writer, sum->error);
    wire_put_u32(writer, word_len);
    wire_put_bytes(writer, text + sum->word_at,
                   word_len < WIRE_WORD_MAX ? word_len : WIRE_WORD_MAX);
}

/* Adds every slice of the request. False: the request is malformed, or the answer has too little
 * room. */
static bool put_sums(struct wire_writer *writer, struct wire_reader reader) {
    uint32_t count = wire_get_u32(&reader);
    struct wire_reader sizes = {.at = wire_get_bytes(&reader, (size_t)count * 4)};
    if (sizes.at == NULL)
        return false;
    sizes.end = reader.at;
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

/* Answers if `room` bytes suffice and the request is well-formed. False: not answered. */
static bool answer_within(struct exchange *exchange, struct wire_reader reader, size_t room) {
    struct wire_writer writer;
    nng_msg *answer = message_answer(WIRE_SUMS, WIRE_OK, room, &writer);
    if (answer == NULL)
        return false;
    if (!put_sums(&writer, reader)) {
        nng_msg_free(answer);
        return false;
    }
    message_cut(answer, &writer);
    exchange_answer(exchange, answer);
    return true;
}

void node_sums(struct exchange *exchange, struct wire_reader reader) {
    struct wire_reader ahead = reader;
    size_t count = wire_get_u32(&ahead), most = WIRE_SUM_MIN + WIRE_WORD_MAX;
    if (count > (size_t)(ahead.end - ahead.at) / 4)
        exchange_answer(exchange, message_refusal(WIRE_SUMS, "malformed request"));
    else if (!answer_within(exchange, reader,
                            ANSWER_FIXED + count * WIRE_SUM_MIN + WRONG_WORDS * most) &&
             !answer_within(exchange, reader, ANSWER_FIXED + count * most))
        exchange_answer(exchange,
                        message_refusal(WIRE_SUMS, "malformed request, or out of memory"));
}
