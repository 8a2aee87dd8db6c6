/*
 * line.c: where the line being typed stands on the screen.
 *
 * The editor knows it, but does not tell; so the place is worked out again, in the way in which the
 * editor draws: tabs go to the next multiple of eight, what cannot be shown is written out, and what
 * does not fit goes to the next row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "editor.h"
#include "terminal.h"

struct place {
    int row, column;
};

static int width_of(wchar_t character) {
    if (character < 0x100 && iswcntrl((wint_t)character))
        return 2; /* ^A */
    if (iswprint((wint_t)character))
        return wcwidth(character) > 0 ? wcwidth(character) : 0;
    return character > 0xffff ? 8 : 7; /* \U+1234 */
}

static void put(struct place *at, int width, int columns) {
    at->column += width;
    if (at->column >= columns) {
        at->column = 0;
        at->row++;
    }
}

static void advance(struct place *at, wchar_t character, int columns) {
    if (character == L'\n') {
        at->column = 0;
        at->row++;
    } else if (character == L'\t') {
        do
            put(at, 1, columns);
        while (at->column % 8 != 0);
    } else if (iswprint((wint_t)character)) {
        int width = width_of(character);
        if (at->column + width > columns)
            put(at, columns - at->column, columns);
        put(at, width, columns);
    } else {
        for (int left = width_of(character); left > 0; left--)
            put(at, 1, columns);
    }
}

static struct place place_after(const wchar_t *from, const wchar_t *to, int columns) {
    struct place at = {0, 0};
    for (const wchar_t *prompt = PROMPT; *prompt != L'\0'; prompt++)
        advance(&at, *prompt, columns);
    for (; from < to; from++)
        advance(&at, *from, columns);
    return at;
}

static void put_text(struct session *session, const char *text) {
    output_put(session->screen.to, text, strlen(text));
}

/* Moves the cursor by whole rows, up if there are fewer than none, to a column. */
static void move(struct session *session, int rows, int column) {
    char text[64] = "";
    if (rows != 0)
        snprintf(text, sizeof text, "\033[%d%c", abs(rows), rows < 0 ? 'A' : 'B');
    put_text(session, text);
    snprintf(text, sizeof text, "\033[%dG", column + 1);
    put_text(session, text);
}

/* A line that fills the screen has pushed the status line off it. Then the editor's idea of the
 * cursor is not reliable, but the line begins at the top. */
void terminal_erase(struct session *session) {
    struct screen_size size = screen_size(session);
    const LineInfoW *line = el_wline(session->terminal->editor);
    struct place cursor = place_after(line->buffer, line->cursor, size.columns);
    struct place end = place_after(line->buffer, line->lastchar, size.columns);
    if (end.row >= size.rows)
        put_text(session, "\033[H");
    else
        move(session, -cursor.row - (session->screen.status_shown ? 1 : 0), 0);
    put_text(session, "\033[J");
}

/* The editor believes that the screen is empty from the cursor on. */
void terminal_draw(struct session *session) {
    el_wset(session->terminal->editor, EL_REFRESH);
}

/* The status line above is deleted, so that the line moves up by one. */
void line_finish(struct session *session, const char *text) {
    struct screen *screen = &session->screen;
    struct screen_size size = screen_size(session);
    const LineInfoW *line = el_wline(session->terminal->editor);
    struct place cursor = place_after(line->buffer, line->cursor, size.columns);
    struct place end = place_after(line->buffer, line->lastchar, size.columns);
    if (!screen->line_shown)
        return;
    if (end.row >= size.rows) {
        put_text(session, "\033[H");
        move(session, size.rows - 1, end.column);
    } else {
        move(session, -cursor.row - (screen->status_shown ? 1 : 0), 0);
        if (screen->status_shown)
            put_text(session, "\033[M");
        move(session, end.row, end.column);
    }
    put_text(session, text);
    put_text(session, "\n");
    screen->line_shown = screen->status_shown = false;
}
