/*
 * screen: what stands at the foot of the terminal: a status line, and below it the line being
 * typed. What is printed comes above them: they are hidden, the text is printed, and they are shown
 * again.
 *
 *     Ok:10: 42                       printed
 *     exec 5: 38 %, 2 s left, ...     the status line
 *     banyan> exec 3 2 1              the line being typed, see terminal.h
 *
 * Everything goes to the terminal through one queue, in the order in which it was written. So do
 * the answers, if standard output is that terminal. One thread.
 */
#ifndef BANYAN_SCREEN_H
#define BANYAN_SCREEN_H

#include <stdbool.h>

#include "output.h"

enum { SCREEN_STATUS = 128 };

/* Who draws the line being typed. Without one, the cursor stays in the status line. */
struct foot {
    void (*erase)(void *arg); /* takes the line off the screen, with the status line above it */
    void (*draw)(void *arg);  /* draws it at the cursor; NULL: there is no such line */
    void *arg;
};

struct screen {
    struct output *to;  /* the terminal; NULL: there is none, and nothing is shown */
    struct output *own; /* the same, if standard output is something else; else NULL; owned */
    struct foot foot;
    bool line_shown;   /* the line being typed stands there */
    bool status_shown; /* the status line stands there */
    char status[SCREEN_STATUS];
};

struct screen_size {
    int rows, columns;
};

/* Finds the terminal: standard error, or standard output if lines are to be edited. typed: commands
 * come from a terminal. edited: and their lines can be edited. */
void screen_open(struct screen *screen, struct output *output, bool typed, bool edited);
void screen_close(struct screen *screen);

struct screen_size screen_size(const struct screen *screen);

/* Makes room for text, which the caller puts to screen.to, with a newline at its end. screen_show
 * brings back what was hidden. */
void screen_hide(struct screen *screen);
void screen_show(struct screen *screen);

/* Shows the status line alone; the caller draws the line below it. */
void screen_show_status(struct screen *screen);

/* Prints one line, which has no newline; without a terminal to standard error. */
void screen_print(struct screen *screen, const char *line);

/* Changes the status line, which is cut at the terminal's width; empty: there is none. */
void screen_status(struct screen *screen, const char *text);

/* Writes what waits in a queue of the screen's own. */
void screen_flush(struct screen *screen);

#endif
