#include "requests.h"

#include <stdio.h>
#include <stdlib.h>

#include "controller.h"

void *request_new(struct banyan *tree, size_t size,
                  void (*handle)(struct banyan *tree, struct event *event)) {
    struct request *request = calloc(1, size);
    if (request != NULL)
        request->event = (struct event){.handle = handle, .inbox = &tree->inbox};
    return request;
}

void request_ended(void *arg, int error, nng_msg *reply) {
    struct request *request = arg;
    request->error = error;
    request->reply = reply;
    event_post(&request->event);
}

void request_send(struct banyan *tree, struct request *request, int64_t id, nng_msg *message) {
    if (message == NULL)
        request_ended(request, NNG_ENOMEM, NULL);
    else
        children_request(tree->children, id, message, request_ended, request);
}

enum outcome request_outcome(const struct request *request, enum wire_operation operation,
                             struct wire_reader *reader, char text[WIRE_TEXT_MAX]) {
    enum wire_status status;
    if (request->error == NNG_ENOMEM) {
        snprintf(text, WIRE_TEXT_MAX, "out of memory");
        return OUTCOME_REFUSED;
    }
    if (request->error != 0)
        return OUTCOME_BROKEN;
    const uint8_t *body = nng_msg_body(request->reply);
    *reader = (struct wire_reader){.at = body, .end = body + nng_msg_len(request->reply)};
    if (!wire_get_answer(reader, operation, &status)) {
        snprintf(text, WIRE_TEXT_MAX, "the node answered with something else");
        return OUTCOME_REFUSED;
    }
    if (status == WIRE_REFUSED)
        wire_get_text(reader, text, WIRE_TEXT_MAX);
    if (status == WIRE_REFUSED && text[0] == '\0') /* there is no text, or it does not decode */
        snprintf(text, WIRE_TEXT_MAX, "the node refuses without saying why");
    return status == WIRE_OK       ? OUTCOME_OK
           : status == WIRE_BROKEN ? OUTCOME_BROKEN
                                   : OUTCOME_REFUSED;
}

void request_free(struct request *request) {
    if (request->reply != NULL)
        nng_msg_free(request->reply);
    free(request);
}
