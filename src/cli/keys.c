/*
 * keys.c: what the keys do that are banyan's own. All others do what libedit's emacs mode has them
 * do.
 */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "editor.h"
#include "terminal.h"

static const char paste_end[] = "\033[201~";
enum { PASTE_END = sizeof paste_end - 1 };

/* ---- Enter ---- */

/* Until the line can be run, nothing more is typed. False: it is not to be run any more. */
static bool wait_for_room(struct session *session) {
    session->terminal->stalled = true;
    session_settle(session);
    while (input_stalled(session) && !session->leaving && !session_is_over(session))
        session_turn(session);
    session->terminal->stalled = false;
    return !session->leaving && !session_is_over(session);
}

static void run_line(struct session *session, const char *line, size_t len, bool overlong) {
    char text[128];
    if (line != NULL && !overlong) {
        command_line(session, line, len, true);
        return;
    }
    snprintf(text, sizeof text,
             "the line is too long: at most %d characters can be typed; numbers can be in a file",
             LINE_MOST);
    session->line++;
    session->entry = NULL;
    session_refuse(session, &(struct answer){.command = COMMAND_LINE,
                                             .code = line == NULL ? BANYAN_SYSTEM : BANYAN_USAGE,
                                             .text = line == NULL ? "out of memory" : text});
}

/* The editor begins anew below what was printed. */
static unsigned char next_line(struct session *session) {
    if (session->leaving || session_is_over(session))
        return CC_EOF;
    screen_hide(session);
    screen_show_status(session);
    session->screen.line_shown = true;
    return CC_FATAL;
}

static unsigned char enter(EditLine *editor, wint_t key) {
    struct session *session = editor_session(editor);
    struct terminal *terminal = session->terminal;
    const LineInfoW *line = el_wline(editor);
    size_t len = 0, count = editor_length(terminal);
    wchar_t *copy = calloc(count + 1, sizeof *copy);
    (void)key;
    if (copy != NULL)
        wmemcpy(copy, line->buffer, count);
    char *bytes = copy != NULL ? editor_bytes(copy, copy + count, &len) : NULL;
    bool overlong = terminal->overlong;
    line_finish(session, "");
    el_cursor(editor, (int)count);
    el_wdeletestr(editor, (int)count);
    terminal->overlong = false;
    if (bytes != NULL && !overlong)
        recall_add(terminal, copy, bytes, len);
    if (!input_stalled(session) || wait_for_room(session))
        run_line(session, bytes, len, overlong);
    free(copy);
    free(bytes);
    return next_line(session);
}

/* ---- Ctrl-C ---- */

static unsigned char interrupt(EditLine *editor, wint_t key) {
    struct session *session = editor_session(editor);
    struct terminal *terminal = session->terminal;
    bool empty = editor_length(terminal) == 0;
    (void)key;
    line_finish(session, "^C");
    terminal->overlong = false;
    if (empty && terminal->interrupted)
        session->leaving = true;
    else if (empty)
        screen_print(session, "(Ctrl-C again, or Ctrl-D, ends banyan and all nodes)");
    terminal->interrupted = true;
    return next_line(session);
}

/* ---- pasted text ---- */

static unsigned char begin_paste(EditLine *editor, wint_t key) {
    (void)key;
    editor_session(editor)->terminal->pasting = true;
    return CC_NORM;
}

static unsigned char ignore(EditLine *editor, wint_t key) {
    (void)editor;
    (void)key;
    return CC_NORM;
}

static bool at_line_end(const struct terminal *terminal) {
    char next = terminal->typed[terminal->start];
    return next == '\n' || next == '\r';
}

/* Whether the mark of the end comes next: as much of it as is there. */
static bool at_paste_end(const struct terminal *terminal) {
    size_t left = terminal->end - terminal->start;
    return memcmp(terminal->typed + terminal->start, paste_end,
                  left < PASTE_END ? left : PASTE_END) == 0;
}

/* Inserts what is there, up to the end of a line or of the text. False: there is nothing, only a
 * part of a character. */
static bool paste_text(struct terminal *terminal) {
    wchar_t text[TYPED_ROOM / 16];
    size_t before = terminal->start, count = 0, length = editor_length(terminal);
    while (terminal->start < terminal->end && !at_paste_end(terminal) && !at_line_end(terminal) &&
           count < sizeof text / sizeof *text - 1 && editor_take(terminal, &text[count])) {
        if (text[count] == L'\0')
            text[count] = NO_TEXT;
        if (length + count < LINE_MOST)
            count++;
        else
            terminal->overlong = true;
    }
    text[count] = L'\0';
    if (count > 0 && el_winsertstr(terminal->editor, text) != 0)
        terminal->overlong = true; /* no memory for it */
    return terminal->start > before;
}

