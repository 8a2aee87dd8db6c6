/*
 * service: the listening end of a node, for requests (REP) or surveys (RESPONDENT).
 *
 * An exchange is one message and its answer. A service keeps some exchanges waiting for a message,
 * and opens more when nearly all are busy. If none waited, nng would park one message for each
 * connection and stop reading it, and nng below 1.10 crashes when a connection with a parked survey
 * breaks.
 *
 * How it can fail: nng disconnects a peer that does not speak its protocol; the handler refuses
 * malformed messages; an answer to a lost peer is dropped; an answer to a peer that does not read
 * is dropped after some seconds. A service is never closed, because its process ends with it.
 */
#ifndef BANYAN_SERVICE_H
#define BANYAN_SERVICE_H

#include "net.h"

struct service;
struct exchange;

/* Takes the message. Must call exchange_answer or exchange_drop once, now or later, on any thread.
 * Runs on a thread of nng and must not block. */
typedef void service_handler(void *arg, struct exchange *exchange, nng_msg *message);

/* A peer is connected, and may send. Runs on a thread of nng. */
typedef void service_connected(void *arg, enum net_kind kind);

/* Listens; to be followed by service_fill. connected may be NULL. NULL: *error is an error of nng,
 * and the process must end. */
struct service *service_open(enum net_kind kind, const char *url, service_handler *handler,
                             service_connected *connected, void *arg, int *error);

/* Opens the remaining exchanges. A service starts with few, because opening them takes as long as
 * all the rest of its start. Any thread. */
void service_fill(struct service *service);

/* Sends the answer, which is taken. NULL, for want of memory: does not answer. Any thread. */
void exchange_answer(struct exchange *exchange, nng_msg *answer);

/* Ends the exchange without an answer. Any thread. */
void exchange_drop(struct exchange *exchange);

#endif
