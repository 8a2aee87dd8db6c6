/*
 * compat: nng 1.5.2 to 2, as one: the lines that differ between its versions. Everything in this
 * program that uses nng includes it through this file, and uses the names of nng 1; what nng 2 has
 * removed or renamed stands here. (Its guide "Migrating from NNG 1.x" and nng.h of 2.0.0-alpha.7.)
 *
 *                        nng 1                           nng 2
 *   headers              one for each protocol           nng/nng.h alone
 *   nng_close            closes a socket                 nng_socket_close
 *   start                with the first call; from 1.7   nng_init, before all others
 *                        on nng_init_set_parameter
 *   user of a peer       NNG_OPT_IPC_PEER_UID, uint64    NNG_OPT_PEER_UID, int
 */
#ifndef BANYAN_COMPAT_H
#define BANYAN_COMPAT_H

#include <nng/nng.h>
#include <stdint.h>

enum { COMPAT_TASK_THREADS = 2 };

#if NNG_MAJOR_VERSION >= 2

#define nng_close(socket) nng_socket_close(socket)

/* Starts nng with few threads, before any other call. 0, also if it has started; or an error. */
static inline int compat_init(void) {
    int error = nng_init(&(nng_init_params){.num_task_threads = COMPAT_TASK_THREADS,
                                            .num_expire_threads = 1,
                                            .num_poller_threads = 1,
                                            .num_resolver_threads = 1});
    return error == NNG_EBUSY ? 0 : error;
}

/* The user of a peer's process. 0, or an error of nng; NNG_ENOTSUP: the transport does not know. */
static inline int compat_peer_uid(nng_pipe pipe, uint64_t *uid) {
    int id = -1;
    int error = nng_pipe_get_int(pipe, NNG_OPT_PEER_UID, &id);
    *uid = (uint64_t)id;
    return error;
}

#else

#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/protocol/survey0/respond.h>
#include <nng/protocol/survey0/survey.h>
#include <nng/transport/ipc/ipc.h>

static inline int compat_init(void) {
#if NNG_MINOR_VERSION >= 7
    nng_init_set_parameter(NNG_INIT_NUM_TASK_THREADS, COMPAT_TASK_THREADS);
    nng_init_set_parameter(NNG_INIT_NUM_EXPIRE_THREADS, 1);
    nng_init_set_parameter(NNG_INIT_NUM_POLLER_THREADS, 1);
    nng_init_set_parameter(NNG_INIT_NUM_RESOLVER_THREADS, 1);
#endif
    return 0;
}

static inline int compat_peer_uid(nng_pipe pipe, uint64_t *uid) {
    return nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, uid);
}

#endif

#endif
