/*
 * fuzz: what the fuzz targets share. Each target (fuzz_NAME.c) is one function that is given bytes
 * and must neither crash nor find a promise broken, whatever they are. With clang it is linked with
 * libFuzzer; with other compilers with driver.c, which replays the corpus and its mutations.
 */
#ifndef BANYAN_FUZZ_H
#define BANYAN_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that must hold for every input. */
#define FUZZ_CHECK(promise)                                                                        \
    do {                                                                                           \
        if (!(promise)) {                                                                          \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The input, where a target draws its decisions from it. */
struct fuzz_input {
    const uint8_t *at, *end;
};

/* The next byte; 0 at the end. */
static inline uint8_t fuzz_byte(struct fuzz_input *input) {
    return input->at < input->end ? *input->at++ : 0;
}

/* 0 to below - 1, from one byte. */
static inline unsigned fuzz_below(struct fuzz_input *input, unsigned below) {
    return fuzz_byte(input) % below;
}

static inline uint64_t fuzz_u64(struct fuzz_input *input) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value |= (uint64_t)fuzz_byte(input) << (8 * i);
    return value;
}

#endif
