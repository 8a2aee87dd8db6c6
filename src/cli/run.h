/*
 * run: what a line does: the grammar makes it a request, and the request a call of banyan.h.
 *
 * One thread.
 */
#ifndef BANYAN_RUN_H
#define BANYAN_RUN_H

#include "banyan.h"
#include "language/words.h"
#include "replies.h"
#include "sources.h"

struct run {
    struct banyan *tree;
    struct replies replies;
    struct sources sources;
    uint64_t line;          /* how many lines have been run */
    bool exit_given;        /* the command exit has been run */
    struct refusal refusal; /* of the last line that was refused */
};

/* Runs the next line of the input. If it is only the beginning of a line (whole is false), the
 * numbers that follow go to the exec that is returned; NULL: the rest of the line is not wanted. */
struct banyan_exec *run_line(struct run *run, struct words line, bool whole);

/* Answers the next line of the input, of which only this error is known. */
void run_refuse(struct run *run, enum banyan_code code, const char *text);

#endif
