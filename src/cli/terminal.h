/*
 * terminal: commands that are typed at a terminal: a line that can be edited, with a history and
 * completion, through libedit.
 *
 *   terminal.c the editor: its keys, its life cycle, signals
 *   keys.c     the keys that banyan defines itself: Enter, Ctrl-C, Tab, pasted text
 *   typed.c    what was typed and the editor has not taken yet
 *   line.c     where the line stands on the screen
 *   complete.c what Tab may complete a word to
 *   history.c  the history, which is kept between runs
 *
 * The editor asks for one key after another. While there is none it calls host.wait, so answers,
 * notices and progress are also shown in the middle of a search or of a key's sequence. From
 * terminal_run to its end the terminal stays in the editor's mode, also between two lines, because
 * the kernel's own mode cuts lines of more than 4095 bytes.
 *
 * Without libedit (BANYAN_EDITLINE=OFF) no_terminal.c stands in, and the kernel edits the lines.
 * One thread.
 */
#ifndef BANYAN_TERMINAL_H
#define BANYAN_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "banyan.h"
#include "screen.h"

struct terminal;

/* What the editor needs of the program around it. */
struct editor_host {
    /* Waits for something to happen, and deals with it. False: no further line is wanted. */
    bool (*wait)(void *arg);
    /* Whether so much is pending that a line must wait. */
    bool (*is_stalled)(void *arg);
    /* Runs a line, or refuses it because of an error. False: no further line is wanted. */
    bool (*run_line)(void *arg, const char *line, size_t len);
    bool (*refuse_line)(void *arg, enum banyan_code code, const char *text);
    /* The user has ended the input. */
    void (*leave)(void *arg);
    /* The ids of the nodes that exist, as banyan_ids. */
    size_t (*ids)(void *arg, int64_t *ids, size_t room);
    void *arg;
};

/* Whether this program can edit lines at all. */
bool terminal_possible(void);

/* Prepares editing of what is typed at fd. The signals that belong to it are added to the
 * descriptor. Before any thread is started. NULL: it cannot be had; then the screen is closed. */
struct terminal *terminal_open(const struct editor_host *host, struct screen *screen, int fd,
                               int signals);
void terminal_close(struct terminal *terminal);

/* Takes commands until no more are wanted, and gives the terminal back as it was. */
void terminal_run(struct terminal *terminal);

/* Whether the descriptor should be polled. */
bool terminal_wanted(const struct terminal *terminal);
/* Reads what is typed. */
void terminal_read(struct terminal *terminal);

/* Does what a signal asks for. False: it is not one of the terminal's. terminal: NULL if no line is
 * edited any more; the signals stay blocked, so their usual effect must be brought about. */
bool terminal_signal(struct terminal *terminal, int number);

#endif
