#include "starter.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

#include "family.h"
#include "kernel.h"
#include "launcher.h"
#include "line.h"
#include "waiters.h"

enum { BATCH = 64 };

struct starter {
    struct family family;
    struct waiters waiters;
    struct launcher launcher;
    bool has_proc;
    start_heard *heard;
    void *arg;
};

static void lock(struct starter *starter) {
    pthread_mutex_lock(&starter->family.lock);
}

static void unlock(struct starter *starter) {
    pthread_mutex_unlock(&starter->family.lock);
}

/* ---- opening and closing ---- */

/* If SIGCHLD is ignored, the kernel reaps the children itself. */
static bool children_can_be_reaped(void) {
    struct sigaction action;
    return sigaction(SIGCHLD, NULL, &action) == 0 && (action.sa_flags & SA_NOCLDWAIT) == 0 &&
           ((action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_IGN);
}

static int open_threads(struct starter *starter) {
    int error = waiters_open(&starter->waiters, &starter->family);
    if (error != 0)
        return error;
    error = launcher_open(&starter->launcher, &starter->family, &starter->waiters);
    if (error != 0)
        waiters_close(&starter->waiters);
    return error;
}

static int open_parts(struct starter *starter) {
    int error = family_open(&starter->family);
    if (error != 0)
        return error;
    error = open_threads(starter);
    if (error != 0)
        family_close(&starter->family);
    return error;
}

int starter_open(struct starter **starter, start_heard *heard, void *arg) {
    if (!children_can_be_reaped())
        return EINVAL;
    struct starter *new = calloc(1, sizeof *new);
    if (new == NULL)
        return ENOMEM;
    int error = open_parts(new);
    if (error != 0) {
        free(new);
        return error;
    }
    new->has_proc = kernel_has_proc();
    new->heard = heard;
    new->arg = arg;
    *starter = new;
    return 0;
}

static void kill_child(struct family *family, struct child *child, void *arg) {
    (void)arg;
    kernel_ask(family, child); /* first: the embedding program may have reaped it */
    child_signal(child, SIGKILL);
}

/* After SIGKILL the wait is short. It holds the lock, so no waiter can reap the child before; and a
 * waiter would not see a child that has left its group. */
static void reap_child(struct family *family, struct child *child, void *arg) {
    siginfo_t info;
    (void)arg;
    if (child->phase != CHILD_LIVES)
        return;
    while (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        ;
    kernel_ask(family, child);
}

static void end_all(struct starter *starter) {
    lock(starter);
    family_each(&starter->family, kill_child, NULL);
    family_each(&starter->family, reap_child, NULL);
    unlock(starter);
}

void starter_close(struct starter *starter) {
    launcher_close(&starter->launcher);
    end_all(starter);
    waiters_close(&starter->waiters);
    family_close(&starter->family);
    free(starter);
}

/* ---- reporting ---- */

/* The end of a line proves nothing, because the node may have closed it: asks the kernel. */
static void see_line(struct starter *starter, uint64_t serial, uint32_t events) {
    struct child *child = family_find(&starter->family, serial);
    if (child == NULL || child->phase != CHILD_LIVES)
        return;
    if (child->stopped) /* a stopped node cannot write, so it was continued or has ended */
        kernel_ask(&starter->family, child);
    line_take(&starter->family, child);
    if (child->line == LINE_MUTED && (events & (EPOLLHUP | EPOLLERR)) != 0)
        family_end_line(&starter->family, child);
    if (child->line == LINE_NONE)
        kernel_doubt(&starter->family, child);
}

static void ask_if_doubted(struct family *family, struct child *child, void *arg) {
    (void)arg;
    if (child->doubted)
        kernel_ask(family, child);
}

static void see_timer(struct starter *starter) {
    uint64_t ticks;
    if (read(starter->family.timer, &ticks, sizeof ticks) < 0)
        return;
    family_each(&starter->family, ask_if_doubted, NULL);
    family_set_timer(&starter->family);
}

/* FAMILY_WAKE needs no action here: it only says that there are news. */
static void see(struct starter *starter, const struct epoll_event *event) {
    if (event->data.u64 == FAMILY_TIMER)
        see_timer(starter);
    else if (event->data.u64 != FAMILY_WAKE)
        see_line(starter, event->data.u64, event->events);
}

static void see_all(struct starter *starter) {
    struct epoll_event events[BATCH];
    int count;
    do {
        count = epoll_wait(starter->family.epoll, events, BATCH, 0);
        for (int i = 0; i < count; i++)
            see(starter, &events[i]);
    } while (count == BATCH);
}

/* NULL: these news have no text. */
static const char *describe(const struct pending *pending, char text[START_TEXT_MAX]) {
    const char *form = pending->kind == START_STOPPED ? "stopped by signal %d"
                       : pending->code == CLD_EXITED  ? "ended with status %d"
                                                      : "killed by signal %d";
    snprintf(text, START_TEXT_MAX, form, pending->status);
    bool known = pending->kind == START_STOPPED ||
                 (pending->kind == START_ENDED && pending->code != 0);
    return known ? text : NULL;
}

static void report(struct starter *starter, const struct child *child,
                   const struct pending *pending) {
    char text[START_TEXT_MAX];
    struct start_news news = {.kind = pending->kind, .serial = child->serial, .pid = child->pid};
    news.text = describe(pending, text);
    if (news.kind == START_FAILED)
        news.text = child->text[0] != '\0' ? child->text : "the node ended while it was starting";
    starter->heard(starter->arg, &news);
}

/* Other threads may add news of a child until it is over; afterwards no thread uses it. Only this
 * function frees children, so the child cannot vanish during the calls. */
static void report_all(struct starter *starter, struct child *child) {
    struct pending pending[PENDING_MAX];
    lock(starter);
    unsigned count = child->pending_count;
    bool over = child->phase == CHILD_OVER;
    memcpy(pending, child->pending, sizeof pending);
    child->pending_count = 0;
    child->has_news = false;
    unlock(starter);
    for (unsigned i = 0; i < count; i++)
        report(starter, child, &pending[i]);
    if (over)
        free(child);
}

void starter_process(struct starter *starter) {
    lock(starter);
    see_all(starter);
    struct child *with_news = family_take_news(&starter->family), *child;
    unlock(starter);
    while ((child = with_news) != NULL) {
        DL_DELETE2(with_news, child, news_prev, news_next);
        report_all(starter, child);
    }
}

int starter_fd(const struct starter *starter) {
    return starter->family.epoll;
}

/* ---- commands ---- */

bool starter_start(struct starter *starter, const struct start_spec *spec) {
    lock(starter);
    struct child *child = family_add(&starter->family, spec);
    if (child != NULL)
        launcher_add(&starter->launcher, child);
    unlock(starter);
    return child != NULL;
}

static void cancel(struct starter *starter, struct child *child) {
    launcher_cancel(&starter->launcher, child);
    family_fail(&starter->family, child, "the node was killed before it was started");
}

static void end(struct starter *starter, struct child *child) {
    if (child->phase == CHILD_WAITS)
        cancel(starter, child);
    else if (child->phase == CHILD_STARTING)
        child->unwanted = true;
    else
        kill_child(&starter->family, child, NULL);
}

void starter_kill(struct starter *starter, uint64_t serial) {
    lock(starter);
    struct child *child = family_find(&starter->family, serial);
    if (child != NULL)
        end(starter, child);
    unlock(starter);
}

static bool runs(struct starter *starter, struct child *child) {
    if (child == NULL || child->phase != CHILD_LIVES)
        return false;
    bool held = starter->has_proc && kernel_is_held(child);
    kernel_ask(&starter->family, child); /* last, so that a stop seen in /proc is recorded */
    return child->phase == CHILD_LIVES && !child->stopped && !held;
}

bool starter_runs(struct starter *starter, uint64_t serial) {
    lock(starter);
    bool result = runs(starter, family_find(&starter->family, serial));
    unlock(starter);
    return result;
}

unsigned starter_count(const struct starter *starter) {
    return atomic_load(&starter->family.count);
}
