#include "closer.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;   /* there is something to close */
static pthread_cond_t quiet = PTHREAD_COND_INITIALIZER;  /* there is nothing any more */
static struct closing *first, **end = &first;
static unsigned open_count; /* handed over and not closed yet */
static bool running;

static void *run(void *arg) {
    (void)arg;
    pthread_mutex_lock(&lock);
    for (;;) {
        struct closing *closing = first;
        if (closing == NULL) {
            pthread_cond_wait(&work, &lock);
            continue;
        }
        first = closing->next;
        if (first == NULL)
            end = &first;
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
    pthread_mutex_lock(&lock);
    bool handed = start();
    if (handed) {
        closing->next = NULL;
        *end = closing;
        end = &closing->next;
        open_count++;
        pthread_cond_signal(&work);
    }
    pthread_mutex_unlock(&lock);
    if (!handed)
        closing->close(closing->arg);
}

void closer_wait(void) {
    pthread_mutex_lock(&lock);
    while (open_count > 0)
        pthread_cond_wait(&quiet, &lock);
    pthread_mutex_unlock(&lock);
}
