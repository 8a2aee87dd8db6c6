/*
 * words: a command line taken apart: words separated by spaces and tabs.
 *
 * Pure; any thread.
 */
#ifndef BANYAN_WORDS_H
#define BANYAN_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct word {
    const char *at; /* borrowed from the line; no end mark */
    size_t len;     /* 0: there is no further word */
};

/* What is left of a line. */
struct words {
    const char *at, *end;
};

/* Takes the next word off the line. */
struct word words_next(struct words *words);

/* What is left, without the blanks at its two ends. */
struct word words_rest(const struct words *words);

bool word_is(struct word word, const char *text);

/* An id: a signed 64-bit integer other than -1. */
bool word_id(struct word word, int64_t *id);

#endif
