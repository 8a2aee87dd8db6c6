/*
 * keys.c: the keys that banyan defines itself. All others do what they do in libedit's emacs mode.
 */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "editor.h"

static const char paste_end[] = "\033[201~";
enum { PASTE_END = sizeof paste_end - 1 };

static struct terminal *terminal_of(EditLine *editor) {
    void *terminal = NULL;
    el_wget(editor, EL_CLIENTDATA, &terminal);
    return terminal;
}

/* ---- Enter ---- */

/* Until the line can be run, no further key is taken. False: the line is not to be run any more. */
static bool wait_for_room(struct terminal *terminal) {
    const struct editor_host *host = &terminal->host;
    bool wanted = true;
    terminal->stalled = true;
    while (wanted && host->is_stalled(host->arg))
        wanted = host->wait(host->arg);
    terminal->stalled = false;
    return wanted;
}

/* line: NULL if there was no memory for it. */
static bool run_line(const struct editor_host *host, const char *line, size_t len, bool overlong) {
    _Static_assert(LINE_MOST == 1048576, "the text below says so");
    if (line == NULL)
        return host->refuse_line(host->arg, BANYAN_SYSTEM, "out of memory");
    if (overlong)
        return host->refuse_line(host->arg, BANYAN_USAGE,
                                 "the line is too long: at most 1048576 characters can be typed; "
                                 "numbers can be in a file");
    return host->run_line(host->arg, line, len);
}

/* libedit begins anew below what was printed. */
static unsigned char next_line(struct terminal *terminal, bool wanted) {
    if (!wanted)
        return CC_EOF;
    screen_hide(terminal->screen);
    screen_show_status(terminal->screen);
    terminal->screen->line_shown = true;
    return CC_FATAL;
}

static unsigned char enter(EditLine *editor, wint_t key) {
    struct terminal *terminal = terminal_of(editor);
    const LineInfoW *line = el_wline(editor);
    size_t len = 0, count = line_length(terminal);
    wchar_t *copy = calloc(count + 1, sizeof *copy);
    (void)key;
    if (copy != NULL)
        wmemcpy(copy, line->buffer, count);
    char *bytes = copy != NULL ? typed_bytes(copy, copy + count, &len) : NULL;
    bool overlong = terminal->overlong;
    line_finish(terminal, "");
    el_cursor(editor, (int)count);
    el_wdeletestr(editor, (int)count);
    terminal->overlong = false;
    if (bytes != NULL && !overlong)
        line_history_add(&terminal->history, copy, bytes, len);
    bool wanted = wait_for_room(terminal) && run_line(&terminal->host, bytes, len, overlong);
    free(copy);
    free(bytes);
    return next_line(terminal, wanted);
}

/* ---- Ctrl-C ---- */

static unsigned char interrupt(EditLine *editor, wint_t key) {
    struct terminal *terminal = terminal_of(editor);
    bool empty = line_length(terminal) == 0, wanted = !empty || !terminal->interrupted;
    (void)key;
    line_finish(terminal, "^C");
    terminal->overlong = false;
    terminal->interrupted = true;
    if (empty && wanted)
        screen_print(terminal->screen, "(Ctrl-C again, or Ctrl-D, ends banyan and all nodes)");
    return next_line(terminal, wanted);
}

/* ---- pasted text ---- */

static unsigned char begin_paste(EditLine *editor, wint_t key) {
    (void)key;
    terminal_of(editor)->pasting = true;
    return CC_NORM;
}

static unsigned char ignore(EditLine *editor, wint_t key) {
    (void)editor;
    (void)key;
    return CC_NORM;
}

static bool at_line_end(const struct typed *typed) {
    char next = typed->bytes[typed->start];
    return next == '\n' || next == '\r';
}

/* Whether the mark of the end comes next, or as much of it as has arrived. */
static bool at_paste_end(const struct typed *typed) {
    size_t left = typed->end - typed->start;
    return memcmp(typed->bytes + typed->start, paste_end, left < PASTE_END ? left : PASTE_END) == 0;
}

/* Inserts what has arrived, up to the end of a line or of the text. False: only a part of a
 * character has. */
static bool paste_text(struct terminal *terminal) {
    wchar_t text[TYPED_ROOM / 16];
    struct typed *typed = &terminal->typed;
    size_t before = typed->start, count = 0, length = line_length(terminal);
    while (typed->start < typed->end && !at_paste_end(typed) && !at_line_end(typed) &&
           count < sizeof text / sizeof *text - 1 && typed_take(typed, &text[count])) {
        if (text[count] == L'\0')
            text[count] = NO_TEXT;
        if (length + count < LINE_MOST)
            count++;
        else
            terminal->overlong = true;
    }
    text[count] = L'\0';
    if (count > 0 && el_winsertstr(terminal->editor, text) != 0)
        terminal->overlong = true; /* there was no memory for it */
    return typed->start > before;
}

static unsigned char paste(EditLine *editor, wint_t key) {
    struct terminal *terminal = terminal_of(editor);
    struct typed *typed = &terminal->typed;
    if (!terminal->pasting)
        return CC_NORM;
    if (at_line_end(typed)) {
        typed->start++;
        return enter(editor, key);
    }
    if (paste_text(terminal))
        return CC_REFRESH;
    if (at_paste_end(typed) && typed->end - typed->start >= PASTE_END) {
        typed->start += PASTE_END;
        terminal->pasting = false;
        return CC_NORM;
    }
    return typed_await(typed, &terminal->host) ? CC_NORM : CC_EOF;
}

/* ---- Tab ---- */

/* Not every terminal marks what is pasted. A tab is taken for pasted if more follows at once, or if
 * it arrived with more than anybody types. */
static bool is_pasted(const struct typed *typed) {
    enum { TYPED_MOST = 32 };
    return typed->start < typed->end || typed->arrived > TYPED_MOST;
}

static void print_candidates(struct screen *screen, const struct candidates *candidates) {
    enum { SHOWN_MOST = 200 };
    size_t widest = 0, shown = candidates->count < SHOWN_MOST ? candidates->count : SHOWN_MOST;
    for (size_t i = 0; i < shown; i++)
        if (strlen(candidates->words[i]) > widest)
            widest = strlen(candidates->words[i]);
    size_t columns = (size_t)screen_size(screen).columns / (widest + 2);
    char *line = calloc(columns + 1, widest + 2);
    for (size_t i = 0; i < shown && line != NULL; i++) {
        size_t len = strlen(line);
        sprintf(line + len, "%-*s", (int)widest + 2, candidates->words[i]);
        if (columns == 0 || (i + 1) % columns == 0 || i + 1 == shown) {
            screen_print(screen, line);
            line[0] = '\0';
        }
    }
    if (shown < candidates->count)
        screen_print(screen, "...");
    free(line);
}

/* Inserts what all have in common beyond what is typed. False: they have nothing in common. */
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
    struct terminal *terminal = terminal_of(editor);
    const LineInfoW *line = el_wline(editor);
    struct candidates candidates = {.words = NULL};
    unsigned char result = CC_REFRESH;
    size_t len;
    (void)key;
    if (is_pasted(&terminal->typed))
        return el_winsertstr(editor, L"\t") == 0 ? CC_REFRESH : CC_ERROR;
    char *text = typed_bytes(line->buffer, line->cursor, &len);
    if (text != NULL)
        complete(&terminal->host, text, &candidates);
    if (candidates.count == 0) {
        result = CC_ERROR;
    } else if (!insert_common(editor, &candidates)) {
        print_candidates(terminal->screen, &candidates);
        screen_show(terminal->screen);
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
