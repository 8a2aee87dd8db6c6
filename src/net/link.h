/*
 * link: the dialing end for requests: one REQ socket to one peer, and the requests that are under
 * way on it.
 *
 * One peer, because a REQ socket shares its requests out among its peers. Nng sends nothing twice
 * (no resend time): what is lost fails at once with NNG_ECONNRESET, and who asked decides. Nng does
 * not fail the requests that wait for a connection, or behind a busy one, when the peer is lost;
 * this module does.
 *
 * Every request ends with exactly one call of its link_done.
 */
#ifndef BANYAN_LINK_H
#define BANYAN_LINK_H

#include "net.h"

struct link;

/* The end of a request: error is 0 and reply its answer, to be freed by the callee; or error is one
 * of nng's. Runs on a thread of nng and must not wait. */
typedef void link_done(void *arg, int error, nng_msg *reply);

/* Starts to dial and returns without waiting: requests wait for the connection. 0, or an error of
 * nng. */
int link_open(struct link **link, const char *url);

/* Sends a request, which is taken. Any thread. */
void link_request(struct link *link, nng_msg *request, link_done *done, void *arg);

/* Fails what is under way, and closes; neither waits (see closer.h). Not on a thread of nng. */
void link_close(struct link *link);

#endif
