#include "closer.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "place.h"

enum {
    HANDSHAKE_US = 10500000, /* nng gives a handshake up after 10 s (ipc.c) */
    SETTLE_US = 30000,       /* a handshake with a peer that has ended is over by then */
    LOOK_AGAIN_NS = 5000000, /* between two looks at what is being connected */
    BACKLOG = 1000,          /* pending closings that count as backed up */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;   /* first is not NULL */
static pthread_cond_t quiet = PTHREAD_COND_INITIALIZER;  /* open_count is 0 */
static struct closing *first, **end = &first;
static unsigned open_count; /* pending closings */
static bool running;

/* Whether it can be closed now: no handshake of its dialer is in progress. */
static bool is_ready(struct closing *closing) {
    uint64_t now_us = net_now_us();
    if (closing->gone_us == 0 && !place_listens(closing->url))
        closing->gone_us = now_us;
    return atomic_load(&closing->connected) || now_us - closing->handed_us > HANDSHAKE_US ||
           (closing->gone_us != 0 && now_us - closing->gone_us > SETTLE_US);
}

static void append(struct closing *closing) {
    closing->next = NULL;
    *end = closing;
    end = &closing->next;
}

/* Under the lock: takes the first that is ready; the others go to the end. */
static struct closing *take(void) {
    struct closing *last = NULL;
    while (first != NULL && first != last) {
        struct closing *closing = first;
        first = closing->next;
        if (first == NULL)
            end = &first;
        if (is_ready(closing))
            return closing;
        append(closing);
        last = last != NULL ? last : closing;
    }
    return NULL;
}

/* Under the lock: waits until there may be something to close. */
static void rest(void) {
    struct timespec until;
    if (first == NULL) {
        pthread_cond_wait(&work, &lock);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_AGAIN_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_clockwait(&work, &lock, CLOCK_MONOTONIC, &until);
}

static void *run(void *arg) {
    (void)arg;
    pthread_mutex_lock(&lock);
    for (;;) {
        struct closing *closing = take();
        if (closing == NULL) {
            rest();
            continue;
        }
        pthread_mutex_unlock(&lock);
        closing->close(closing->arg);
        pthread_mutex_lock(&lock);
        if (--open_count == 0)
            pthread_cond_broadcast(&quiet);
    }
    return NULL;
}

/* Under the lock. The thread takes no signals: they belong to the program. */
static bool start(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, old;
    if (running)
        return true;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    running = pthread_create(&thread, &attributes, run, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    return running;
}

void closer_close(struct closing *closing) {
    closing->handed_us = net_now_us();
    pthread_mutex_lock(&lock);
    bool handed = start();
    if (handed) {
        append(closing);
        open_count++;
        pthread_cond_signal(&work);
    }
    pthread_mutex_unlock(&lock);
    if (!handed)
        closing->close(closing->arg);
}

bool closer_backed_up(void) {
    pthread_mutex_lock(&lock);
    bool many = open_count >= BACKLOG;
    pthread_mutex_unlock(&lock);
    return many;
}

void closer_wait(void) {
    pthread_mutex_lock(&lock);
    while (open_count > 0)
        pthread_cond_wait(&quiet, &lock);
    pthread_mutex_unlock(&lock);
}
