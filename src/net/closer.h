/*
 * closer: one thread of this process that closes what takes time to close. nng_close and
 * nng_dialer_close wait until other threads of nng have let go: some milliseconds, under load tens
 * of them, in which a node could not repair its children and the controller could not do anything.
 *
 * Besides, what is just being connected is not closed: nng (1.5.2 to 1.10) forgets a connection whose
 * handshake ends between the two steps of closing its dialer, and its descriptor stays open; one in
 * a hundred, when dialers are closed at random moments of their first half millisecond. So a dialer
 * is closed when it is connected, or some moments after nobody listens any more (the last handshake may
 * still be on its way through nng's threads), or when nng has given the handshake up.
 *
 * The thread is started when it is needed first, and stays.
 */
#ifndef BANYAN_CLOSER_H
#define BANYAN_CLOSER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "net.h"

/* Embedded in what is to be closed; belongs to the closer until `close` is called. */
struct closing {
    void (*close)(void *arg); /* on the closer's thread; frees arg */
    void *arg;
    char url[NET_URL_MAX]; /* of its dialer */
    atomic_bool connected; /* kept up to date by its owner */
    uint64_t handed_us;    /* when it was handed over */
    uint64_t gone_us;      /* when nobody listened, as was seen first; 0: somebody does */
    struct closing *next;
};

/* Has it closed soon. Without a thread it is closed within the call. Any thread but nng's. */
void closer_close(struct closing *closing);

/* Whether so many wait to be closed that none should be opened that can wait. Any thread. */
bool closer_backed_up(void);

/* Waits until everything that was handed over is closed. Not on the closer's thread, or nng's. */
void closer_wait(void);

#endif
