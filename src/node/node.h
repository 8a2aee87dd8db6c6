/*
 * node: the worker process. It listens at its address for requests and surveys; adds numbers; sends
 * on what is for others; starts the nodes beneath it.
 *
 *   main.c      start, end, and the main thread's loop
 *   requests.c  requests and surveys, on nng's threads: relayed, answered, or handed on to main
 *   starts.c    on the main thread, since it takes time: starting nodes, changing the children
 *
 * It joins the tree once its parent is connected to both of its sockets, and tells the controller so.
 *
 * How it ends: with the controller (lifeline), with its parent before it has joined (birth), or by
 * a signal. It keeps nothing that would be missed.
 */
#ifndef BANYAN_NODE_H
#define BANYAN_NODE_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/children.h"
#include "net/service.h"
#include "wire/wire.h"

/* A request for the main thread. */
struct work {
    struct call *call;
    nng_msg *message;
    enum wire_operation operation;
    struct work *prev, *next;
};

/* A node that this one has started. Its process stays this one's to collect until a REAP. */
struct start {
    struct child child;
    uint64_t version; /* of the request */
    int pid;
    int birth;         /* -1: closed, since it has joined the tree or ended */
    bool ready;        /* it listens */
    struct call *call; /* the SPAWN that waits for it; NULL: none */
    struct start *prev, *next;
};

/* One change, for which two threads compete: a node that leaves with its parent has not joined. */
enum node_life { NODE_UNBORN, NODE_JOINED, NODE_LEAVING };

struct node {
    int64_t id;
    uint64_t serial;
    const char *program; /* this one: what is started for a child */
    const char *address;
    int lifeline, birth;
    int wake;              /* an eventfd: the main thread has work */
    atomic_uint connected; /* sockets to which somebody has been connected: bits by enum net_kind */
    atomic_int life;       /* enum node_life */
    struct children *children;
    pthread_mutex_t lock; /* of work */
    struct work *work;
    /* of the main thread */
    struct start *starts;
    uint64_t version;     /* of the latest message that had one: an older SPAWN is not obeyed */
    uint64_t set_version; /* of the latest set of them */
};

/* requests.c */
void node_request(void *arg, struct call *call, nng_msg *message);
void node_survey(void *arg, struct call *call, nng_msg *message);
void answer_plain(struct call *call, enum wire_operation operation, enum wire_status status);
void answer_u32(struct call *call, enum wire_operation operation, uint32_t value);
void answer_refused(struct call *call, enum wire_operation operation, const char *text);

/* starts.c */
void starts_work(struct node *node, struct work *work);    /* does it, and answers */
void starts_birth(struct node *node, struct start *start); /* its birth connection has news */

#endif
