/*
 * closer: one thread of this process that closes what takes time to close. nng_close and
 * nng_dialer_close wait until other threads of nng have let go: some milliseconds, under load tens
 * of them, in which a node could not repair its children and the controller could not do anything.
 *
 * The thread is started when it is needed first, and stays.
 */
#ifndef BANYAN_CLOSER_H
#define BANYAN_CLOSER_H

/* Embedded in what is to be closed; belongs to the closer until `close` is called. */
struct closing {
    void (*close)(void *arg); /* on the closer's thread; frees arg */
    void *arg;
    struct closing *next;
};

/* Has it closed soon. Without a thread it is closed within the call. Any thread but nng's. */
void closer_close(struct closing *closing);

/* Waits until everything that was handed over is closed. Not on the closer's thread, or nng's. */
void closer_wait(void);

#endif
