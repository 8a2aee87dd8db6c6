/*
 * screen: what stands at the foot of the terminal: a status line, and below it the line being typed.
 * What is printed comes above them: they are hidden, the text is printed, and they are shown again.
 *
 *     Ok:10: 42                       printed
 *     exec 5: 38 %, 2 s left, ...     the status line
 *     banyan> exec 3 2 1              the line being typed, see terminal.h
 *
 * Everything goes to the terminal through one queue, in the order in which it was written, also the
 * answers, if standard output is that terminal. One thread.
 */
#ifndef BANYAN_SCREEN_H
#define BANYAN_SCREEN_H

#include <stdbool.h>

enum { SCREEN_STATUS = 128 };

struct output;
struct session;

struct screen {
    struct output *to;  /* the terminal; NULL: there is none, and nothing is shown */
    struct output *own; /* the same, if standard output is something else; else NULL */
    bool line_shown;    /* the line being typed stands there */
    bool status_shown;  /* the status line stands there */
    char status[SCREEN_STATUS];
};

struct screen_size {
    int rows, columns;
};

/* Finds the terminal: standard error, or standard output if lines are to be edited. */
void screen_open(struct session *session);
void screen_close(struct session *session);

struct screen_size screen_size(const struct session *session);

/* Makes room for text that goes to the terminal; the caller writes it to screen.to, with a newline
 * at its end. screen_show brings back what was hidden. */
void screen_hide(struct session *session);
void screen_show(struct session *session);

/* Shows the status line alone: the caller draws the line below it. */
void screen_show_status(struct session *session);

/* Before an answer goes to standard output, which may be that terminal. */
void screen_answer(struct session *session);

/* Prints one line, which has no newline, or lacks a terminal and prints it to standard error. */
void screen_print(struct session *session, const char *line);

/* Changes the status line, which is cut at the terminal's width; empty: there is none. */
void screen_status(struct session *session, const char *text);

#endif
