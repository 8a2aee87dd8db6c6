/*
 * sum_loop.c: the plain byte loop, which defines what a text means. The faster versions are tested
 * against it, and leave to it small texts and all that may be wrong.
 */
#include "sum.h"

/* One bit per kind of blank, so that one table serves both kinds of text. */
static const unsigned char blank_kinds[256] = {
    [' '] = 1u << SUM_BLANK_LINE | 1u << SUM_BLANK_FILE,
    ['\t'] = 1u << SUM_BLANK_LINE | 1u << SUM_BLANK_FILE,
    ['\n'] = 1u << SUM_BLANK_FILE,
    ['\v'] = 1u << SUM_BLANK_FILE,
    ['\f'] = 1u << SUM_BLANK_FILE,
    ['\r'] = 1u << SUM_BLANK_FILE,
};

/* The largest magnitude that can take another digit without overflowing 64 unsigned bits. */
static const uint64_t magnitude_limit = INT64_MAX / 10;

static inline int is_blank(char byte, unsigned kind) {
    return (blank_kinds[(unsigned char)byte] & kind) != 0;
}

static const char *skip_word(const char *at, const char *end, unsigned kind) {
    while (at < end && !is_blank(*at, kind)) {
        at++;
    }
    return at;
}

static void stop(struct sum_result *result, enum sum_error error, size_t at, size_t len) {
    result->error = error;
    result->word_at = at;
    result->word_len = len;
}

/* Reads digits into *magnitude, which stays at UINT64_MAX once it is too large: the rest of the
 * word decides whether it is out of range or no integer. Returns the first byte that is no
 * digit. */
static inline const char *read_digits(const char *at, const char *end, uint64_t *magnitude) {
    uint64_t value = 0;

    for (; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';

        if (digit > 9) {
            break;
        }
        value = value <= magnitude_limit ? value * 10 + digit : UINT64_MAX;
    }
    *magnitude = value;
    return at;
}

void sum_text_loop(const char *text, size_t len, enum sum_blank blank, struct sum_result *result) {
    const unsigned kind = 1u << blank;
    const char *const end = len > 0 ? text + len : text; /* text may be NULL then */
    sum_int128 sum = 0;
    uint64_t count = 0;

    *result = (struct sum_result){.error = SUM_OK};
    for (const char *at = text; at < end;) {
        if (is_blank(*at, kind)) {
            at++;
            continue;
        }

        const char *word = at;
        int negative = *at == '-';
        at += negative || *at == '+';
        const char *digits = at;
        uint64_t magnitude;
        at = read_digits(at, end, &magnitude);

        if (at == digits || (at < end && !is_blank(*at, kind))) {
            at = skip_word(at, end, kind);
            stop(result, SUM_NOT_INTEGER, (size_t)(word - text), (size_t)(at - word));
            break;
        }
        if (magnitude > (uint64_t)INT64_MAX + (unsigned)negative) {
            stop(result, SUM_OUT_OF_RANGE, (size_t)(word - text), (size_t)(at - word));
            break;
        }
        sum += negative ? -(sum_int128)magnitude : (sum_int128)magnitude;
        count++;
    }
    result->sum = sum;
    result->count = count;
}
