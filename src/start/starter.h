/*
 * starter: the processes of all nodes of one host: starts them, ends them, reaps them, and reports
 * what the kernel says about them. The controller has one for its own host; the agent of another
 * host will have one there.
 *
 * All nodes of a starter are in a process group of their own. A thread blocks in waitid(P_PGID) and
 * learns at once that one has ended, was stopped or was continued; no other child of the program is
 * touched. A second thread starts the processes, because that takes 0.3 ms each. What the two learn
 * is put into a queue that the owner empties with starter_process.
 *
 * A process id belongs to its node until the process is reaped, and that happens under the lock
 * under which signals are sent; so no signal can reach another process, and no pidfd is needed.
 *
 * How it can fail: no memory, threads or descriptors (an errno, or START_FAILED with a text); a
 * program that ignores SIGCHLD or reaps all its children (waitpid(-1)) takes exit statuses away:
 * such a node is reported as ended, without a status, when its birth line has ended.
 *
 * All functions are called by one thread, the owner's. `heard` is called within starter_process
 * only; it may call all functions but starter_process and starter_close.
 */
#ifndef BANYAN_STARTER_H
#define BANYAN_STARTER_H

#include <stdbool.h>
#include <stdint.h>

#include "start.h"

struct starter;

/* After FAILED and ENDED nothing more is heard of the node. READY comes before JOINED; a stop may
 * come before READY. Of stops and continuations that are not yet reported only the last ones are,
 * so CONTINUED can come without STOPPED, but the last one says how things are. */
typedef void start_heard(void *arg, const struct start_news *news);

/* 0, or an errno: EINVAL if the program ignores SIGCHLD. */
int starter_open(struct starter **starter, start_heard *heard, void *arg);

/* Kills every process, waits until all have ended, and frees everything. `heard` is not called. */
void starter_close(struct starter *starter);

/* A descriptor that is readable when starter_process has something to do. */
int starter_fd(const struct starter *starter);

/* Reports what has happened, without waiting. */
void starter_process(struct starter *starter);

/* Starts a process -> READY or FAILED. False: out of memory; nothing is heard of it. */
bool starter_start(struct starter *starter, const struct start_spec *spec);

/* Kills the process, for certain -> ENDED or FAILED. Nothing if there is none. */
void starter_kill(struct starter *starter, uint64_t serial);

/* Whether the process is known to run: it has been started, has not ended, is not stopped, and no
 * debugger holds it. Asks the kernel now: a SIGCONT that was sent before this call counts. */
bool starter_runs(struct starter *starter, uint64_t serial);

/* How many processes exist, or are about to be started. */
unsigned starter_count(const struct starter *starter);

#endif
