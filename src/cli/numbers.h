/*
 * numbers: the rest of a long line, which are the numbers of an exec. They go from the descriptor
 * straight into the exec's buffer, without a copy.
 *
 * One thread.
 */
#ifndef BANYAN_NUMBERS_H
#define BANYAN_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "banyan.h"
#include "input.h"
#include "transfer.h"

struct numbers {
    struct banyan_exec *exec; /* where they go; NULL: there is no such line */
    bool held_cr;             /* the last byte was a CR, which is the line's end if an LF follows */
    uint64_t begun_us;        /* when the line began */
    uint64_t moved;           /* its bytes so far */
};

enum numbers_step {
    NUMBERS_WAIT,     /* nothing can be moved now */
    NUMBERS_MOVED,    /* something was moved; at the line's end numbers.exec is NULL */
    NUMBERS_UNWANTED, /* the exec is answered; the rest of the line is still to be skipped */
};

void numbers_begin(struct numbers *numbers, struct banyan_exec *exec);

/* Moves the next piece of the line. readable: as for input_take. */
enum numbers_step numbers_step(struct numbers *numbers, struct input *input, bool *readable);

/* Whether the input is worth polling for this line. */
bool numbers_wanted(const struct numbers *numbers);

/* Adds the line, if there is one, to what is being read. */
void numbers_progress(const struct numbers *numbers, const struct input *input,
                      struct transfer *sum);

#endif
