#include "family.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utlist.h>

enum { DOUBT_NS = 100 * 1000 * 1000 }; /* between two ticks */

/* ---- opening and closing ---- */

static void close_if_open(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool watch(struct family *family, int fd, uint64_t key) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = key};
    return epoll_ctl(family->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_all(struct family *family) {
    return (family->epoll = epoll_create1(EPOLL_CLOEXEC)) >= 0 &&
           (family->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) >= 0 &&
           (family->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) >= 0 &&
           watch(family, family->wake, FAMILY_WAKE) && watch(family, family->timer, FAMILY_TIMER);
}

static void close_all(struct family *family) {
    close_if_open(&family->epoll);
    close_if_open(&family->wake);
    close_if_open(&family->timer);
}

int family_open(struct family *family) {
    memset(family, 0, sizeof *family);
    family->epoll = family->wake = family->timer = -1;
    int error = open_all(family) ? pthread_mutex_init(&family->lock, NULL) : errno;
    if (error != 0)
        close_all(family);
    return error;
}

static void discard(struct family *family, struct child *child, void *arg) {
    (void)arg;
    family_over(family, child, 0, 0);
}

void family_close(struct family *family) {
    struct child *child, *next;
    family_each(family, discard, NULL);
    DL_FOREACH_SAFE2(family->with_news, child, next, news_next) {
        free(child);
    }
    pthread_mutex_destroy(&family->lock);
    close_all(family);
}

/* ---- the table ---- */

static size_t bucket(uint64_t key) {
    return key % FAMILY_BUCKETS;
}

struct child *family_add(struct family *family, const struct start_spec *spec) {
    size_t room = strlen(spec->address) + 1;
    struct child *child = calloc(1, sizeof *child + room);
    if (child == NULL)
        return NULL;
    child->serial = spec->serial;
    child->id = spec->id;
    child->program = spec->program;
    child->birth = -1;
    memcpy(child->address, spec->address, room);
    LL_PREPEND2(family->by_serial[bucket(child->serial)], child, next_serial);
    family->count++;
    return child;
}

struct child *family_find(const struct family *family, uint64_t serial) {
    struct child *child = family->by_serial[bucket(serial)];
    while (child != NULL && child->serial != serial)
        child = child->next_serial;
    return child;
}

struct child *family_find_pid(const struct family *family, pid_t pid) {
    struct child *child = family->by_pid[bucket((uint64_t)pid)];
    while (child != NULL && child->pid != pid)
        child = child->next_pid;
    return child;
}

void family_each(struct family *family, void (*act)(struct family *, struct child *, void *),
                 void *arg) {
    struct child *child, *next;
    for (size_t i = 0; i < FAMILY_BUCKETS; i++) {
        LL_FOREACH_SAFE2(family->by_serial[i], child, next, next_serial) {
            act(family, child, arg);
        }
    }
}

static void remove_child(struct family *family, struct child *child) {
    LL_DELETE2(family->by_serial[bucket(child->serial)], child, next_serial);
    if (child->pid != 0)
        LL_DELETE2(family->by_pid[bucket((uint64_t)child->pid)], child, next_pid);
    family->count--;
}

/* ---- the life of a child ---- */

/* A process that cannot be watched is killed, because its lines could not be read. */
static void watch_line(struct family *family, struct child *child) {
    child->line = LINE_READ;
    if (watch(family, child->birth, child->serial))
        return;
    snprintf(child->text, sizeof child->text, "cannot watch the node: %s", strerror(errno));
    child->line = LINE_NONE;
    child_signal(child, SIGKILL);
}

void family_started(struct family *family, struct child *child, pid_t pid, pid_t group, int birth) {
    struct child *former = family_find_pid(family, pid);
    if (former != NULL) /* the embedding program has reaped it, because the id is in use again */
        family_over(family, former, 0, 0);
    child->phase = CHILD_LIVES;
    child->pid = pid;
    child->group = group;
    child->birth = birth;
    LL_PREPEND2(family->by_pid[bucket((uint64_t)pid)], child, next_pid);
    watch_line(family, child);
}

void family_mute(struct family *family, struct child *child) {
    struct epoll_event event = {.data.u64 = child->serial}; /* the end is always reported */
    epoll_ctl(family->epoll, EPOLL_CTL_MOD, child->birth, &event);
    child->line = LINE_MUTED;
}

/* The line is removed from the epoll set explicitly, because a copy in a process that the embedding
 * program forked would keep it there. */
void family_end_line(struct family *family, struct child *child) {
    if (child->line != LINE_NONE)
        epoll_ctl(family->epoll, EPOLL_CTL_DEL, child->birth, NULL);
    child->line = LINE_NONE;
}

void family_set_timer(struct family *family) {
    struct itimerspec once = {.it_value.tv_nsec = DOUBT_NS};
    if (family->doubts > 0)
        timerfd_settime(family->timer, 0, &once, NULL);
}

void family_doubt(struct family *family, struct child *child) {
    if (child->doubted)
        return;
    child->doubted = true;
    if (family->doubts++ == 0)
        family_set_timer(family);
}

void child_signal(const struct child *child, int number) {
    if (child->phase == CHILD_LIVES && !child->reaped)
        kill(child->pid, number); /* the process is not reaped, so it exists */
}

/* ---- news ---- */

static bool is_pause(const struct pending *news) {
    return news->kind == START_STOPPED || news->kind == START_CONTINUED;
}

/* Where to put news: usually at the end. But a stop or continuation replaces an earlier one of its
 * kind, and all after it, unless news of another kind came between. So at most two of them follow
 * each other, the last one is the current state, and there is always room. */
static unsigned replaced(const struct child *child, const struct pending *news) {
    unsigned at = child->pending_count;
    for (unsigned i = at; is_pause(news) && i-- > 0 && is_pause(&child->pending[i]);) {
        if (child->pending[i].kind == news->kind)
            at = i;
    }
    return at;
}

/* wake and sleep_again cannot fail for another reason than EINTR. */
static void wake(struct family *family) {
    uint64_t one = 1;
    while (write(family->wake, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void sleep_again(struct family *family) {
    uint64_t woken;
    while (read(family->wake, &woken, sizeof woken) < 0 && errno == EINTR)
        ;
}

void family_add_news(struct family *family, struct child *child, struct pending news) {
    unsigned at = replaced(child, &news);
    child->pending[at] = news;
    child->pending_count = at + 1;
    if (child->has_news)
        return;
    child->has_news = true;
    if (family->with_news == NULL)
        wake(family);
    DL_APPEND2(family->with_news, child, news_prev, news_next);
}

void family_over(struct family *family, struct child *child, int code, int status) {
    remove_child(family, child);
    family_end_line(family, child);
    close_if_open(&child->birth);
    family->doubts -= child->doubted;
    child->reaped = true;
    child->phase = CHILD_OVER;
    family_add_news(family, child,
                    (struct pending){.kind = child->ready ? START_ENDED : START_FAILED,
                                     .code = code,
                                     .status = status});
}

void family_fail(struct family *family, struct child *child, const char *text) {
    snprintf(child->text, sizeof child->text, "%s", text);
    family_over(family, child, 0, 0);
}

struct child *family_take_news(struct family *family) {
    struct child *with_news = family->with_news;
    if (with_news != NULL)
        sleep_again(family);
    family->with_news = NULL;
    return with_news;
}
