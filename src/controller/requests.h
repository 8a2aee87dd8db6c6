/*
 * requests: messages to nodes. A request ends exactly once: with an answer, or with the reason why
 * there is none.
 */
#ifndef BANYAN_REQUESTS_H
#define BANYAN_REQUESTS_H

#include "core/engine.h"
#include "inbox.h"
#include "net/net.h"
#include "wire/wire.h"

/* A request in flight; the first member of a record of the module that sends it. */
struct request {
    struct event event;
    int error;      /* of nng; 0: reply is there */
    nng_msg *reply; /* NULL: none */
};

/* A record of size bytes, zeroed behind its request. handle runs on the thread of the tree when the
 * request has ended, and frees the record. NULL: out of memory. */
void *request_new(struct banyan *tree, size_t size,
                  void (*handle)(struct banyan *tree, struct event *event));

/* Sends the message, which is taken, down the tree to the node with that id. message NULL: the
 * request ends with NNG_ENOMEM. In either case `handle` is called later. */
void request_send(struct banyan *tree, struct request *request, int64_t id, nng_msg *message);

/* The link_done of a request. Any thread. */
void request_ended(void *request, int error, nng_msg *reply);

/* How a request for the operation ended. OUTCOME_OK: the reader is behind the head of the answer.
 * OUTCOME_REFUSED: text says why. */
enum outcome request_outcome(const struct request *request, enum wire_operation operation,
                             struct wire_reader *reader, char text[WIRE_TEXT_MAX]);

/* Frees the record and the reply. */
void request_free(struct request *request);

#endif
