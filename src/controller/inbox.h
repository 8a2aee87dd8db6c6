/*
 * inbox: events from nng's threads that wait for the thread of the tree: the ends of requests and
 * of surveys.
 *
 * An event carries its handler, so the inbox knows none of the modules that use it. A module embeds
 * a struct event at the head of its own record, and allocates the record before it starts the
 * request. So posting the end needs no memory.
 */
#ifndef BANYAN_INBOX_H
#define BANYAN_INBOX_H

#include <pthread.h>

struct banyan;

struct event {
    /* Runs on the thread of the tree, and frees the event. */
    void (*handle)(struct banyan *tree, struct event *event);
    struct inbox *inbox;
    struct event *next; /* the inbox's own */
};

struct inbox {
    pthread_mutex_t lock; /* of first and end */
    struct event *first, **end;
    int wake; /* an eventfd, readable while events are waiting; -1: not open */
};

int inbox_open(struct inbox *inbox); /* 0, or an errno */
void inbox_close(struct inbox *inbox);

/* Puts an event into its inbox, which owns it until its handler runs. Any thread. */
void event_post(struct event *event);

/* Handles all events in the inbox. On the thread of the tree. */
void inbox_handle(struct inbox *inbox, struct banyan *tree);

#endif
