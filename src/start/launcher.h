/*
 * launcher: the thread that starts the processes, one after the other. A start takes 0.3 ms, so it
 * runs without the family's lock, and the owner of the starter does not wait for it.
 */
#ifndef BANYAN_LAUNCHER_H
#define BANYAN_LAUNCHER_H

#include "family.h"
#include "waiters.h"

struct launcher {
    struct family *family;
    struct waiters *waiters;
    struct child *queue;
    pthread_cond_t work; /* the queue is not empty, or the thread is to end */
    pthread_t thread;
    bool closing;
};

/* 0, or an errno; then nothing is left. */
int launcher_open(struct launcher *launcher, struct family *family, struct waiters *waiters);

/* Ends the thread, after the start in flight. Children in the queue stay there. */
void launcher_close(struct launcher *launcher);

/* Queue a child to be started; take it out of the queue again. Under the family's lock. */
void launcher_add(struct launcher *launcher, struct child *child);
void launcher_cancel(struct launcher *launcher, struct child *child);

#endif
