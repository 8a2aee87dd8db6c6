/*
 * net: what all files that use nng share: start, socket options, messages in memory, the clock. All
 * files include nng through this header.
 *
 * Facts about nng were read from its source, 1.5.2 and later, and measured.
 */
#ifndef BANYAN_NET_H
#define BANYAN_NET_H

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/protocol/survey0/respond.h>
#include <nng/protocol/survey0/survey.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The two sockets of a node; its address names both. */
enum net_kind {
    NET_REQUESTS, /* REP */
    NET_SURVEYS,  /* RESPONDENT */
};

enum {
    NET_URL_MAX = 136,  /* with its end mark */
    NET_PATH_MAX = 107, /* bytes of a socket's path: the room in sun_path, without its end mark */
};

/* Limits the threads that nng starts. To be called before any other function of nng. */
void net_init(void);

/* "nng 1.5.2 (static, patched)". */
const char *net_version(void);

/* Bounds the size of messages, and refuses peers of other users. 0, or an error of nng. */
int net_guard(nng_socket socket);

/* Prepares a socket for dialing: guards it, sets the times between attempts, and makes nng call
 * event, on its threads, when a connection is made or lost. 0, or an error of nng. */
int net_guard_dialing(nng_socket socket, nng_pipe_cb event, void *arg);

/* A copy of a message, to be sent; NULL: out of memory. If nng is patched, the result is the
 * message itself with one more owner: it must be neither changed nor sent again while it is
 * shared. */
nng_msg *net_share(nng_msg *message);

/* Whether nng still owns a shared message. */
bool net_is_shared(nng_msg *message);

/* Between these two calls, callbacks of operations that this thread starts, and that complete at
 * once, wait; net_run_deferred runs them on this thread. Otherwise another thread would be woken
 * for each callback, and would contend for the locks that this thread holds. The calls may be
 * nested. net_run_deferred must be called without a lock that a callback takes. If nng is not
 * patched, both do nothing. Any thread. */
void net_defer(void);
void net_run_deferred(void);

/* The machine's monotonic clock, in microseconds: the same for all processes. */
uint64_t net_now_us(void);

#endif
