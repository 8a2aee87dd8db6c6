/*
 * surveyor: the dialing end for surveys: SURVEYOR sockets that together dial all children.
 *
 * A survey is sent to the children that are connected, and ends when each of them has answered or
 * was lost, at the latest at its timeout. An answer is a row of serials: of the child itself and of
 * those beneath it that answered it; they are merged into one row.
 *
 * Several sockets, since nng queues at most 128 answers for a survey and drops the rest.
 */
#ifndef BANYAN_SURVEYOR_H
#define BANYAN_SURVEYOR_H

#include "net.h"

struct surveyor;

/* The end of a survey. serials is borrowed. Runs on a thread of nng, or on that of survey_start,
 * and must not wait. */
typedef void survey_done(void *arg, const uint64_t *serials, size_t count);

/* NULL: out of memory. */
struct surveyor *surveyor_new(void);

/* Ends the surveys under way, hangs up on everybody. Not on a thread of nng. */
void surveyor_free(struct surveyor *surveyor);

/* Starts to dial a child, and returns without waiting. 0, or an error of nng. */
int surveyor_add(struct surveyor *surveyor, uint64_t serial, const char *url);

/* Hangs up. Surveys under way no longer wait for the child. Not on a thread of nng. */
void surveyor_remove(struct surveyor *surveyor, uint64_t serial);

/* Surveys the connected children: the question that goes out is (round, deadline_us, slack_us), the
 * deadline in the time of net_now_us. done is called once. Any thread. */
void survey_start(struct surveyor *surveyor, uint64_t round, uint64_t deadline_us,
                  uint64_t slack_us, survey_done *done, void *arg);

#endif
