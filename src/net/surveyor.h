/*
 * surveyor: the dialing end for surveys: connections to all children (targets.h), and surveys in
 * flight.
 *
 * A survey is sent to all connected children. It ends when each of them has answered or was lost,
 * at the latest when its budget is over. An answer is a row of serials: of the child, and of the
 * nodes below it that have answered. All rows are merged into one.
 */
#ifndef BANYAN_SURVEYOR_H
#define BANYAN_SURVEYOR_H

#include "net.h"

struct surveyor;

/* The end of a survey: the serials of all nodes that answered; borrowed. Runs on a thread of nng,
 * or within survey_start, and must not block. */
typedef void survey_done(void *arg, const uint64_t *serials, size_t count);

/* NULL: out of memory. */
struct surveyor *surveyor_new(void);

/* Ends the surveys in flight, disconnects all children, and frees all. Not on a thread of nng. */
void surveyor_free(struct surveyor *surveyor);

/* Starts to dial a child, without waiting. 0, or an error of nng. Any thread. */
int surveyor_add(struct surveyor *surveyor, uint64_t serial, const char *url);

/* Disconnects a child: no survey waits for it any more. Not on a thread of nng. */
void surveyor_remove(struct surveyor *surveyor, uint64_t serial);

/* Surveys the connected children, for at most budget_us from now. The question carries the budget,
 * and slack_us, by which each hop shortens it. done is called once. Any thread. */
void survey_start(struct surveyor *surveyor, uint64_t round, uint64_t budget_us, uint64_t slack_us,
                  survey_done *done, void *arg);

#endif
