/*
 * words: splits a command line into words, which spaces and tabs separate.
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

/* Whether a character separates words. */
static inline bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* The part of a line that has not been split yet. */
struct words {
    const char *at, *end;
};

/* Takes the next word from the line. */
static inline struct word words_next(struct words *words) {
    const char *at = words->at, *end = words->end;
    while (at < end && is_blank(*at))
        at++;
    const char *start = at;
    while (at < end && !is_blank(*at))
        at++;
    words->at = at;
    return (struct word){.at = start, .len = (size_t)(at - start)};
}

/* The part not split yet, without the blanks at its two ends. Takes nothing. */
struct word words_rest(const struct words *words);

bool word_is(struct word word, const char *text);

/* An id: a signed 64-bit integer other than -1. */
bool word_id(struct word word, int64_t *id);

#endif
