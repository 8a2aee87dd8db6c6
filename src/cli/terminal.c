#include "terminal.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "editor.h"

#define PASTE_MARKS    "\033[?2004h" /* asks the terminal to mark text that is pasted */
#define NO_PASTE_MARKS "\033[?2004l"
#define INTERRUPT      '\003'

static void put_text(struct terminal *terminal, const char *text) {
    output_put(terminal->screen->to, text, strlen(text));
}

/* ---- what is typed ---- */

/* For libedit: the next key. 0: no more are wanted. */
static int next_key(EditLine *editor, wchar_t *key) {
    void *data = NULL;
    el_wget(editor, EL_CLIENTDATA, &data);
    struct terminal *terminal = data;
    struct typed *typed = &terminal->typed;
    for (;;) {
        while (typed->start == typed->end || (!terminal->pasting && !typed_take(typed, key)))
            if (!typed_await(typed, &terminal->host))
                return 0;
        if (terminal->pasting)
            *key = KEY_PASTED;
        bool text = *key >= L' ' && *key != 0x7f;
        if (*key != INTERRUPT)
            terminal->interrupted = false;
        if (!text || line_length(terminal) < LINE_MOST)
            return 1;
        terminal->overlong = true;
    }
}

bool terminal_wanted(const struct terminal *terminal) {
    return !terminal->stalled && (terminal->typed.start > 0 || terminal->typed.end < TYPED_ROOM);
}

void terminal_read(struct terminal *terminal) {
    if (!typed_read(&terminal->typed, terminal->fd))
        terminal->host.leave(terminal->host.arg);
}

/* ---- signals ---- */

/* Drops what was typed before, as the kernel drops what it has not delivered. While a complete line
 * waits, no key is taken, and there is nothing else to interrupt. */
static void interrupt(struct terminal *terminal) {
    struct typed *typed = &terminal->typed;
    terminal->pasting = false;
    typed_drop(typed);
    if (!terminal->stalled)
        typed->bytes[typed->end++] = INTERRUPT;
    else if (terminal->interrupted)
        terminal->host.leave(terminal->host.arg);
    terminal->interrupted = terminal->interrupted || terminal->stalled;
}

static void enter_mode(struct terminal *terminal) {
    el_wset(terminal->editor, EL_PREP_TERM, 0); /* or libedit believes that nothing has changed */
    el_wset(terminal->editor, EL_PREP_TERM, 1);
    el_resize(terminal->editor);
    put_text(terminal, PASTE_MARKS);
}

static void leave_mode(struct terminal *terminal) {
    line_finish(terminal, "");
    put_text(terminal, NO_PASTE_MARKS);
    output_flush(terminal->screen->to);
    el_wset(terminal->editor, EL_PREP_TERM, 0);
    tcsetattr(terminal->fd, TCSADRAIN, &terminal->saved);
}

/* Stops as if the signal had never been blocked. The SIGCONT that resumes the process is dealt with
 * here, so it is taken out of the queue. */
static void suspend(struct terminal *terminal) {
    const struct timespec at_once = {0, 0};
    sigset_t stop, resume;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    sigemptyset(&resume);
    sigaddset(&resume, SIGCONT);
    if (terminal != NULL)
        leave_mode(terminal);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, NULL);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    sigtimedwait(&resume, NULL, &at_once);
    if (terminal != NULL)
        enter_mode(terminal);
}

/* After a stop that gave no notice, the screen and the terminal's mode may be anything. */
static void resume(struct terminal *terminal) {
    put_text(terminal, "\r\033[J");
    terminal->screen->line_shown = terminal->screen->status_shown = false;
    enter_mode(terminal);
}

/* A terminal wraps its lines anew, and moves the cursor with them; so the line is where the new
 * width puts it. */
static void resize(struct terminal *terminal) {
    screen_hide(terminal->screen);
    el_resize(terminal->editor);
}

bool terminal_signal(struct terminal *terminal, int number) {
    if (number == SIGTSTP)
        suspend(terminal);
    else if (terminal != NULL && number == SIGINT)
        interrupt(terminal);
    else if (terminal != NULL && number == SIGCONT)
        resume(terminal);
    else if (terminal != NULL && number == SIGWINCH)
        resize(terminal);
    else
        return number == SIGCONT || number == SIGWINCH;
    return true;
}

/* ---- life cycle ---- */

static ssize_t draw(void *terminal, const char *text, size_t len) {
    struct output *to = ((struct terminal *)terminal)->screen->to;
    return output_put(to, text, len) ? (ssize_t)len : 0;
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

/* What is drawn without libedit needs the usual control sequences. */
static bool is_usual_terminal(EditLine *editor) {
    char *erase = NULL, name[] = "ce";
    return el_get(editor, EL_GETTC, name, &erase, NULL) == 0 && erase != NULL &&
           strncmp(erase, "\033[", 2) == 0;
}

static bool open_editor(struct terminal *terminal) {
    cookie_io_functions_t functions = {.write = draw};
    int fd = terminal->screen->to->fd;
    terminal->stream = fopencookie(terminal, "w", functions);
    if (terminal->stream == NULL || tcgetattr(terminal->fd, &terminal->saved) != 0)
        return false;
    setlocale(LC_CTYPE, "");
    terminal->editor = el_init_fd("banyan", stdin, terminal->stream, terminal->stream, terminal->fd,
                                  fd, fd);
    if (terminal->editor == NULL || !is_usual_terminal(terminal->editor))
        return false;
    el_wset(terminal->editor, EL_CLIENTDATA, terminal);
    el_wset(terminal->editor, EL_EDITOR, L"emacs");
    el_wset(terminal->editor, EL_PROMPT, prompt);
    el_wset(terminal->editor, EL_GETCFN, next_key);
    keys_bind(terminal->editor);
    line_history_open(&terminal->history, terminal->editor);
    return true;
}

bool terminal_possible(void) {
    return true;
}

struct terminal *terminal_open(const struct editor_host *host, struct screen *screen, int fd,
                               int signals) {
    struct terminal *terminal = calloc(1, sizeof *terminal);
    if (terminal != NULL) {
        terminal->host = *host;
        terminal->screen = screen;
        terminal->fd = fd;
        terminal->history.file = -1;
        if (open_editor(terminal)) {
            screen->foot = (struct foot){.erase = line_erase, .draw = line_draw, .arg = terminal};
            add_signals(signals);
            return terminal;
        }
        terminal_close(terminal);
    }
    screen->to->start = screen->to->end = 0; /* drops what libedit complains of */
    screen_close(screen);
    return NULL;
}

void terminal_close(struct terminal *terminal) {
    if (terminal == NULL)
        return;
    terminal->screen->foot = (struct foot){.draw = NULL};
    if (terminal->editor != NULL)
        el_end(terminal->editor);
    line_history_close(&terminal->history);
    if (terminal->stream != NULL)
        fclose(terminal->stream);
    free(terminal);
}

/* One call takes all lines: Enter is a key that runs the line and begins the next. */
void terminal_run(struct terminal *terminal) {
    int count;
    put_text(terminal, PASTE_MARKS);
    terminal->screen->line_shown = true;
    el_wgets(terminal->editor, &count);
    leave_mode(terminal);
}
