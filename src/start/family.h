/*
 * family: the children of one starter, and the news of them that the owner has not heard yet.
 *
 * A child is found by its serial from family_add until it is over, and by its process id while it
 * has one. The table and the news take no memory of their own, so nothing that happens to a child
 * can be lost because there is none. The owner frees a child after its last news.
 *
 * The lock guards all of it. All functions except family_open and family_close are called under
 * the lock, by any thread of the starter.
 */
#ifndef BANYAN_FAMILY_H
#define BANYAN_FAMILY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "start.h"

enum {
    FAMILY_BUCKETS = 4096,
    PENDING_MAX = 9, /* READY, JOINED and the end, and a stop and a continuation before each */
};

/* What happened; code and status as in siginfo_t, code 0: not known. */
struct pending {
    enum start_news_kind kind;
    int code, status;
};

enum child_phase {
    CHILD_WAITS,    /* to be started */
    CHILD_STARTING, /* posix_spawn is called for it */
    CHILD_LIVES,    /* it has a process that is not reaped, as far as is known */
    CHILD_OVER,
};

enum child_line {
    LINE_NONE,  /* none yet, or its end has been seen */
    LINE_READ,  /* lines of it are awaited */
    LINE_MUTED, /* only its end is */
};

struct child {
    uint64_t serial;
    int64_t id;
    const char *program; /* borrowed */
    enum child_phase phase;
    pid_t pid;   /* 0: no process yet */
    pid_t group; /* of the process; 0: it has left the group that it was started in */
    int birth;   /* the starter's end of its line; -1: none */
    enum child_line line;
    bool unwanted; /* starter_kill was called while it was starting */
    bool reaped;   /* the process id is not its own any more */
    bool stopped;  /* according to the kernel */
    bool doubted;  /* it is asked about from time to time, see family_doubt */
    bool ready, joined;
    bool talks; /* it is in the list of those with news */
    unsigned pending_count;
    struct pending pending[PENDING_MAX];
    struct child *next_serial, *next_pid;  /* in their buckets */
    struct child *prev, *next;             /* in the queue of those to be started */
    struct child *talks_prev, *talks_next; /* in the list of those with news */
    char text[START_TEXT_MAX];             /* why it could not be started; empty: not known */
    char address[];
};

struct family {
    pthread_mutex_t lock;
    int epoll; /* the birth lines, keyed by serial, and the two below */
    int wake;  /* an eventfd: there are children with news */
    int timer; /* a timerfd: children in doubt are to be asked about */
    atomic_uint count;
    unsigned doubts;
    struct child *talkers;
    struct child *by_serial[FAMILY_BUCKETS], *by_pid[FAMILY_BUCKETS];
};

/* 0, or an errno; then nothing is left. */
int family_open(struct family *family);

/* Frees it and every child. No other thread may use the family any more. */
void family_close(struct family *family);

/* A new child that waits to be started, owned by the family. NULL: out of memory. */
struct child *family_add(struct family *family, const struct start_spec *spec);

/* NULL: there is none, or it is over. */
struct child *family_find(const struct family *family, uint64_t serial);
struct child *family_find_pid(const struct family *family, pid_t pid);

/* Calls act for every child that is not over; it may end the child that it is called for. */
void family_each(struct family *family, void (*act)(struct family *, struct child *, void *),
                 void *arg);

/* The child has a process, whose birth line is read from here on. The family owns the line. */
void family_started(struct family *family, struct child *child, pid_t pid, pid_t group, int birth);

/* Its line is read no further; its end is still noticed. */
void family_mute(struct family *family, struct child *child);

/* The end of its line has been seen, and is not to be seen again. */
void family_end_line(struct family *family, struct child *child);

/* Nothing is certain to report this child's end by itself: the timer does. */
void family_doubt(struct family *family, struct child *child);

/* The next tick of the timer, if there are children in doubt. */
void family_set_timer(struct family *family);

/* Adds to the child's news. */
void family_tell(struct family *family, struct child *child, struct pending news);

/* The child has no process any more. It is FAILED if it has not been ready, else ENDED. */
void family_over(struct family *family, struct child *child, int code, int status);

/* As family_over, before the child had a process; text says why. */
void family_fail(struct family *family, struct child *child, const char *text);

/* Sends a signal to the child's process, if it has one. */
void child_signal(const struct child *child, int number);

/* Takes the list of the children that have news. The caller clears `talks` of each, and frees those
 * that are over. */
struct child *family_take(struct family *family);

#endif
