#include "net.h"

#include <nng/transport/ipc/ipc.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "wire/wire.h"

enum {
    NNG_OVERHEAD = 64,       /* bytes of nng's own headers in a message */
    RECONNECT_FIRST_MS = 10, /* a peer may not listen yet when it is dialed first */
    RECONNECT_LAST_MS = 500, /* a lost peer is dialed rarely */
};

void net_init(void) {
#if NNG_MINOR_VERSION >= 7
    nng_init_set_parameter(NNG_INIT_NUM_TASK_THREADS, 2);
    nng_init_set_parameter(NNG_INIT_NUM_EXPIRE_THREADS, 1);
    nng_init_set_parameter(NNG_INIT_NUM_POLLER_THREADS, 1);
    nng_init_set_parameter(NNG_INIT_NUM_RESOLVER_THREADS, 1);
#endif
}

const char *net_version(void) {
    static char text[64];
    snprintf(text, sizeof text, "nng %s (%s)", nng_version(), BANYAN_NNG_MODE);
    return text;
}

/* Called before a connection is used; closing the pipe refuses the connection. Transports that do
 * not know the peer's user are let through, because this program uses none. */
static void admit(nng_pipe pipe, nng_pipe_ev event, void *arg) {
    uint64_t uid;
    (void)event, (void)arg;
    int error = nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &uid);
    if (error == NNG_ENOTSUP)
        return;
    if (error != 0 || uid != geteuid())
        nng_pipe_close(pipe);
}

int net_guard(nng_socket socket) {
    int error = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, WIRE_MESSAGE_MAX + NNG_OVERHEAD);
    if (error == 0)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, admit, NULL);
    return error;
}

int net_guard_dialing(nng_socket socket, nng_pipe_cb event, void *arg) {
    int error = net_guard(socket);
    if (error == 0)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_FIRST_MS);
    if (error == 0)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, RECONNECT_LAST_MS);
    if (error == 0)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, event, arg);
    if (error == 0)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, event, arg);
    return error;
}

#ifdef NET_PATCHED
/* Internal functions of the statically linked library, by which its own protocols share
 * messages. */
void nni_msg_clone(nng_msg *message);
bool nni_msg_shared(nng_msg *message);

nng_msg *net_share(nng_msg *message) {
    nni_msg_clone(message);
    return message;
}

bool net_is_shared(nng_msg *message) {
    return nni_msg_shared(message);
}
#else
void net_defer(void) {
}

void net_run_deferred(void) {
}

nng_msg *net_share(nng_msg *message) {
    nng_msg *copy;
    return nng_msg_dup(&copy, message) == 0 ? copy : NULL;
}

bool net_is_shared(nng_msg *message) {
    (void)message;
    return false;
}
#endif

uint64_t net_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}
