#include "terminal.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "editor.h"

#define PASTE_MARKS    "\033[?2004h" /* have the terminal mark text that is pasted */
#define NO_PASTE_MARKS "\033[?2004l"
#define INTERRUPT      '\003'

struct session *editor_session(EditLine *editor) {
    void *session = NULL;
    el_wget(editor, EL_CLIENTDATA, &session);
    return session;
}

static void put_text(struct session *session, const char *text) {
    output_put(session->screen.to, text, strlen(text));
}

/* ---- what is typed ---- */

size_t editor_length(const struct terminal *terminal) {
    const LineInfoW *line = el_wline(terminal->editor);
    return (size_t)(line->lastchar - line->buffer);
}

bool editor_await(struct session *session) {
    const struct terminal *terminal = session->terminal;
    unsigned arrivals = terminal->arrivals;
    session_settle(session);
    while (terminal->arrivals == arrivals) {
        if (session->leaving || session_is_over(session))
            return false;
        session_turn(session);
    }
    return true;
}

bool editor_take(struct terminal *terminal, wchar_t *character) {
    size_t left = terminal->end - terminal->start;
    mbstate_t state = {0};
    size_t len = mbrtowc(character, terminal->typed + terminal->start, left, &state);
    if (len == (size_t)-2 && left < MB_CUR_MAX)
        return false;
    if (len == (size_t)-1 || len == (size_t)-2)
        *character = NO_TEXT + (unsigned char)terminal->typed[terminal->start];
    terminal->start += len == 0 || len > left ? 1 : len;
    return true;
}

char *editor_bytes(const wchar_t *from, const wchar_t *to, size_t *len) {
    char *bytes = malloc((size_t)(to - from) * MB_LEN_MAX + 1), *at = bytes;
    mbstate_t state = {0};
    if (bytes == NULL)
        return NULL;
    for (; from < to; from++) {
        size_t size = wcrtomb(at, *from, &state);
        if (size == (size_t)-1) {
            *at = (char)(*from - NO_TEXT);
            size = 1;
        }
        at += size;
    }
    *at = '\0';
    *len = (size_t)(at - bytes);
    return bytes;
}

/* For the editor: the next key. 0: no more are wanted. */
static int next_key(EditLine *editor, wchar_t *key) {
    struct session *session = editor_session(editor);
    struct terminal *terminal = session->terminal;
    for (;;) {
        while (terminal->start == terminal->end ||
               (!terminal->pasting && !editor_take(terminal, key)))
            if (!editor_await(session))
                return 0;
        if (terminal->pasting)
            *key = KEY_PASTED;
        bool text = *key >= L' ' && *key != 0x7f;
        if (*key != INTERRUPT)
            terminal->interrupted = false;
        if (!text || editor_length(terminal) < LINE_MOST)
            return 1;
        terminal->overlong = true;
    }
}

bool terminal_wanted(const struct session *session) {
    const struct terminal *terminal = session->terminal;
    return !session->leaving && !terminal->stalled &&
           (terminal->start > 0 || terminal->end < TYPED_ROOM);
}

void terminal_read(struct session *session) {
    struct terminal *terminal = session->terminal;
    memmove(terminal->typed, terminal->typed + terminal->start, terminal->end - terminal->start);
    terminal->end -= terminal->start;
    terminal->start = 0;
    ssize_t len = read(session->input.fd, terminal->typed + terminal->end,
                       TYPED_ROOM - terminal->end);
    terminal->arrivals++;
    terminal->arrived = len > 0 ? (size_t)len : 0;
    if (len > 0)
        terminal->end += (size_t)len;
    else if (len == 0 || (errno != EINTR && errno != EAGAIN))
        session->leaving = true;
}

/* ---- signals ---- */

/* What was typed before is dropped, as the kernel drops what it has not delivered yet. While a
 * complete line waits, no key is taken, and there is nothing else to be interrupted. */
static void interrupt(struct session *session) {
    struct terminal *terminal = session->terminal;
    terminal->pasting = false;
    terminal->start = terminal->end = 0;
    terminal->arrivals++;
    if (!terminal->stalled)
        terminal->typed[terminal->end++] = INTERRUPT;
    else if (terminal->interrupted)
        session->leaving = true;
    terminal->interrupted = terminal->interrupted || terminal->stalled;
}

static void enter_mode(struct session *session) {
    EditLine *editor = session->terminal->editor;
    el_wset(editor, EL_PREP_TERM, 0); /* or it would believe that nothing has changed */
    el_wset(editor, EL_PREP_TERM, 1);
    el_resize(editor);
    put_text(session, PASTE_MARKS);
}

