/*
 * waiters: threads that learn from the kernel what happens to the children of a starter.
 *
 * Children are started into one process group, and a thread blocks in waitid(P_PGID) for it, so
 * that no other child of the embedding program is touched. If the group is empty, the next start
 * begins a new group. So does the first start after the embedding program has called setsid,
 * because a process cannot join a group of another session: then two groups have members, and two
 * threads wait. A thread whose group is empty becomes idle until there is another group.
 *
 * All functions except waiters_open and waiters_close are called under the family's lock, by the
 * thread that starts the processes.
 */
#ifndef BANYAN_WAITERS_H
#define BANYAN_WAITERS_H

#include "family.h"

struct waiter;

struct waiters {
    struct family *family;
    struct waiter *all;
    struct waiter *current; /* of the group that starts join; NULL: the next start begins a group */
    pthread_cond_t start_ended; /* a start has ended */
    unsigned starts_ended;      /* how many starts have ended */
    pid_t joining;              /* the group that the start in flight joins; 0: none */
    bool closing;
};

/* 0, or an errno; then nothing is left. */
int waiters_open(struct waiters *waiters, struct family *family);

/* Ends the threads. No child may be left, and no start in flight. */
void waiters_close(struct waiters *waiters);

/* A start begins: sets *group to the group that the process is to join; 0: a new one. fresh: always
 * a new one. 0, or an errno: there can be no thread for another group. */
int waiters_begin_start(struct waiters *waiters, bool fresh, pid_t *group);

/* The start has ended. begun: the group that it began; 0: none. The family must know the child. */
void waiters_end_start(struct waiters *waiters, pid_t begun);

#endif
