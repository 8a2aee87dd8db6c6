/*
 * bench_sum: adds the numbers on standard input in this one process, with the kernel that banyan's
 * nodes use, read in pieces of 1 MiB. Prints the sum.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sum/sum.h"

enum { PIECE = 1 << 20, WORD_MAX = 64 };

static char buffer[WORD_MAX + PIECE];

/* Adds the whole words of the buffer, and moves the rest to its front. Returns how long that is. */
static size_t add_words(size_t len, int last, uint64_t *sum) {
    struct sum_result result;
    size_t whole = len;
    while (!last && whole > 0 && buffer[whole - 1] > ' ')
        whole--;
    sum_text(buffer, whole, SUM_BLANK_FILE, &result);
    if (result.error != SUM_OK || len - whole > WORD_MAX) {
        fputs("bench_sum: something that is no number\n", stderr);
        exit(1);
    }
    *sum += (uint64_t)result.sum;
    memmove(buffer, buffer + whole, len - whole);
    return len - whole;
}

int main(void) {
    uint64_t sum = 0;
    size_t kept = 0;
    for (;;) {
        ssize_t len = read(STDIN_FILENO, buffer + kept, PIECE);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0) {
            perror("bench_sum");
            return 1;
        }
        kept = add_words(kept + (size_t)len, len == 0, &sum);
        if (len == 0)
            break;
    }
    printf("%llu\n", (unsigned long long)sum);
    return 0;
}
