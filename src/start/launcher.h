/*
 * launcher: the thread that starts the processes, one after the other. A start takes 0.3 ms, so the
 * family's lock is not held meanwhile, and the owner of the starter does not wait.
 */
#ifndef BANYAN_LAUNCHER_H
#define BANYAN_LAUNCHER_H

#include "family.h"
#include "waiters.h"

struct launcher {
    struct family *family;
    struct waiters *waiters;
    struct child *queue;
    pthread_cond_t work; /* the queue has got a child, or the thread is to end */
    pthread_t thread;
    bool closing;
};

/* 0, or an errno; then nothing is left. */
int launcher_open(struct launcher *launcher, struct family *family, struct waiters *waiters);

/* Waits for the start in flight. Those in the queue stay where they are. */
void launcher_close(struct launcher *launcher);

/* Both under the family's lock, for a child that waits to be started. */
void launcher_add(struct launcher *launcher, struct child *child);
void launcher_cancel(struct launcher *launcher, struct child *child);

#endif
