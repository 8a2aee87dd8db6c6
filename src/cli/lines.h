/*
 * lines: the input as lines, of any length in bounded memory.
 *
 * A line that is read as a whole is given as a whole. Of a longer one the beginning is given, which
 * tells what the line is; the numbers of an exec then go on piece by piece (numbers.h), and the
 * rest of any other line is skipped.
 *
 * One thread.
 */
#ifndef BANYAN_LINES_H
#define BANYAN_LINES_H

#include <stdbool.h>

#include "input.h"
#include "language/words.h"
#include "numbers.h"

struct lines {
    struct input input;
    struct numbers numbers; /* the long line of numbers that is being read, if any */
    bool skipping;          /* what comes next is the rest of a line that is not wanted */
};

/* Goes on to the beginning of the next line. False: that has not been read yet. readable: as for
 * input_take. */
bool lines_advance(struct lines *lines, bool *readable);

/* After lines_advance: takes the next line, without its end. It is borrowed until the input is read
 * again. whole: false if it is only the beginning of a line, of which the rest will be skipped
 * unless lines_continue is called. False: no line is complete yet. */
bool lines_next(struct lines *lines, struct words *line, bool *whole);

/* Gives the rest of the line that was just taken to an exec. */
void lines_continue(struct lines *lines, struct banyan_exec *exec);

/* Everything has been taken. */
bool lines_ended(const struct lines *lines);

#endif
