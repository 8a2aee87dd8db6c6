/*
 * session: one run of the program banyan: commands in, answers out, one loop on one thread.
 *
 *     terminal.c (keys, typed, line, complete, history)  lines that are typed
 *     lines.c (input, numbers)                           lines from a file or a pipe
 *          |
 *     language/grammar.c                                 a line becomes a request
 *     run.c (sources)                                    a request becomes a call of banyan.h
 *          |
 *     replies.c (calls, json, view, errors)              its answer becomes text
 *     order.c                                            in the order of the commands
 *     output.c, screen.c (progress, transfer)            to standard output and the terminal
 *
 * Each of these is given what it uses; only session.c knows them all.
 */
#ifndef BANYAN_SESSION_H
#define BANYAN_SESSION_H

#include <stdio.h>

#include "lines.h"
#include "progress.h"
#include "run.h"
#include "terminal.h"

/* Why no further command is taken; of several reasons the last in this list counts. */
enum leave {
    LEAVE_NOT,
    LEAVE_END,       /* the input has ended, or it was said that it has */
    LEAVE_ERROR,     /* with --errexit: an answer was an error */
    LEAVE_NO_MEMORY, /* there was no memory for an answer */
};

struct session {
    struct lines lines;
    struct run run;
    struct output output; /* standard output */
    struct screen screen;
    struct progress progress;
    struct terminal *terminal; /* NULL: lines are not edited, or no longer */
    FILE *log;                 /* where notices go; NULL: there is no log */
    bool typed;                /* commands come from a terminal */
    bool prompted;             /* without an editor: the prompt stands at the terminal */
    bool errexit;              /* no further command is taken after an error */
    int signals;               /* the descriptor that signals come through */
    int signal;                /* that ends the program; 0: none */
    enum leave left;
};

/* Edits the lines that are typed, if that can be had. Before any thread is started. */
void session_edit(struct session *session);

/* For banyan_options. */
void session_answered(void *arg, void *tag, const struct banyan_answer *answer);
void session_noticed(void *arg, const char *line);

/* Runs until the commands are at their end and answered, or a signal comes. Returns why. */
enum leave session_run(struct session *session);

#endif
