/*
 * line.c: where the line being typed stands on the screen.
 *
 * libedit does not expose the cursor's position, so it is computed here in the way in which libedit
 * draws: tabs go to the next multiple of eight, what cannot be shown is written out, and what does
 * not fit goes to the next row.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "editor.h"

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

/* Where the cursor and the end of the line are. */
struct standing {
    struct screen_size size;
    struct place cursor, end;
};

static struct standing standing_of(const struct terminal *terminal) {
    struct standing at = {.size = screen_size(terminal->screen)};
    const LineInfoW *line = el_wline(terminal->editor);
    at.cursor = place_after(line->buffer, line->cursor, at.size.columns);
    at.end = place_after(line->buffer, line->lastchar, at.size.columns);
    return at;
}

size_t line_length(const struct terminal *terminal) {
    const LineInfoW *line = el_wline(terminal->editor);
    return (size_t)(line->lastchar - line->buffer);
}

static void put_text(const struct terminal *terminal, const char *text) {
    output_put(terminal->screen->to, text, strlen(text));
}

/* Moves the cursor by whole rows, upwards if they are negative, and to a column. */
static void move(const struct terminal *terminal, int rows, int column) {
    char text[64] = "";
    if (rows != 0)
        snprintf(text, sizeof text, "\033[%d%c", abs(rows), rows < 0 ? 'A' : 'B');
    put_text(terminal, text);
    snprintf(text, sizeof text, "\033[%dG", column + 1);
    put_text(terminal, text);
}

/* A line that fills the screen has pushed the status line off it. Then libedit's idea of the cursor
 * is not reliable, but the line begins at the top. */
void line_erase(void *arg) {
    struct terminal *terminal = arg;
    struct standing at = standing_of(terminal);
    if (at.end.row >= at.size.rows)
        put_text(terminal, "\033[H");
    else
        move(terminal, -at.cursor.row - (terminal->screen->status_shown ? 1 : 0), 0);
    put_text(terminal, "\033[J");
}

/* libedit believes that the screen is empty from the cursor on. */
void line_draw(void *arg) {
    struct terminal *terminal = arg;
    el_wset(terminal->editor, EL_REFRESH);
}

/* The status line above is deleted, so the line moves up by one. */
void line_finish(struct terminal *terminal, const char *text) {
    struct screen *screen = terminal->screen;
    struct standing at = standing_of(terminal);
    if (!screen->line_shown)
        return;
    if (at.end.row >= at.size.rows) {
        put_text(terminal, "\033[H");
        move(terminal, at.size.rows - 1, at.end.column);
    } else {
        move(terminal, -at.cursor.row - (screen->status_shown ? 1 : 0), 0);
        if (screen->status_shown)
            put_text(terminal, "\033[M");
        move(terminal, at.end.row, at.end.column);
    }
    put_text(terminal, text);
    put_text(terminal, "\n");
    screen->line_shown = screen->status_shown = false;
}
