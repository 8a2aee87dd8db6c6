/*
 * loop: the descriptor that the program waits for: an epoll set of a timer and of all else that
 * wakes the tree. The loop only says what is ready; banyan_process handles that, in one order.
 */
#ifndef BANYAN_LOOP_H
#define BANYAN_LOOP_H

#include <stdint.h>

struct loop {
    int epoll, timer;  /* -1: not open */
    uint64_t timer_at; /* what the timer is set to, in microseconds; UINT64_MAX: not set */
};

int loop_open(struct loop *loop); /* 0, or an errno */
void loop_close(struct loop *loop);

/* Wakes the program when fd is readable. source: its bit in loop_ready; not 1. 0, or an errno. */
int loop_watch(struct loop *loop, int fd, unsigned source);

/* The bits of the sources that are readable, without waiting. Bit 1 is the timer, which need not be
 * read. */
unsigned loop_ready(const struct loop *loop);

/* Wakes the program at that time of net_now_us; UINT64_MAX: never. 0: at once, and until the timer
 * is set again. */
void loop_wake_at(struct loop *loop, uint64_t at_us);

#endif
