#include "targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

enum { TARGETS_PER_SOCKET = 64 };

void targets_open(struct targets *targets, target_lost *lost, void *arg) {
    *targets = (struct targets){.lost = lost, .arg = arg};
    pthread_mutex_init(&targets->lock, NULL);
}

void targets_close(struct targets *targets) {
    struct group *group;
    LL_FOREACH(targets->groups, group) {
        nng_close(group->socket);
    }
}

void targets_free(struct targets *targets) {
    struct group *group, *next_group;
    struct target *target, *next_target;
    DL_FOREACH_SAFE(targets->all, target, next_target) {
        free(target);
    }
    LL_FOREACH_SAFE(targets->groups, group, next_group) {
        free(group);
    }
    pthread_mutex_destroy(&targets->lock);
}

/* ---- connections ---- */

/* Under the lock. */
static void lose(struct targets *targets, struct target *target) {
    target->connected = false;
    targets->lost(targets->arg, target);
}

/* On a thread of nng. */
static void connection_event(nng_pipe pipe, nng_pipe_ev event, void *arg) {
    struct targets *targets = ((struct group *)arg)->targets;
    struct target *target;
    int dialer = nng_dialer_id(nng_pipe_dialer(pipe));
    pthread_mutex_lock(&targets->lock);
    DL_FOREACH(targets->all, target) {
        if (nng_dialer_id(target->dialer) == dialer)
            break;
    }
    if (target != NULL) {
        atomic_store(&target->later.connected, event != NNG_PIPE_EV_REM_POST);
        if (event == NNG_PIPE_EV_REM_POST)
            lose(targets, target);
        else
            target->connected = !target->removed;
    }
    pthread_mutex_unlock(&targets->lock);
}

static int group_open(struct targets *targets, struct group **result) {
    struct group *group = calloc(1, sizeof *group);
    if (group == NULL)
        return NNG_ENOMEM;
    group->targets = targets;
    int error = nng_surveyor0_open(&group->socket);
    if (error == 0 && (error = net_guard_dialing(group->socket, connection_event, group)) != 0)
        nng_close(group->socket);
    if (error != 0) {
        free(group);
        return error;
    }
    LL_PREPEND(targets->groups, group);
    *result = group;
    return 0;
}

/* Under the lock: a group with room for one more target. 0, or an error of nng. */
static int group_take(struct targets *targets, struct group **result) {
    struct group *group;
    LL_FOREACH(targets->groups, group) {
        if (group->count < TARGETS_PER_SOCKET) {
            *result = group;
            return 0;
        }
    }
    return group_open(targets, result);
}

/* On the closer's thread. */
static void close_later(void *arg) {
    struct target *target = arg;
    struct targets *targets = target->group->targets;
    pthread_mutex_lock(&targets->lock);
    DL_DELETE(targets->all, target);
    target->group->count--;
    pthread_mutex_unlock(&targets->lock);
    nng_dialer_close(target->dialer);
    free(target);
}

int targets_add(struct targets *targets, uint64_t serial, const char *url) {
    struct target *target = calloc(1, sizeof *target);
    if (target == NULL)
        return NNG_ENOMEM;
    target->serial = serial;
    target->later.close = close_later;
    target->later.arg = target;
    snprintf(target->later.url, sizeof target->later.url, "%s", url);
    pthread_mutex_lock(&targets->lock);
    int error = group_take(targets, &target->group);
    if (error == 0)
        error = nng_dialer_create(&target->dialer, target->group->socket, url);
    if (error == 0) {
        target->group->count++;
        DL_APPEND(targets->all, target);
    }
    pthread_mutex_unlock(&targets->lock);
    if (error != 0) {
        free(target);
        return error;
    }
    error = nng_dialer_start(target->dialer, NNG_FLAG_NONBLOCK);
    if (error != 0)
        targets_remove(targets, serial);
    return error;
}

void targets_remove(struct targets *targets, uint64_t serial) {
    struct target *target;
    pthread_mutex_lock(&targets->lock);
    DL_FOREACH(targets->all, target) {
        if (target->serial == serial && !target->removed)
            break;
    }
    if (target != NULL) {
        target->removed = true;
        lose(targets, target);
    }
    pthread_mutex_unlock(&targets->lock);
    if (target != NULL)
        closer_close(&target->later);
}
