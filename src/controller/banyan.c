/* banyan.c: the public interface: opening, closing, commands. */
#include "banyan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "controller.h"

enum { DEADLINE_MS = 1000 };

/* ---- opening and closing ---- */

static atomic_uint open_count;

unsigned trees_open(void) {
    return atomic_load(&open_count);
}

/* Each node takes a few descriptors here; the soft limit is often 1024, the hard one far higher. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit); /* without it there is room for fewer nodes */
    }
}

static void port_notice(void *arg, const char *line) {
    const struct banyan *tree = arg;
    if (tree->options.noticed != NULL)
        tree->options.noticed(tree->options.arg, line);
}

static uint64_t wall_offset_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 - net_now_us();
}

static int start(struct banyan *tree, char *error, size_t size) {
    struct engine_ports ports = {.arg = tree, .answer = answers_tell, .notice = port_notice};
    unsigned deadline_ms = tree->options.deadline_ms != 0 ? tree->options.deadline_ms : DEADLINE_MS;
    struct engine_options options = {.deadline_us = (uint64_t)deadline_ms * 1000,
                                     .wall_us = wall_offset_us()};
    int number = loop_open(tree);
    buffers_ports(&ports);
    asks_ports(&ports);
    peers_ports(&ports);
    if (number == 0 && pipe2(tree->lifeline, O_CLOEXEC) != 0)
        number = errno;
    if (number == 0)
        number = process_open_notify(tree->notify);
    if (number == 0)
        number = loop_watch(tree, tree->notify[0], WATCH_NOTIFY, 0);
    if (number == 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        number = errno;
    if (number == 0 && net_init() != 0)
        number = EAGAIN; /* no threads, or no memory */
    if (number == 0) {
        tree->engine = engine_new(&options, &ports);
        tree->children = children_new();
        if (tree->engine == NULL || tree->children == NULL)
            number = ENOMEM;
    }
    if (number != 0) {
        snprintf(error, size, "cannot start: %s", strerror(number));
        return -1;
    }
    tree->program = program_find(tree->options.node_program, error, size);
    return tree->program != NULL ? 0 : -1;
}

struct banyan *banyan_open(const struct banyan_options *options, char *error, size_t size) {
    struct banyan *tree = calloc(1, sizeof *tree);
    if (tree == NULL) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    atomic_fetch_add(&open_count, 1);
    tree->options = *options;
    tree->directory_lock = -1;
    tree->epoll = tree->timer = tree->wake = tree->lifeline[0] = tree->lifeline[1] = -1;
    tree->notify[0] = tree->notify[1] = -1;
    raise_descriptor_limit();
    if (start(tree, error, size) == 0)
        return tree;
    banyan_close(tree);
    return NULL;
}

/* Requests and questions that were under way when their links were closed. */
static void give_back(struct banyan *tree) {
    struct event *event = events_take(tree), *next;
    for (; event != NULL; event = next) {
        next = event->next;
        if (event->bundle != NULL)
            engine_summed(tree->engine, event->bundle, HOP_BROKEN, NULL, NULL);
        event_free(event);
    }
}

void banyan_close(struct banyan *tree) {
    if (tree == NULL)
        return;
    peers_end(tree);
    if (tree->children != NULL)
        children_free(tree->children);
    give_back(tree);
    engine_free(tree->engine);
    buffers_free(tree);
    for (int i = 0; i < 2; i++) {
        if (tree->lifeline[i] >= 0)
            close(tree->lifeline[i]);
        if (tree->notify[i] >= 0)
            close(tree->notify[i]);
    }
    directory_remove(tree);
    if (tree->directory_lock >= 0)
        close(tree->directory_lock);
    loop_close(tree);
    free(tree->program);
    free(tree->results);
    free(tree);
    atomic_fetch_sub(&open_count, 1);
}

/* Threads of nng may still put something into the inbox. */
void banyan_leave(struct banyan *tree) {
    static struct banyan *volatile left; /* held on to, so that it is no leak */
    left = tree;
    peers_end(left);
    directory_remove(left);
}

int banyan_fd(const struct banyan *tree) {
    return tree->epoll;
}

/* ---- commands ---- */

int banyan_busy(const struct banyan *tree) {
    return engine_is_busy(tree->engine);
}

void banyan_create(struct banyan *tree, int64_t id, int64_t parent, void *tag) {
    loop_touch(tree);
    engine_create(tree->engine, tag, id, parent != BANYAN_NO_PARENT, parent);
}

size_t banyan_ids(const struct banyan *tree, int64_t *ids, size_t room) {
    return engine_ids(tree->engine, ids, room);
}

void banyan_kill(struct banyan *tree, int64_t id, void *tag) {
    loop_touch(tree);
    engine_kill(tree->engine, tag, id);
}

void banyan_pingall(struct banyan *tree, void *tag) {
    loop_touch(tree);
    engine_pingall(tree->engine, tag);
}

void banyan_explain(struct banyan *tree, int64_t id, void *tag) {
    loop_touch(tree);
    engine_explain(tree->engine, tag, id);
}

void banyan_status(struct banyan *tree, int64_t id, void *tag) {
    loop_touch(tree);
    engine_status(tree->engine, tag, ENGINE_NODE, id);
}

void banyan_status_subtree(struct banyan *tree, int64_t id, void *tag) {
    loop_touch(tree);
    engine_status(tree->engine, tag, ENGINE_SUBTREE, id);
}

void banyan_status_all(struct banyan *tree, void *tag) {
    loop_touch(tree);
    engine_status(tree->engine, tag, ENGINE_ALL, 0);
}

void banyan_exec(struct banyan *tree, int64_t id, uint64_t n, const char *text, size_t len,
                 void *tag) {
    engine_exec(tree->engine, tag, id, n, text, len);
}

struct banyan_exec *banyan_exec_begin(struct banyan *tree, int64_t id, uint64_t n, int from_file,
                                      void *tag) {
    return (struct banyan_exec *)engine_exec_begin(tree->engine, tag, id, n, from_file != 0);
}

int banyan_exec_room(struct banyan_exec *exec, char **at, size_t *room) {
    switch (engine_exec_room((struct exec *)exec, at, room)) {
    case EXEC_ROOM:
        return 1;
    case EXEC_WAIT:
        return 0;
    default:
        return -1;
    }
}

void banyan_exec_filled(struct banyan_exec *exec, size_t len) {
    engine_exec_filled((struct exec *)exec, len);
}

void banyan_exec_end(struct banyan_exec *exec) {
    engine_exec_end((struct exec *)exec);
}

void banyan_exec_fail(struct banyan_exec *exec, const char *text) {
    engine_exec_fail((struct exec *)exec, text);
}

const char *banyan_version(void) {
    return BANYAN_VERSION;
}

const char *banyan_nng_version(void) {
    return net_version();
}
