/*
 * start: the types of a starter: what it starts, and what it reports.
 */
#ifndef BANYAN_START_H
#define BANYAN_START_H

#include <stdint.h>
#include <sys/types.h>

enum { START_TEXT_MAX = 256 };

enum start_news_kind {
    START_FAILED,    /* it could not be started, or ended before it was ready; it was reaped */
    START_READY,     /* it runs and listens */
    START_JOINED,    /* its parent is connected to it */
    START_STOPPED,   /* it was stopped by a signal */
    START_CONTINUED, /* it was continued */
    START_ENDED,     /* it had been ready, and has ended and was reaped */
};

/* text is borrowed. With FAILED it says why; with STOPPED "stopped by signal 19"; with ENDED
 * "killed by signal 9" or "ended with status 1", or NULL: not known. Otherwise it is NULL. */
struct start_news {
    enum start_news_kind kind;
    uint64_t serial;
    pid_t pid; /* of the process; 0: there was none (FAILED only) */
    const char *text;
};

struct start_spec {
    const char *program; /* an absolute path; borrowed until the starter is closed */
    int64_t id;
    uint64_t serial;     /* never reused */
    const char *address; /* where it is to listen; copied */
};

#endif
