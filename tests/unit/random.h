/*
 * random: numbers for the random tests. BANYAN_SEED chooses them; the seed is printed, so that a
 * failure can be had again.
 */
#ifndef BANYAN_TESTS_RANDOM_H
#define BANYAN_TESTS_RANDOM_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t random_state;

/* Starts the numbers of one test. */
static inline void random_start(const char *test) {
    const char *chosen = getenv("BANYAN_SEED");
    random_state = chosen != NULL && *chosen != '\0' ? strtoull(chosen, NULL, 0)
                                                     : (uint64_t)time(NULL);
    printf("%s: BANYAN_SEED=%" PRIu64 "\n", test, random_state);
    fflush(stdout);
}

/* splitmix64: any seed is a good seed. Draw once in an expression: the order of two is open. */
static inline uint64_t random_next(void) {
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline size_t random_below(size_t n) {
    return (size_t)(random_next() % n);
}

/* From 0 to 64 random bits, so that small numbers are as frequent as large ones. */
static inline uint64_t random_bits(void) {
    uint64_t bits = random_next();
    size_t dropped = random_below(65);
    return dropped < 64 ? bits >> dropped : 0;
}

#endif
