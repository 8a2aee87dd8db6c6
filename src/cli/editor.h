/* editor: what the files behind terminal.h share. */
#ifndef BANYAN_EDITOR_H
#define BANYAN_EDITOR_H

#include <histedit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "session.h"

enum {
    TYPED_ROOM = 64 << 10, /* bytes that are read at once */
    LINE_MOST = 1 << 20,   /* characters of a line; more belongs into a file */
};

/* Stands for text that was pasted and lies in `typed`. As a key it does nothing. */
#define KEY_PASTED L'\035'

struct terminal {
    EditLine *editor;
    FILE *stream;         /* what the editor draws; goes to the screen's queue */
    HistoryW *history;    /* what the editor recalls lines from */
    int recall;           /* the file that keeps them; -1: none */
    struct termios saved; /* the terminal as it was */
    char typed[TYPED_ROOM];
    size_t start, end; /* of what is typed and not taken yet */
    unsigned arrivals; /* how often something was typed */
    size_t arrived;    /* how many bytes at the last time */
    bool pasting;      /* what comes is text, not keys */
    bool overlong;     /* the line has more than LINE_MOST characters: the rest was dropped */
    bool interrupted;  /* the key before was Ctrl-C */
    bool stalled;      /* a line is complete but cannot be run yet */
};

#define PROMPT L"banyan> "

/* What stands for a byte that is no text: this and the byte. No character is in this range. */
#define NO_TEXT L'\xdc00'

/* terminal.c */
struct session *editor_session(EditLine *editor);
/* Waits until more is typed. False: no more is wanted. */
bool editor_await(struct session *session);
/* Takes one character of what is typed. False: the rest of it is still to come. */
bool editor_take(struct terminal *terminal, wchar_t *character);
size_t editor_length(const struct terminal *terminal);
/* The same the other way: the bytes of text, with an end mark, to be freed. NULL: out of memory. */
char *editor_bytes(const wchar_t *from, const wchar_t *to, size_t *len);

/* keys.c */
void keys_bind(EditLine *editor);

/* line.c */
/* Leaves the line where it is, with some text at its end, and brings the cursor below it. */
void line_finish(struct session *session, const char *text);

/* complete.c */
struct candidates {
    char **words;
    size_t count, room;
    size_t typed; /* bytes of them that are typed already */
    bool open;    /* what is completed may go on: a directory */
};
/* What the last word of the text may be completed to. */
void complete(const struct session *session, const char *text, struct candidates *candidates);
void candidates_free(struct candidates *candidates);

/* recall.c */
void recall_open(struct terminal *terminal);
/* Adds a line of which bytes is the same, len long. */
void recall_add(struct terminal *terminal, const wchar_t *line, const char *bytes, size_t len);
void recall_close(struct terminal *terminal);

#endif
