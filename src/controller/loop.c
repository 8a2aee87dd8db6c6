#include "loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { SOURCES_MOST = 8 };

int loop_open(struct loop *loop) {
    loop->timer_at = UINT64_MAX;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->timer = loop->epoll >= 0 ? timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)
                                   : -1;
    return loop->timer >= 0 ? loop_watch(loop, loop->timer, 1) : errno;
}

void loop_close(struct loop *loop) {
    if (loop->epoll >= 0)
        close(loop->epoll);
    if (loop->timer >= 0)
        close(loop->timer);
}

int loop_watch(struct loop *loop, int fd, unsigned source) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

unsigned loop_ready(const struct loop *loop) {
    struct epoll_event events[SOURCES_MOST];
    unsigned sources = 0;
    int count = epoll_wait(loop->epoll, events, SOURCES_MOST, 0);
    for (int i = 0; i < count; i++)
        sources |= events[i].data.u32;
    return sources;
}

/* Setting a timer that has fired also makes it unreadable, so it need not be read. */
void loop_wake_at(struct loop *loop, uint64_t at_us) {
    struct itimerspec when = {0};
    if (at_us == loop->timer_at)
        return;
    loop->timer_at = at_us;
    if (at_us != UINT64_MAX) {
        when.it_value.tv_sec = (time_t)(at_us / 1000000);
        when.it_value.tv_nsec = (long)(at_us % 1000000) * 1000 + 1; /* never zero: that means off */
    }
    timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL);
}
