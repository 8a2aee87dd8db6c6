/*
 * closer: a thread that closes sockets and dialers. nng_close and nng_dialer_close wait for other
 * threads of nng: some milliseconds, tens of them under load. During that time a node could not
 * connect to its children, and the controller could do nothing.
 *
 * The closer also never closes a dialer in the middle of a handshake. nng (1.5.2 to 1.10) forgets a
 * connection whose handshake ends between the two steps of closing its dialer, and leaks the
 * descriptor: one in a hundred, if dialers are closed at random moments of their first half
 * millisecond. So a dialer is closed when it is connected; or when nng has given up the handshake;
 * or some milliseconds after its peer has stopped listening, because nng's threads may still be
 * handling the last handshake.
 *
 * The thread starts when it is first needed, and never ends.
 */
#ifndef BANYAN_CLOSER_H
#define BANYAN_CLOSER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "net.h"

/* Embedded in the object to close; belongs to the closer from closer_close until `close` is
 * called. */
struct closing {
    void (*close)(void *arg); /* on the closer's thread; frees arg */
    void *arg;
    char url[NET_URL_MAX]; /* of its dialer */
    atomic_bool connected; /* kept up to date by the object's owner */
    uint64_t handed_us;    /* when closer_close was called */
    uint64_t gone_us;      /* when the peer was first seen not to listen; 0: it listens */
    struct closing *next;
};

/* Closes an object soon; within the call if there is no thread. Any thread but nng's. */
void closer_close(struct closing *closing);

/* Whether so many closings are pending that new connections that can wait should wait. Any
 * thread. */
bool closer_backed_up(void);

/* Waits until no closing is pending. Neither on the closer's thread nor on nng's. */
void closer_wait(void);

#endif
