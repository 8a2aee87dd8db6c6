/* editor: what the files behind terminal.h share. */
#ifndef BANYAN_EDITOR_H
#define BANYAN_EDITOR_H

#include <histedit.h>
#include <termios.h>
#include <wchar.h>

#include "terminal.h"

enum { LINE_MOST = 1 << 20 }; /* characters of a line; more belongs into a file */

/* Stands for text that was pasted and lies in `typed`. As a key it does nothing. */
#define KEY_PASTED L'\035'

#define PROMPT L"banyan> "

enum { TYPED_ROOM = 64 << 10 }; /* bytes that are read at once */

/* Stands for a byte that is no text: this and the byte. No character is in this range. */
#define NO_TEXT L'\xdc00'

/* What was typed and the editor has not taken yet. */
struct typed {
    char bytes[TYPED_ROOM];
    size_t start, end; /* of what is not taken */
    unsigned arrivals; /* how often something arrived */
    size_t arrived;    /* how many bytes at the last time */
};

struct line_history {
    HistoryW *lines; /* what the editor recalls lines from; NULL: it has none */
    int file;        /* that keeps them; -1: none */
};

struct terminal {
    struct editor_host host;
    struct screen *screen; /* borrowed */
    int fd;                /* what is typed comes from it */
    EditLine *editor;
    FILE *stream; /* what the editor draws; it goes to the screen's queue */
    struct line_history history;
    struct termios saved; /* the terminal as it was */
    struct typed typed;
    bool pasting;     /* what arrives is text, not keys */
    bool overlong;    /* the line has more than LINE_MOST characters: the rest was dropped */
    bool interrupted; /* the key before was Ctrl-C */
    bool stalled;     /* a line is complete but cannot be run yet */
};

/* typed.c */
/* Reads once. False: nothing will come any more. */
bool typed_read(struct typed *typed, int fd);
/* Drops everything that is not taken. */
void typed_drop(struct typed *typed);
/* Waits until more arrives. False: no further line is wanted. */
bool typed_await(struct typed *typed, const struct editor_host *host);
/* Takes one character. False: the rest of it has not arrived. */
bool typed_take(struct typed *typed, wchar_t *character);
/* The other direction: the bytes of characters, with an end mark, to be freed. NULL: out of
 * memory. */
char *typed_bytes(const wchar_t *from, const wchar_t *to, size_t *len);

/* keys.c */
void keys_bind(EditLine *editor);

/* line.c */
/* How many characters the line has. */
size_t line_length(const struct terminal *terminal);
/* Leaves the line where it is, with some text at its end, and brings the cursor below it. */
void line_finish(struct terminal *terminal, const char *text);
/* For the screen's foot; terminal is a struct terminal. */
void line_erase(void *terminal);
void line_draw(void *terminal);

/* complete.c */
struct candidates {
    char **words;
    size_t count, room;
    size_t typed; /* how many bytes of them are typed already */
    bool open;    /* the completed word may go on, because it is a directory */
};
/* Finds what the last word of the text may be completed to. */
void complete(const struct editor_host *host, const char *text, struct candidates *candidates);
void candidates_free(struct candidates *candidates);

/* history.c */
void line_history_open(struct line_history *history, EditLine *editor);
/* Adds a line, of which bytes is the same, len long. */
void line_history_add(struct line_history *history, const wchar_t *line, const char *bytes,
                      size_t len);
void line_history_close(struct line_history *history);

#endif
