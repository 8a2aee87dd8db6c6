/* loop.c: what the controller waits for. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "controller.h"

enum { SERIAL_BITS = 56, EVENTS_AT_ONCE = 64 };

int loop_watch(struct banyan *tree, int fd, enum watch watch, uint64_t serial) {
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u64 = (uint64_t)watch << SERIAL_BITS | serial};
    return epoll_ctl(tree->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

int loop_open(struct banyan *tree) {
    pthread_mutex_init(&tree->lock, NULL);
    tree->inbox_end = &tree->inbox;
    tree->timer_at = UINT64_MAX;
    tree->epoll = epoll_create1(EPOLL_CLOEXEC);
    tree->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    tree->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (tree->epoll < 0 || tree->timer < 0 || tree->wake < 0)
        return errno;
    int error = loop_watch(tree, tree->wake, WATCH_WAKE, 0);
    return error != 0 ? error : loop_watch(tree, tree->timer, WATCH_TIMER, 0);
}

void loop_close(struct banyan *tree) {
    const int fds[] = {tree->epoll, tree->timer, tree->wake};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    pthread_mutex_destroy(&tree->lock);
}

/* ---- the inbox ---- */

struct event *event_new(struct banyan *tree, enum post kind, uint64_t serial) {
    struct event *event = calloc(1, sizeof *event);
    if (event != NULL) {
        event->kind = kind;
        event->tree = tree;
        event->serial = serial;
    }
    return event;
}

void event_free(struct event *event) {
    if (event->reply != NULL)
        nng_msg_free(event->reply);
    free(event->serials);
    free(event->text);
    free(event);
}

void event_post(struct event *event) {
    struct banyan *tree = event->tree;
    uint64_t one = 1;
    event->next = NULL;
    pthread_mutex_lock(&tree->lock);
    bool first = tree->inbox == NULL;
    *tree->inbox_end = event;
    tree->inbox_end = &event->next;
    pthread_mutex_unlock(&tree->lock);
    if (first && write(tree->wake, &one, sizeof one) < 0)
        return; /* the counter is full: the loop is awake */
}

struct event *events_take(struct banyan *tree) {
    pthread_mutex_lock(&tree->lock);
    struct event *events = tree->inbox;
    tree->inbox = NULL;
    tree->inbox_end = &tree->inbox;
    pthread_mutex_unlock(&tree->lock);
    return events;
}

/* ---- the loop ---- */

static void handle_inbox(struct banyan *tree) {
    struct event *event = events_take(tree), *next;
    for (; event != NULL; event = next) {
        next = event->next;
        if (event->kind == POST_ASKED)
            asks_handle(tree, event);
        else
            peers_handle(tree, event);
        event_free(event);
    }
}

static void drain(int fd) {
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0)
        return; /* nothing there: somebody read it before */
}

static void timer_fired(struct banyan *tree) {
    drain(tree->timer);
    tree->timer_at = UINT64_MAX;
}

static void handle_descriptor(struct banyan *tree, uint64_t data) {
    enum watch watch = (enum watch)(data >> SERIAL_BITS);
    uint64_t serial = data & ((UINT64_C(1) << SERIAL_BITS) - 1);
    struct peer *peer = watch >= WATCH_PROCESS ? peer_find(tree, serial) : NULL;
    if (watch == WATCH_WAKE)
        drain(tree->wake);
    else if (watch == WATCH_TIMER)
        timer_fired(tree);
    else if (watch == WATCH_NOTIFY)
        joins_read(tree);
    else if (watch == WATCH_PROCESS && peer != NULL)
        peer_exited(tree, peer);
    else if (watch == WATCH_BIRTH && peer != NULL)
        peer_birth(tree, peer);
}

static void set_timer(struct banyan *tree) {
    uint64_t at_us = engine_wakeup(tree->engine);
    if (at_us == tree->timer_at)
        return;
    tree->timer_at = at_us;
    struct itimerspec when = {0};
    if (at_us != UINT64_MAX) {
        when.it_value.tv_sec = (time_t)(at_us / 1000000);
        when.it_value.tv_nsec = (long)(at_us % 1000000) * 1000 + 1; /* never zero: that means off */
    }
    timerfd_settime(tree->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void loop_touch(struct banyan *tree) {
    engine_tick(tree->engine, net_now_us());
}

void banyan_flush(struct banyan *tree) {
    loop_touch(tree);
    engine_flush(tree->engine);
    set_timer(tree);
}

/* What has arrived comes before the timers: an answer that lies here in time was in time. */
void banyan_process(struct banyan *tree) {
    struct epoll_event events[EVENTS_AT_ONCE];
    int count;
    engine_time(tree->engine, net_now_us());
    do {
        count = epoll_wait(tree->epoll, events, EVENTS_AT_ONCE, 0);
        for (int i = 0; i < count; i++)
            handle_descriptor(tree, events[i].data.u64);
    } while (count == EVENTS_AT_ONCE);
    engine_time(tree->engine, net_now_us()); /* what is there may have come meanwhile */
    handle_inbox(tree);
    banyan_flush(tree);
}
