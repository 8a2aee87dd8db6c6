/*
 * waiters: threads that learn from the kernel what happens to the children of a starter.
 *
 * Children are started into one process group, and a thread blocks in waitid(P_PGID) for it, so
 * that no other child of the program is touched. When the group is empty the next start begins
 * another. So does the first start after the program around has begun a session of its own
 * (setsid), because a process cannot join a group of another session: then two groups have members,
 * and two threads wait. A thread whose group is empty waits for the next one.
 *
 * All functions but waiters_open and waiters_close are called under the family's lock, by the
 * thread that starts the processes: one at a time.
 */
#ifndef BANYAN_WAITERS_H
#define BANYAN_WAITERS_H

#include "family.h"

struct waiter;

struct waiters {
    struct family *family;
    struct waiter *all;
    struct waiter *current; /* of the group that starts join; NULL: the next start begins one */
    pthread_cond_t landed;  /* a start has ended */
    unsigned landings;      /* how many have, to tell them apart */
    pid_t joining;          /* the group that a start in flight joins; 0: none does */
    bool closing;
};

/* 0, or an errno; then nothing is left. */
int waiters_open(struct waiters *waiters, struct family *family);

/* Ends the threads. No child is left, and none is being started. */
void waiters_close(struct waiters *waiters);

/* A start is about to happen: sets the group that it is to join, 0: to begin. `fresh`: to begin one
 * in any case. 0, or an errno: there can be no thread for another group. */
int waiters_aim(struct waiters *waiters, bool fresh, pid_t *group);

/* The start has ended. The group that it has begun, 0: none. The family knows the child already. */
void waiters_land(struct waiters *waiters, pid_t begun);

#endif
