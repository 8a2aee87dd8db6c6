/*
 * reports: the commands that only read: status, a record of each node, parents before children; and
 * explain, one node and what happened to it.
 *
 * A status shows the nodes that exist after the commands before it: later creates are left out, and
 * later kills wait. A status of one node, and an explain, wait for what is unsettled on the way to
 * the node. A status of several nodes waits for every create, kill and pingall before it, so it
 * shows what a pingall found. It holds no survey of its own.
 *
 * How it can fail: no such node; no memory (BANYAN_SYSTEM).
 */
#ifndef BANYAN_REPORTS_H
#define BANYAN_REPORTS_H

#include <stdint.h>

struct command;
struct engine;
struct member;

/* A member's piece. */
struct report {
    uint64_t joined_us;     /* when it joined */
    uint64_t sums, numbers; /* execs answered with a sum; numbers added in them */
};

void status_go(struct engine *engine, struct command *status);
void explain_go(struct engine *engine, struct command *explain);

/* Answers the statuses of several nodes that need not wait any more. */
void reports_settle(struct engine *engine);

void report_joined(struct engine *engine, struct member *member);
/* An exec on the node was answered with a sum of so many numbers. */
void report_sum(struct member *member, uint64_t numbers);

#endif
