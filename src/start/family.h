/*
 * family: the children of one starter, and their news that are not reported yet.
 *
 * A child is found by its serial from family_add until it is over, and by its process id while it
 * has a process. The table and the news are part of the child's record, so no news is lost for want
 * of memory. starter_process frees a child after its last news.
 *
 * The lock guards everything here. All functions except family_open and family_close are called
 * under the lock, by any thread of the starter.
 */
#ifndef BANYAN_FAMILY_H
#define BANYAN_FAMILY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "start.h"

/* Keys in the epoll set; those of the birth lines are serials. */
#define FAMILY_WAKE  UINT64_C(0)
#define FAMILY_TIMER UINT64_MAX

enum {
    FAMILY_BUCKETS = 4096,
    PENDING_MAX = 9, /* READY, JOINED and the end, and a stop and a continuation before each */
};

/* News to report. code and status are as in siginfo_t; code 0: not known. */
struct pending {
    enum start_news_kind kind;
    int code, status;
};

enum child_phase {
    CHILD_WAITS,    /* to be started */
    CHILD_STARTING, /* posix_spawn is called for it */
    CHILD_LIVES,    /* it has a process that, as far as is known, is not reaped */
    CHILD_OVER,
};

enum child_line {
    LINE_NONE,  /* there is no line yet, or its end has been seen */
    LINE_READ,  /* lines are read */
    LINE_MUTED, /* only the end of the line is noticed */
};

struct child {
    uint64_t serial;
    int64_t id;
    const char *program; /* borrowed */
    enum child_phase phase;
    pid_t pid;   /* 0: no process yet */
    pid_t group; /* process group; 0: it has left the group it was started in */
    int birth;   /* the starter's end of its line; -1: none */
    enum child_line line;
    bool unwanted; /* starter_kill was called while it was starting */
    bool reaped;   /* the process id may belong to another process */
    bool stopped;  /* according to the kernel */
    bool doubted;  /* the kernel is asked about it from time to time, see family_doubt */
    bool ready, joined;
    bool has_news; /* it is in family.with_news */
    unsigned pending_count;
    struct pending pending[PENDING_MAX];
    struct child *next_serial, *next_pid; /* in their buckets */
    struct child *prev, *next;            /* in launcher.queue */
    struct child *news_prev, *news_next;  /* in family.with_news */
    char text[START_TEXT_MAX];            /* why it could not be started; empty: not known */
    char address[];
};

struct family {
    pthread_mutex_t lock;
    int epoll; /* the birth lines, keyed by serial, and the two below */
    int wake;  /* an eventfd: there are children with news */
    int timer; /* a timerfd: it is time to ask the kernel about doubted children */
    atomic_uint count;
    unsigned doubts;
    struct child *with_news;
    struct child *by_serial[FAMILY_BUCKETS], *by_pid[FAMILY_BUCKETS];
};

/* 0, or an errno; then nothing is left. */
int family_open(struct family *family);

/* Frees the family and every child. No other thread may use the family any more. */
void family_close(struct family *family);

/* A new child that waits to be started, owned by the family. NULL: out of memory. */
struct child *family_add(struct family *family, const struct start_spec *spec);

/* NULL: there is none, or it is over. */
struct child *family_find(const struct family *family, uint64_t serial);
struct child *family_find_pid(const struct family *family, pid_t pid);

/* Calls act for every child that is not over. act may end that child (family_over). */
void family_each(struct family *family, void (*act)(struct family *, struct child *, void *),
                 void *arg);

/* The child has a process. The family owns its birth line, and reads it from here on. */
void family_started(struct family *family, struct child *child, pid_t pid, pid_t group, int birth);

/* Stops reading the child's line. The end of the line is still noticed. */
void family_mute(struct family *family, struct child *child);

/* The end of the child's line has been seen: stops watching the line. */
void family_end_line(struct family *family, struct child *child);

/* No waiter is certain to notice this child's end, so the kernel is asked about it from time to
 * time. */
void family_doubt(struct family *family, struct child *child);

/* Sets the timer for the next tick, if there are doubted children. */
void family_set_timer(struct family *family);

/* Adds to the child's news. */
void family_add_news(struct family *family, struct child *child, struct pending news);

/* The child has no process any more: START_ENDED if it was ready, START_FAILED if not. */
void family_over(struct family *family, struct child *child, int code, int status);

/* As family_over, before the child had a process; text says why. */
void family_fail(struct family *family, struct child *child, const char *text);

/* Sends a signal to the child's process, if it has one. */
void child_signal(const struct child *child, int number);

/* Takes the list of children with news. The caller clears `has_news` of each, and frees the
 * children that are over. */
struct child *family_take_news(struct family *family);

#endif
