/*
 * bench_numbers COUNT SEED FILE: appends to FILE a line of COUNT random numbers, each of 1 to 6
 * digits with equal chance, separated by blanks. Prints their sum, which every measured program
 * must find.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* xorshift64*: the same numbers for the same seed on every machine. */
static uint64_t random_next(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static unsigned random_number(uint64_t *state) {
    static const unsigned powers[] = {0, 10, 100, 1000, 10000, 100000, 1000000};
    uint64_t random = random_next(state) >> 16;
    unsigned digits = 1 + (unsigned)(random % 6);
    unsigned low = powers[digits - 1], size = powers[digits] - low;
    return low + (unsigned)(random / 6 % size);
}

static void put_number(FILE *file, unsigned number, char end) {
    char text[16], *at = text + sizeof text;
    *--at = end;
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    fwrite(at, 1, (size_t)(text + sizeof text - at), file);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fputs("Usage: bench_numbers COUNT SEED FILE\n", stderr);
        return 2;
    }
    uint64_t count = strtoull(argv[1], NULL, 10), sum = 0;
    uint64_t state = strtoull(argv[2], NULL, 10) * 2 + 1; /* never zero */
    FILE *file = fopen(argv[3], "ae");
    if (file == NULL) {
        perror(argv[3]);
        return 1;
    }
    for (uint64_t i = 0; i < count; i++) {
        unsigned number = random_number(&state);
        sum += number;
        put_number(file, number, i + 1 < count ? ' ' : '\n');
    }
    if (ferror(file) != 0 || fclose(file) != 0) {
        perror(argv[3]);
        return 1;
    }
    printf("%" PRIu64 "\n", sum);
    return 0;
}
