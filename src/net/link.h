/*
 * link: the dialing end for requests: one REQ socket to one peer, and its requests in flight.
 *
 * One peer for each socket, because a REQ socket distributes its requests among its peers. nng does
 * not resend: a request whose peer is lost fails at once with NNG_ECONNRESET, and the caller may
 * retry. When a peer is lost, nng does not fail requests that still wait for the connection; this
 * module does.
 *
 * Every request ends with exactly one call of its link_done.
 */
#ifndef BANYAN_LINK_H
#define BANYAN_LINK_H

#include "net.h"

struct link;

/* The end of a request. error 0: reply is the answer, to be freed by the callee. Otherwise error is
 * one of nng's. Runs on a thread of nng, or within link_request, and must not block. */
typedef void link_done(void *arg, int error, nng_msg *reply);

/* Starts to dial, without waiting: requests wait for the connection. 0, or an error of nng. Any
 * thread. */
int link_open(struct link **link, const char *url);

/* Sends a request, which is taken. Any thread. */
void link_request(struct link *link, nng_msg *request, link_done *done, void *arg);

/* Fails the requests in flight, and closes the link through the closer, without waiting. Not on a
 * thread of nng. */
void link_close(struct link *link);

#endif
