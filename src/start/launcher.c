#include "launcher.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "birth.h"
#include "spawn.h"

/* ---- the thread; it holds the lock unless a comment says otherwise ---- */

static int spawn_unlocked(struct launcher *launcher, const struct spawn_spec *spec, pid_t *pid) {
    pthread_mutex_unlock(&launcher->family->lock);
    int error = spawn_node(spec, pid);
    pthread_mutex_lock(&launcher->family->lock);
    return error;
}

/* A process cannot join a group that has become empty, or is of another session. */
static int spawn_into_group(struct launcher *launcher, struct spawn_spec *spec, pid_t *pid) {
    int error = waiters_begin_start(launcher->waiters, false, &spec->group);
    if (error == 0)
        error = spawn_unlocked(launcher, spec, pid);
    if (spec->group == 0 || (error != EPERM && error != ESRCH))
        return error;
    error = waiters_begin_start(launcher->waiters, true, &spec->group);
    return error != 0 ? error : spawn_unlocked(launcher, spec, pid);
}

static void fail(struct launcher *launcher, struct child *child, int error) {
    char text[START_TEXT_MAX];
    snprintf(text, sizeof text, "cannot start %s: %s", child->program, strerror(error));
    family_fail(launcher->family, child, text);
}

/* If there is a process, the family owns birth from here on. */
static int start_process(struct launcher *launcher, struct child *child, int line, int birth) {
    struct spawn_spec spec = {.program = child->program,
                              .id = child->id,
                              .serial = child->serial,
                              .address = child->address,
                              .line = line};
    pid_t pid = 0;
    int error = spawn_into_group(launcher, &spec, &pid);
    pid_t group = spec.group != 0 ? spec.group : pid;
    if (error == 0)
        family_started(launcher->family, child, pid, group, birth);
    waiters_end_start(launcher->waiters, error == 0 && spec.group == 0 ? pid : 0);
    return error;
}

static int start_with_line(struct launcher *launcher, struct child *child) {
    int pair[2];
    int error = birth_open(pair);
    if (error != 0)
        return error;
    error = start_process(launcher, child, pair[1], pair[0]);
    close(pair[1]);
    if (error != 0)
        close(pair[0]);
    return error;
}

static void start(struct launcher *launcher, struct child *child) {
    child->phase = CHILD_STARTING;
    int error = start_with_line(launcher, child);
    if (error != 0)
        fail(launcher, child, error);
    else if (child->unwanted)
        child_signal(child, SIGKILL);
}

static struct child *next_child(struct launcher *launcher) {
    while (launcher->queue == NULL && !launcher->closing)
        pthread_cond_wait(&launcher->work, &launcher->family->lock);
    struct child *child = launcher->closing ? NULL : launcher->queue;
    if (child != NULL)
        DL_DELETE(launcher->queue, child);
    return child;
}

static void *run(void *arg) {
    struct launcher *launcher = arg;
    struct child *child;
    pthread_mutex_lock(&launcher->family->lock);
    while ((child = next_child(launcher)) != NULL)
        start(launcher, child);
    pthread_mutex_unlock(&launcher->family->lock);
    return NULL;
}

/* This thread, and those that it creates, take no signals: they belong to the embedding program. */
static int create_thread(struct launcher *launcher) {
    sigset_t all, before;
    sigfillset(&all);
    int error = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error != 0)
        return error;
    error = pthread_create(&launcher->thread, NULL, run, launcher);
    pthread_sigmask(SIG_SETMASK, &before, NULL); /* fails only for a wrong argument */
    return error;
}

/* ---- the owner's side ---- */

int launcher_open(struct launcher *launcher, struct family *family, struct waiters *waiters) {
    *launcher = (struct launcher){.family = family, .waiters = waiters};
    int error = pthread_cond_init(&launcher->work, NULL);
    if (error != 0)
        return error;
    error = create_thread(launcher);
    if (error != 0)
        pthread_cond_destroy(&launcher->work);
    return error;
}

void launcher_close(struct launcher *launcher) {
    pthread_mutex_lock(&launcher->family->lock);
    launcher->closing = true;
    pthread_cond_signal(&launcher->work);
    pthread_mutex_unlock(&launcher->family->lock);
    pthread_join(launcher->thread, NULL);
    pthread_cond_destroy(&launcher->work);
}

void launcher_add(struct launcher *launcher, struct child *child) {
    DL_APPEND(launcher->queue, child);
    pthread_cond_signal(&launcher->work);
}

void launcher_cancel(struct launcher *launcher, struct child *child) {
    DL_DELETE(launcher->queue, child);
}
