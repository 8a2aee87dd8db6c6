/*
 * errors: tells on standard error in which line of the input an error is. Nothing waits for the
 * reader of standard error; what there is no room for is counted instead.
 *
 * One thread.
 */
#ifndef BANYAN_ERRORS_H
#define BANYAN_ERRORS_H

#include "output.h"

#include <stdint.h>

struct errors {
    bool wanted;
    const char *name; /* of the input */
    struct output output;
    uint64_t lost; /* errors that there was no room for */
};

/* Tells of an error, if that is wanted. */
void errors_tell(struct errors *errors, uint64_t line, const char *text);

/* Writes pending errors, waiting up to a second for the reader, and frees everything. */
void errors_close(struct errors *errors);

#endif
