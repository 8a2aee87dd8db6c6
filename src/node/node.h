/*
 * node: the worker process. It listens at its address for requests and surveys, adds numbers,
 * relays requests for other nodes, and connects to the children of the latest set.
 *
 *   main.c       start and end; the main thread's loop
 *   rules.c      what to do with each message (pure)
 *   requests.c   requests and surveys, on nng's threads: relays or answers them, or hands them to
 *                arranging.c
 *   sums.c       adds the numbers of a request
 *   arranging.c  new sets of children: takes the node's own, hands the others on
 *
 * How it ends: when its birth line ends, because the controller has ended; or by a signal. A node
 * keeps no state that is needed after its end.
 */
#ifndef BANYAN_NODE_H
#define BANYAN_NODE_H

#include <pthread.h>

#include "net/children.h"
#include "net/service.h"
#include "rules.h"

struct node {
    const char *address;
    struct children *children;
    int wake;             /* an eventfd: the main thread has work */
    pthread_mutex_t lock; /* of all below, and of every arranging in flight */
    struct rules rules;
    struct arranging *work; /* arrangings for the main thread */
};

/* ---- requests.c, on nng's threads ---- */

/* The service_handlers of the two services; arg is the node. */
void node_request(void *arg, struct exchange *exchange, nng_msg *message);
void node_survey(void *arg, struct exchange *exchange, nng_msg *message);

/* ---- sums.c ---- */

/* Adds the numbers of a request, and answers. The reader is behind its head. Any thread. */
void node_sums(struct exchange *exchange, struct wire_reader reader);

/* ---- arranging.c ---- */

/* Queues a request for the main thread, or refuses it. The reader is behind its head. Any
 * thread. */
void arranging_accept(struct node *node, struct exchange *exchange, struct wire_reader reader);

/* Handles the queued requests. On the main thread. */
void arranging_work(struct node *node);

#endif