static void leave_mode(struct session *session) {
    struct terminal *terminal = session->terminal;
    line_finish(session, "");
    put_text(session, NO_PASTE_MARKS);
    output_flush(session->screen.to);
    el_wset(terminal->editor, EL_PREP_TERM, 0);
    tcsetattr(session->input.fd, TCSADRAIN, &terminal->saved);
}

/* Stops as if the signal had never been blocked. Whoever resumes sends a SIGCONT, which is dealt
 * with at once. */
static void suspend(struct session *session) {
    const struct timespec at_once = {0, 0};
    sigset_t stop, resume;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigemptyset(&resume);
    sigaddset(&resume, SIGCONT);
    if (session->terminal != NULL)
        leave_mode(session);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, NULL);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    sigtimedwait(&resume, NULL, &at_once);
    if (session->terminal != NULL)
        enter_mode(session);
}

/* Resumed after a stop that could not be noticed: the screen and the terminal's mode may be
 * anything. */
static void resume(struct session *session) {
    put_text(session, "\r\033[J");
    session->screen.line_shown = session->screen.status_shown = false;
    enter_mode(session);
}

/* A terminal wraps its lines anew, with the cursor; so the line is where the new width puts it. */
static void resize(struct session *session) {
    screen_hide(session);
    el_resize(session->terminal->editor);
}

/* Also without an editor, because these signals stay blocked: then they do what they do elsewhere.
 */
bool terminal_signal(struct session *session, int number) {
    bool editing = session->terminal != NULL;
    if (number == SIGTSTP)
        suspend(session);
    else if (editing && number == SIGINT)
        interrupt(session);
    else if (editing && number == SIGCONT)
        resume(session);
    else if (editing && number == SIGWINCH)
        resize(session);
    else if (number != SIGCONT && number != SIGWINCH)
        return false;
    session_settle(session);
    return true;
}

/* ---- life cycle ---- */

static ssize_t draw(void *session, const char *text, size_t len) {
    return output_put(((struct session *)session)->screen.to, text, len) ? (ssize_t)len : 0;
}

static void add_signals(int signals) {
    sigset_t set;
    sigprocmask(SIG_BLOCK, NULL, &set);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGCONT);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signalfd(signals, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static wchar_t *prompt(EditLine *editor) {
    static wchar_t text[] = PROMPT;
    (void)editor;
    return text;
}

/* What is drawn without the editor's help takes the usual control sequences for granted. */
static bool is_usual_terminal(EditLine *editor) {
    char *erase = NULL, name[] = "ce";
    return el_get(editor, EL_GETTC, name, &erase, NULL) == 0 && erase != NULL &&
           strncmp(erase, "\033[", 2) == 0;
}

static bool open_editor(struct session *session, struct terminal *terminal) {
    cookie_io_functions_t functions = {.write = draw};
    int fd = session->screen.to->fd;
    terminal->recall = -1;
    terminal->stream = fopencookie(session, "w", functions);
    if (terminal->stream == NULL || tcgetattr(session->input.fd, &terminal->saved) != 0)
        return false;
    setlocale(LC_CTYPE, "");
    terminal->editor = el_init_fd("banyan", stdin, terminal->stream, terminal->stream,
                                  session->input.fd, fd, fd);
    if (terminal->editor == NULL || !is_usual_terminal(terminal->editor))
        return false;
    el_wset(terminal->editor, EL_CLIENTDATA, session);
    el_wset(terminal->editor, EL_EDITOR, L"emacs");
    el_wset(terminal->editor, EL_PROMPT, prompt);
    el_wset(terminal->editor, EL_GETCFN, next_key);
    keys_bind(terminal->editor);
    recall_open(terminal);
    return true;
}

void terminal_open(struct session *session, int signals) {
    struct terminal *terminal = NULL;
    if (session->screen.to == NULL || !session->input.terminal)
        return;
    terminal = calloc(1, sizeof *terminal);
    session->terminal = terminal;
    if (terminal != NULL && open_editor(session, terminal)) {
        add_signals(signals);
        return;
    }
    terminal_close(session);
    session->screen.to->start = session->screen.to->end = 0; /* the editor's complaints */
    screen_close(session);
}

void terminal_close(struct session *session) {
    struct terminal *terminal = session->terminal;
    if (terminal == NULL)
        return;
    session->terminal = NULL;
    if (terminal->editor != NULL)
        el_end(terminal->editor);
    if (terminal->history != NULL)
        recall_close(terminal);
    if (terminal->stream != NULL)
        fclose(terminal->stream);
    free(terminal);
}

/* One call takes all lines: Enter is a key that runs the line and begins the next. */
void terminal_run(struct session *session) {
    int count;
    put_text(session, PASTE_MARKS);
    session->screen.line_shown = true;
    el_wgets(session->terminal->editor, &count);
    leave_mode(session);
    session->leaving = true;
    terminal_close(session);
    if (session->signal == 0)
        session_settle(session);
}
