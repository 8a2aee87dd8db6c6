/*
 * targets: the connections of a surveyor: SURVEYOR sockets that together dial all children. There
 * are several sockets, because nng queues at most 128 answers of a survey on a socket and drops the
 * rest.
 *
 * The surveyor owns the targets and reads them under their lock; only this module changes them.
 */
#ifndef BANYAN_TARGETS_H
#define BANYAN_TARGETS_H

#include <pthread.h>

#include "closer.h"
#include "net.h"

struct group { /* one socket */
    struct targets *targets;
    nng_socket socket;
    unsigned count; /* targets on it */
    struct group *next;
};

struct target { /* one child */
    uint64_t serial;
    struct group *group;
    nng_dialer dialer;
    bool connected;       /* surveys are sent to it */
    bool removed;         /* to be disconnected */
    struct closing later; /* for the closer */
    struct target *prev, *next;
};

/* A target's connection was lost, or it was removed: no survey needs to wait for it. Under the
 * lock, on any thread. */
typedef void target_lost(void *arg, const struct target *target);

struct targets {
    pthread_mutex_t lock; /* of everything here, and of what the owner keeps about targets */
    struct group *groups;
    struct target *all;
    target_lost *lost;
    void *arg;
};

/* An empty set of targets; lost is called with arg. */
void targets_open(struct targets *targets, target_lost *lost, void *arg);

/* Closes the sockets, so that every operation on them ends. Not on a thread of nng. */
void targets_close(struct targets *targets);

/* Frees what targets_close has left. The closer must have closed every removed target. */
void targets_free(struct targets *targets);

/* Starts to dial a child, without waiting. 0, or an error of nng. Any thread. */
int targets_add(struct targets *targets, uint64_t serial, const char *url);

/* Disconnects a child; nothing if there is none. Not on a thread of nng. */
void targets_remove(struct targets *targets, uint64_t serial);

#endif
