#include "waiters.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <utlist.h>

#include "kernel.h"

enum {
    GRACE_S = 1, /* before a thread that waits for a group is cancelled */
    MANY = 32,   /* with more children the group is hardly empty */
};

struct waiter {
    struct waiters *waiters;
    pthread_t thread;
    pthread_cond_t wake; /* group was set, or the thread is to end */
    pid_t group;         /* 0: none, the thread is idle */
    struct waiter *next;
};

/* ---- a thread ---- */

static void wait_for_start(struct waiters *waiters) {
    unsigned before = waiters->starts_ended;
    while (waiters->starts_ended == before)
        pthread_cond_wait(&waiters->start_ended, &waiters->family->lock);
}

/* Reaps a process of the group that is not a node: a node started it, and this process has
 * inherited it, as the init process of a container does. Without this the thread would find the
 * same event for ever. */
static void reap_other(pid_t pid) {
    siginfo_t info;
    waitid(P_PID, (id_t)pid, &info, kernel_events() | WNOHANG);
}

/* A child that is just being started may have an event before the family knows its process. */
static void see(struct waiter *waiter, pid_t pid) {
    struct waiters *waiters = waiter->waiters;
    struct child *child = family_find_pid(waiters->family, pid);
    if (child != NULL)
        kernel_ask(waiters->family, child);
    else if (waiters->joining == waiter->group)
        wait_for_start(waiters);
    else
        reap_other(pid);
}

/* The group has no children of this process any more: a node of it was reaped by the embedding
 * program, or has moved to another group. */
static void mark_outside(struct family *family, struct child *child, void *arg) {
    const struct waiter *waiter = arg;
    if (child->phase != CHILD_LIVES || child->group != waiter->group)
        return;
    child->group = 0;
    kernel_doubt(family, child);
}

static void leave_group(struct waiter *waiter) {
    struct waiters *waiters = waiter->waiters;
    family_each(waiters->family, mark_outside, waiter);
    if (waiters->current == waiter)
        waiters->current = NULL;
    waiter->group = 0;
}

static void see_empty(struct waiter *waiter) {
    if (waiter->waiters->joining == waiter->group)
        wait_for_start(waiter->waiters);
    else
        leave_group(waiter);
}

/* The thread can be cancelled only here, where it holds no lock. */
static int wait_for_group(pid_t group, siginfo_t *info) {
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    int error = waitid(P_PGID, (id_t)group, info, kernel_events() | WNOWAIT) == 0 ? 0 : errno;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    return error;
}

/* WNOWAIT leaves the event with the kernel until the family's lock is held. */
static void wait_for_event(struct waiter *waiter) {
    pthread_mutex_t *lock = &waiter->waiters->family->lock;
    siginfo_t info = {0};
    pid_t group = waiter->group;
    pthread_mutex_unlock(lock);
    int error = wait_for_group(group, &info);
    pthread_mutex_lock(lock);
    if (error == 0)
        see(waiter, info.si_pid);
    else if (error == ECHILD)
        see_empty(waiter);
}

static bool get_group(struct waiter *waiter) {
    struct waiters *waiters = waiter->waiters;
    while (waiter->group == 0 && !waiters->closing)
        pthread_cond_wait(&waiter->wake, &waiters->family->lock);
    return !waiters->closing;
}

static void *run(void *arg) {
    struct waiter *waiter = arg;
    pthread_mutex_t *lock = &waiter->waiters->family->lock;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_mutex_lock(lock);
    while (get_group(waiter))
        wait_for_event(waiter);
    pthread_mutex_unlock(lock);
    return NULL;
}

static void waiter_free(struct waiter *waiter) {
    pthread_cond_destroy(&waiter->wake);
    free(waiter);
}

static int waiter_new(struct waiters *waiters) {
    struct waiter *waiter = calloc(1, sizeof *waiter);
    if (waiter == NULL)
        return ENOMEM;
    waiter->waiters = waiters;
    pthread_cond_init(&waiter->wake, NULL); /* cannot fail without attributes */
    int error = pthread_create(&waiter->thread, NULL, run, waiter);
    if (error == 0)
        LL_PREPEND(waiters->all, waiter);
    else
        waiter_free(waiter);
    return error;
}

/* ---- all of them ---- */

int waiters_open(struct waiters *waiters, struct family *family) {
    *waiters = (struct waiters){.family = family};
    return pthread_cond_init(&waiters->start_ended, NULL);
}

static void ask_to_end(struct waiters *waiters) {
    struct waiter *waiter;
    pthread_mutex_lock(&waiters->family->lock);
    waiters->closing = true;
    LL_FOREACH(waiters->all, waiter) {
        pthread_cond_signal(&waiter->wake);
    }
    pthread_mutex_unlock(&waiters->family->lock);
}

/* Usually the end of the last child has woken the thread. But the kernel does not wake it if that
 * child had left the group (setpgid); then the thread is cancelled. Threads are not always
 * cancelled, because that loads a library, and aborts the program if it cannot. */
static void end_thread(struct waiter *waiter, const struct timespec *until) {
    if (pthread_timedjoin_np(waiter->thread, NULL, until) == 0)
        return;
    pthread_cancel(waiter->thread);
    pthread_join(waiter->thread, NULL);
}

void waiters_close(struct waiters *waiters) {
    struct waiter *waiter, *next;
    struct timespec until;
    ask_to_end(waiters);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += GRACE_S;
    LL_FOREACH_SAFE(waiters->all, waiter, next) {
        end_thread(waiter, &until);
        waiter_free(waiter);
    }
    pthread_cond_destroy(&waiters->start_ended);
}

static struct waiter *idle_waiter(const struct waiters *waiters) {
    struct waiter *waiter = waiters->all;
    while (waiter != NULL && waiter->group != 0)
        waiter = waiter->next;
    return waiter;
}

/* Whether a process can probably join the current group. The thread may not have seen yet that the
 * group is empty. If there are many children, that is unlikely, and the kernel would look at each
 * of them, so it is not asked. A start that cannot join the group is retried with a new group. */
static bool can_be_joined(const struct waiters *waiters) {
    const struct waiter *waiter = waiters->current;
    return waiter != NULL && (waiters->family->count > MANY || kill(-waiter->group, 0) == 0);
}

int waiters_begin_start(struct waiters *waiters, bool fresh, pid_t *group) {
    waiters->joining = *group = 0;
    if (fresh || !can_be_joined(waiters))
        return idle_waiter(waiters) != NULL ? 0 : waiter_new(waiters);
    waiters->joining = *group = waiters->current->group;
    return 0;
}

static void give_group(struct waiters *waiters, pid_t group) {
    struct waiter *waiter = idle_waiter(waiters); /* waiters_begin_start made one */
    waiter->group = group;
    waiters->current = waiter;
    pthread_cond_signal(&waiter->wake);
}

void waiters_end_start(struct waiters *waiters, pid_t begun) {
    if (begun != 0)
        give_group(waiters, begun);
    waiters->joining = 0;
    waiters->starts_ended++;
    pthread_cond_broadcast(&waiters->start_ended);
}
