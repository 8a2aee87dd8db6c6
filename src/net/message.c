#include "message.h"

#include <string.h>

/* NULL: out of memory. */
static nng_msg *message_new(size_t len, struct wire_writer *writer) {
    nng_msg *message;
    if (nng_msg_alloc(&message, len) != 0)
        return NULL;
    uint8_t *body = nng_msg_body(message);
    *writer = (struct wire_writer){.at = body, .end = body + len};
    return message;
}

nng_msg *message_request(const struct wire_head *head, size_t len, struct wire_writer *writer) {
    nng_msg *message = message_new(WIRE_HEAD + len, writer);
    if (message != NULL)
        wire_put_head(writer, head);
    return message;
}

nng_msg *message_answer(enum wire_operation operation, enum wire_status status, size_t len,
                        struct wire_writer *writer) {
    struct wire_writer own;
    nng_msg *message = message_new(WIRE_ANSWER_HEAD + len, &own);
    if (message != NULL)
        wire_put_answer(&own, operation, status);
    if (writer != NULL)
        *writer = own;
    return message;
}

nng_msg *message_refusal(enum wire_operation operation, const char *text) {
    struct wire_writer writer;
    nng_msg *message = message_answer(operation, WIRE_REFUSED, 2 + strlen(text), &writer);
    if (message != NULL)
        wire_put_text(&writer, text);
    return message;
}

void message_cut(nng_msg *message, const struct wire_writer *writer) {
    nng_msg_chop(message, (size_t)(writer->end - writer->at)); /* never more than it has */
}

struct wire_reader message_reader(nng_msg *message) {
    const uint8_t *body = nng_msg_body(message);
    return (struct wire_reader){.at = body, .end = body + nng_msg_len(message)};
}
