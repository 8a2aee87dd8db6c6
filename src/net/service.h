/*
 * service: the listening end of a node, for requests (REP) or surveys (RESPONDENT).
 *
 * A service keeps a number of calls waiting for a message each, and opens more when nearly all are
 * busy: with none waiting, nng parks a message for each connection and stops reading it, and nng
 * below 1.10 crashes when a connection with a parked survey breaks.
 *
 * How it can fail: a peer that speaks garbage is nng's to disconnect, or the handler's to refuse;
 * an answer to a peer that is gone is dropped; one to a peer that does not read is dropped after
 * some seconds. A service is not closed: its process ends.
 */
#ifndef BANYAN_SERVICE_H
#define BANYAN_SERVICE_H

#include "net.h"

struct service;
struct call;

/* Takes the message and, now or later, from any thread, calls call_answer or call_drop, once. Runs
 * on a thread of nng and must not wait. */
typedef void service_handler(void *arg, struct call *call, nng_msg *message);

/* A peer is connected, and may send. Runs on a thread of nng. */
typedef void service_connected(void *arg, enum net_kind kind);

/* Listens; connected may be NULL. *error is an error of nng where the result is NULL. */
struct service *service_open(enum net_kind kind, const char *url, service_handler *handler,
                             service_connected *connected, void *arg, int *error);

/* Sends the answer, which is taken. Any thread. */
void call_answer(struct call *call, nng_msg *answer);

/* Answers nothing. Any thread. */
void call_drop(struct call *call);

#endif
