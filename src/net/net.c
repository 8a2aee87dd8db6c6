#include "net.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "wire/wire.h"

enum { NET_OVERHEAD = 64 }; /* of nng's own headers in a message */

int net_init(void) {
    return compat_init();
}

const char *net_version(void) {
    static char text[64];
    snprintf(text, sizeof text, "nng %s (%s)", nng_version(), BANYAN_NNG_MODE);
    return text;
}

static const char *suffix(enum net_kind kind) {
    return kind == NET_REQUESTS ? ".req" : ".srv";
}

static const char scheme[] = "ipc://";

/* The path of a socket; NULL: another transport. */
static const char *path_of(const char *url) {
    return strncmp(url, scheme, strlen(scheme)) == 0 ? url + strlen(scheme) : NULL;
}

bool net_url(const char *address, enum net_kind kind, char url[NET_URL_MAX]) {
    int len = snprintf(url, NET_URL_MAX, "%s%s", address, suffix(kind));
    const char *path = path_of(url);
    return len > 0 && len < NET_URL_MAX && (path == NULL || strlen(path) <= NET_PATH_MAX);
}

bool net_listens(const char *url) {
    const char *path = path_of(url);
    return path == NULL || access(path, F_OK) == 0;
}

void net_unlink(const char *address) {
    char url[NET_URL_MAX];
    for (int kind = NET_REQUESTS; kind <= NET_SURVEYS; kind++) {
        if (net_url(address, (enum net_kind)kind, url) && path_of(url) != NULL)
            unlink(path_of(url)); /* it may be gone already */
    }
}

/* Called before a connection is used; closing it is how one is refused. A transport that cannot
 * tell the peer's user does not come with the private directory either. */
static void admit(nng_pipe pipe, nng_pipe_ev event, void *arg) {
    uint64_t uid;
    (void)event, (void)arg;
    int error = compat_peer_uid(pipe, &uid);
    if (error == NNG_ENOTSUP)
        return;
    if (error != 0 || uid != geteuid())
        nng_pipe_close(pipe);
}

int net_guard(nng_socket socket) {
    int error = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, WIRE_MESSAGE_MAX + NET_OVERHEAD);
    if (error == 0)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, admit, NULL);
    return error;
}

#ifdef NET_REPAIRED
/* Of the library that is linked statically: what its own protocols do to keep a message. */
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
