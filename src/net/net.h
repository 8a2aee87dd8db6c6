/*
 * net: what every user of nng in this program shares: start-up, addresses, socket options. What
 * differs between versions of nng stands in compat.h.
 *
 * Facts about nng were read from its source, 1.5.2 and later, and measured.
 */
#ifndef BANYAN_NET_H
#define BANYAN_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/compat.h"

/* The two sockets of a node; its address names both. */
enum net_kind {
    NET_REQUESTS, /* REP */
    NET_SURVEYS,  /* RESPONDENT */
};

enum {
    NET_URL_MAX = 136,  /* with its end mark */
    NET_PATH_MAX = 107, /* bytes of a socket's path: what sun_path holds */
};

/* Settles how many threads nng starts. Before any other call of nng. 0, or an error of nng (2 and
 * later). */
int net_init(void);

/* "nng 1.5.2 (static, repaired)". */
const char *net_version(void);

/* The URL of one socket of the node at an address; false: it would be too long. Nng retries such a
 * path for ever, without an error. */
bool net_url(const char *address, enum net_kind kind, char url[NET_URL_MAX]);

/* Whether there may be a listener at a URL: that of a node is removed when the node has ended. */
bool net_listens(const char *url);

/* Removes the socket files of the node at an address, if any. */
void net_unlink(const char *address);

/* Bounds what a peer may send, and lets in no peer of another user. 0, or an error of nng. */
int net_guard(nng_socket socket);

/* The same message once more, to be sent; NULL: out of memory. Where nng is repaired, that is another
 * name for it: its bytes must not change as long as it is shared, and it must not be sent again. */
nng_msg *net_share(nng_msg *message);

/* Whether nng still holds a message that was shared. */
bool net_is_shared(nng_msg *message);

/* The machine's monotonic clock, in microseconds: the same for all processes. */
uint64_t net_now_us(void);

#endif
