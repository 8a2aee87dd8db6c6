/*
 * sum: text to count, exact sum and first error: the work of a node.
 *
 * The text is a row of signed 64-bit decimal integers, each with an optional '+' or '-' and any
 * number of leading zeros, separated by blanks. The sum is exact in 128 bits: at most 2^64 numbers
 * of at most 2^63 each.
 *
 * Pure: no allocation, no input or output, no global state that changes a result. Every function
 * may be called from any thread.
 */
#ifndef BANYAN_SUM_H
#define BANYAN_SUM_H

#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 sum_int128;
__extension__ typedef unsigned __int128 sum_uint128;

/* Which bytes separate numbers: on a command line, and in a file. */
enum sum_blank {
    SUM_BLANK_LINE, /* space and tab */
    SUM_BLANK_FILE, /* space, \t, \n, \v, \f, \r */
};

enum sum_error {
    SUM_OK,
    SUM_NOT_INTEGER,  /* a word that is no decimal integer */
    SUM_OUT_OF_RANGE, /* an integer that does not fit 64 bits, signed */
};

struct sum_result {
    sum_int128 sum;       /* of all numbers before the first error */
    uint64_t count;       /* of the same numbers; the error is in number count + 1 */
    enum sum_error error; /* SUM_OK: the whole text was added */
    size_t word_at;       /* with an error: where the wrong word starts in the text, in bytes */
    size_t word_len;      /* with an error: the length of the wrong word, in bytes */
};

/* Adds the numbers in text[0..len). Uses the fastest version that this processor has. Reads no byte
 * outside the text; the text needs neither alignment nor an end mark. */
void sum_text(const char *text, size_t len, enum sum_blank blank, struct sum_result *result);

/* The versions behind sum_text, for its tests and the bench; all give the same result on every
 * input. sum_text_loop is the plain byte loop, the reference for the others. sum_text_avx2 must be
 * called only if sum_have_avx2 returns nonzero. */
void sum_text_loop(const char *text, size_t len, enum sum_blank blank, struct sum_result *result);
int sum_have_avx2(void);
void sum_text_avx2(const char *text, size_t len, enum sum_blank blank, struct sum_result *result);

#endif
