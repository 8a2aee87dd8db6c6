/*
 * starter: starts, ends and reaps the processes of all nodes of one host, and reports what the
 * kernel says about them. The controller has one for its own host.
 *
 * All nodes of a starter are in a process group of their own. A thread blocks in waitid(P_PGID), so
 * it learns at once when a node ends, is stopped or is continued, and touches no other child of the
 * embedding program. A second thread starts the processes, because a start takes 0.3 ms. Both
 * threads queue what happens; the owner handles the queue with starter_process.
 *
 * A process id belongs to its node until the process is reaped. Nodes are reaped, and signals sent,
 * under the same lock; so no signal can reach another process.
 *
 * How it can fail: without memory, threads or descriptors (an errno, or START_FAILED with a text).
 * An embedding program that ignores SIGCHLD later, or reaps all its children (waitpid(-1)), takes
 * exit statuses away: such a node is reported as ended, without a text, when its birth line has
 * ended.
 *
 * All functions are called by one thread, the owner's. `heard` is called only within
 * starter_process. `heard` may call all functions except starter_process and starter_close.
 */
#ifndef BANYAN_STARTER_H
#define BANYAN_STARTER_H

#include <stdbool.h>
#include <stdint.h>

#include "start.h"

struct starter;

/* Reports news of a node. FAILED and ENDED are the last news. READY comes before JOINED; a stop may
 * come before READY. Unreported stops and continuations are merged, so CONTINUED can come without
 * STOPPED, but the last one is the current state. */
typedef void start_heard(void *arg, const struct start_news *news);

/* 0, or an errno: EINVAL if the program ignores SIGCHLD. */
int starter_open(struct starter **starter, start_heard *heard, void *arg);

/* Kills every process, waits until all have ended, and frees everything. Does not call `heard`. */
void starter_close(struct starter *starter);

/* A descriptor that is readable when starter_process has something to do. */
int starter_fd(const struct starter *starter);

/* Reports what has happened (calls `heard`), without waiting. */
void starter_process(struct starter *starter);

/* Starts a process -> READY or FAILED. False: out of memory; nothing will be reported. */
bool starter_start(struct starter *starter, const struct start_spec *spec);

/* Kills the process, for certain -> ENDED or FAILED. Nothing if there is none. */
void starter_kill(struct starter *starter, uint64_t serial);

/* Whether the process is known to run: it has been started, has not ended, is not stopped, and no
 * debugger holds it. Asks the kernel now: a SIGCONT that was sent before this call counts. */
bool starter_runs(struct starter *starter, uint64_t serial);

/* How many processes exist, or are about to be started. */
unsigned starter_count(const struct starter *starter);

#endif
