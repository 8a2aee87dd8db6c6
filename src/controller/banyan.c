#include "banyan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "controller.h"
#include "peers.h"
#include "ports.h"
#include "program.h"

enum { DEADLINE_MS = 1000 };

/* Bits of loop_ready. */
enum { READY_INBOX = 2, READY_STARTER = 4 };

/* ---- opening ---- */

/* Each node takes a few descriptors in this process. The soft limit is often 1024, the hard limit
 * far higher. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit); /* on failure there is room for fewer nodes */
    }
}

static uint64_t wall_offset_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000 - net_now_us();
}

/* 0, or an errno. */
static int open_loop(struct banyan *tree) {
    int error = inbox_open(&tree->inbox);
    if (error == 0)
        error = loop_open(&tree->loop);
    if (error == 0)
        error = loop_watch(&tree->loop, tree->inbox.wake, READY_INBOX);
    if (error == 0)
        error = starter_open(&tree->starter, peers_heard, tree);
    return error != 0 ? error : loop_watch(&tree->loop, starter_fd(tree->starter), READY_STARTER);
}

/* 0, or an errno. */
static int open_engine(struct banyan *tree) {
    unsigned deadline_ms = tree->options.deadline_ms != 0 ? tree->options.deadline_ms : DEADLINE_MS;
    struct engine_options options = {.deadline_us = (uint64_t)deadline_ms * 1000,
                                     .wall_us = wall_offset_us()};
    struct engine_ports ports = ports_of(tree);
    net_init();
    tree->engine = engine_new(&options, &ports);
    tree->children = children_new();
    return tree->engine != NULL && tree->children != NULL ? 0 : ENOMEM;
}

static bool open_all(struct banyan *tree, char *error, size_t size) {
    int number = open_loop(tree);
    if (number == EINVAL) { /* only from starter_open */
        snprintf(error, size, "cannot start nodes: this program ignores SIGCHLD");
        return false;
    }
    if (number == 0)
        number = open_engine(tree);
    if (number != 0) {
        snprintf(error, size, "cannot start: %s", strerror(number));
        return false;
    }
    tree->program = program_find(tree->options.node_program, error, size);
    return tree->program != NULL;
}

struct banyan *banyan_open(const struct banyan_options *options, char *error, size_t size) {
    struct banyan *tree = calloc(1, sizeof *tree);
    if (tree == NULL) {
        snprintf(error, size, "out of memory");
        return NULL;
    }
    tree->options = *options;
    tree->directory = (struct directory){.above = options->directory, .lock = -1};
    tree->loop = (struct loop){.epoll = -1, .timer = -1};
    raise_descriptor_limit();
    if (open_all(tree, error, size))
        return tree;
    banyan_close(tree);
    return NULL;
}

/* ---- closing ---- */

/* Once the links are closed, the ends of all requests in flight are in the inbox. Its handlers give
 * the engine its bundles back, which engine_free needs. */
void banyan_close(struct banyan *tree) {
    if (tree == NULL)
        return;
    if (tree->starter != NULL)
        starter_close(tree->starter);
    peers_free(tree);
    if (tree->children != NULL)
        children_free(tree->children);
    inbox_handle(&tree->inbox, tree);
    engine_free(tree->engine);
    buffers_free(&tree->buffers);
    directory_close(&tree->directory);
    loop_close(&tree->loop);
    inbox_close(&tree->inbox);
    free(tree->program);
    free(tree->results.row);
    free(tree);
}

/* The memory stays, because threads of nng may still use it. */
void banyan_leave(struct banyan *tree) {
    static struct banyan *volatile left; /* so that leak checkers find the tree */
    left = tree;
    starter_close(left->starter);
    directory_remove(&left->directory);
}

/* ---- the loop ---- */

int banyan_fd(const struct banyan *tree) {
    return tree->loop.epoll;
}

static void settle(struct banyan *tree) {
    engine_settle(tree->engine);
    loop_wake_at(&tree->loop, engine_wakeup(tree->engine));
}

void banyan_flush(struct banyan *tree) {
    engine_time(tree->engine, net_now_us());
    settle(tree);
}

/* Handles events before timers, so that an answer received in time is never judged late. */
void banyan_process(struct banyan *tree) {
    unsigned ready = loop_ready(&tree->loop);
    engine_time(tree->engine, net_now_us());
    if ((ready & READY_STARTER) != 0) {
        starter_process(tree->starter);
        peers_tidy(tree);
    }
    if ((ready & READY_INBOX) != 0)
        inbox_handle(&tree->inbox, tree);
    engine_tick(tree->engine, net_now_us());
    settle(tree);
}

/* ---- versions ---- */

const char *banyan_version(void) {
    return BANYAN_VERSION;
}

const char *banyan_nng_version(void) {
    return net_version();
}