static unsigned char paste(EditLine *editor, wint_t key) {
    struct session *session = editor_session(editor);
    struct terminal *terminal = session->terminal;
    if (!terminal->pasting)
        return CC_NORM;
    if (at_line_end(terminal)) {
        terminal->start++;
        return enter(editor, key);
    }
    if (paste_text(terminal))
        return CC_REFRESH;
    if (at_paste_end(terminal) && terminal->end - terminal->start >= PASTE_END) {
        terminal->start += PASTE_END;
        terminal->pasting = false;
        return CC_NORM;
    }
    return editor_await(session) ? CC_NORM : CC_EOF;
}

/* ---- Tab ---- */

/* From a terminal that does not mark what is pasted: more follows at once, or more than anybody types
 * came with it. */
static bool is_pasted(const struct terminal *terminal) {
    enum { TYPED_MOST = 32 };
    return terminal->start < terminal->end || terminal->arrived > TYPED_MOST;
}

static void print_candidates(struct session *session, const struct candidates *candidates) {
    enum { SHOWN_MOST = 200 };
    size_t widest = 0, shown = candidates->count < SHOWN_MOST ? candidates->count : SHOWN_MOST;
    for (size_t i = 0; i < shown; i++)
        if (strlen(candidates->words[i]) > widest)
            widest = strlen(candidates->words[i]);
    size_t columns = (size_t)screen_size(session).columns / (widest + 2);
    char *line = calloc(columns + 1, widest + 2);
    for (size_t i = 0; i < shown && line != NULL; i++) {
        size_t len = strlen(line);
        sprintf(line + len, "%-*s", (int)widest + 2, candidates->words[i]);
        if (columns == 0 || (i + 1) % columns == 0 || i + 1 == shown) {
            screen_print(session, line);
            line[0] = '\0';
        }
    }
    if (shown < candidates->count)
        screen_print(session, "...");
    free(line);
}

/* Inserts what all have in common beyond what is typed. False: nothing. */
static bool insert_common(EditLine *editor, const struct candidates *candidates) {
    const char *first = candidates->words[0];
    char text[512];
    size_t common = strlen(first), len;
    for (size_t i = 1; i < candidates->count; i++)
        while (strncmp(first, candidates->words[i], common) != 0)
            common--;
    len = common - candidates->typed;
    if (len >= sizeof text - 1)
        return false;
    memcpy(text, first + candidates->typed, len);
    if (candidates->count == 1 && !candidates->open)
        text[len++] = ' ';
    text[len] = '\0';
    return len > 0 && el_insertstr(editor, text) == 0;
}

static unsigned char tab(EditLine *editor, wint_t key) {
    struct session *session = editor_session(editor);
    const LineInfoW *line = el_wline(editor);
    struct candidates candidates = {.words = NULL};
    unsigned char result = CC_REFRESH;
    size_t len;
    (void)key;
    if (is_pasted(session->terminal))
        return el_winsertstr(editor, L"\t") == 0 ? CC_REFRESH : CC_ERROR;
    char *text = editor_bytes(line->buffer, line->cursor, &len);
    if (text != NULL)
        complete(session, text, &candidates);
    if (candidates.count == 0) {
        result = CC_ERROR;
    } else if (!insert_common(editor, &candidates)) {
        print_candidates(session, &candidates);
        screen_show(session);
    }
    candidates_free(&candidates);
    free(text);
    return result;
}

void keys_bind(EditLine *editor) {
    static const struct {
        const wchar_t *key, *name;
        unsigned char (*run)(EditLine *editor, wint_t key);
    } keys[] = {
        {L"\n", L"banyan-enter", enter},
        {L"\r", L"banyan-enter-too", enter},
        {L"\t", L"banyan-complete", tab},
        {L"\003", L"banyan-interrupt", interrupt},
        {L"\033[200~", L"banyan-begin-paste", begin_paste},
        {L"\033[201~", L"banyan-ignore", ignore},
        {L"\035", L"banyan-paste", paste},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        el_wset(editor, EL_ADDFN, keys[i].name, L"", keys[i].run);
        el_wset(editor, EL_BIND, keys[i].key, keys[i].name, NULL);
    }
    el_wset(editor, EL_BIND, L"-r", L"\033x", NULL); /* commands to the editor itself */
    el_wset(editor, EL_BIND, L"-r", L"\033X", NULL);
}
