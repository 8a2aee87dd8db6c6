/*
 * terminal: commands that are typed at a terminal: a line that can be edited, with a history and
 * completion, through libedit.
 *
 *   terminal.c the editor: what it reads, its life cycle, signals
 *   keys.c     what the keys do that are banyan's own: Enter, Ctrl-C, Tab, pasted text
 *   line.c     where the line stands on the screen
 *   complete.c what Tab may complete a word to
 *   recall.c   the history that is kept between runs
 *
 * The editor asks for one key after the other; while there is none, the session turns. So answers,
 * notices and progress come also in the middle of a search or of a key's sequence. The terminal is
 * in the editor's mode from terminal_run to its end, never between two lines: in the kernel's own
 * mode lines of more than 4095 bytes would be cut.
 *
 * Without libedit (BANYAN_EDITLINE=OFF) lines are read as the kernel edits them, see input.c.
 * One thread.
 */
#ifndef BANYAN_TERMINAL_H
#define BANYAN_TERMINAL_H

#include <stdbool.h>

struct session;

#ifdef BANYAN_EDITLINE

/* Whether this program can edit lines at all. */
static inline bool terminal_possible(void) {
    return true;
}

/* Prepares editing, if input and screen are terminals; session.terminal tells. The signals that
 * belong to it are added to the descriptor. Before any thread is started. */
void terminal_open(struct session *session, int signals);

/* Gives the terminal back as it was. */
void terminal_close(struct session *session);

/* Takes commands until no more are wanted, and closes. */
void terminal_run(struct session *session);

/* Whether the input should be polled, and what to do when it can be read. */
bool terminal_wanted(const struct session *session);
void terminal_read(struct session *session);

/* Does what a signal asks for. False: it is not one of the terminal's. */
bool terminal_signal(struct session *session, int number);

/* For screen.c: takes the line that is being typed off the screen, with the status line above it;
 * draws it at the cursor. */
void terminal_erase(struct session *session);
void terminal_draw(struct session *session);

#else

static inline bool terminal_possible(void) {
    return false;
}

static inline void terminal_open(struct session *session, int signals) {
    (void)session;
    (void)signals;
}

static inline void terminal_close(struct session *session) {
    (void)session;
}

static inline void terminal_run(struct session *session) {
    (void)session;
}

static inline bool terminal_wanted(const struct session *session) {
    (void)session;
    return false;
}

static inline void terminal_read(struct session *session) {
    (void)session;
}

static inline bool terminal_signal(struct session *session, int number) {
    (void)session;
    (void)number;
    return false;
}

static inline void terminal_erase(struct session *session) {
    (void)session;
}

static inline void terminal_draw(struct session *session) {
    (void)session;
}

#endif
#endif
