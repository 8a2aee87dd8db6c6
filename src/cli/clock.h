/* clock: the program's one clock. */
#ifndef BANYAN_CLOCK_H
#define BANYAN_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { SECOND_US = 1000000 };

/* Microseconds of a clock that never jumps. */
static inline uint64_t clock_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

#endif
