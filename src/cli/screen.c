#include "screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session.h"
#include "terminal.h"

static bool is_same_device(int one, int other) {
    struct stat a, b;
    return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_rdev == b.st_rdev;
}

/* Without an editor, what is typed would be mixed up with what is shown. */
void screen_open(struct session *session) {
    struct screen *screen = &session->screen;
    bool edited = session->input.terminal && terminal_possible();
    const char *kind = getenv("TERM");
    int fd = isatty(STDERR_FILENO) == 1 ? STDERR_FILENO : STDOUT_FILENO;
    if ((!edited && (session->input.terminal || fd == STDOUT_FILENO)) || isatty(fd) != 1 ||
        kind == NULL || strcmp(kind, "dumb") == 0)
        return;
    if (isatty(session->output.fd) == 1 && is_same_device(fd, session->output.fd)) {
        screen->to = &session->output;
    } else if ((screen->own = calloc(1, sizeof *screen->own)) != NULL) {
        screen->own->fd = fd;
        screen->to = screen->own;
    }
}

void screen_close(struct session *session) {
    struct screen *screen = &session->screen;
    if (screen->to == NULL)
        return;
    screen_hide(session);
    output_flush(screen->to);
    if (screen->own != NULL)
        free(screen->own->buffer);
    free(screen->own);
    *screen = (struct screen){.to = NULL};
}

struct screen_size screen_size(const struct session *session) {
    struct winsize size;
    struct screen_size result = {.rows = 24, .columns = 80};
    if (session->screen.to == NULL || ioctl(session->screen.to->fd, TIOCGWINSZ, &size) != 0)
        return result;
    if (size.ws_row > 0)
        result.rows = size.ws_row;
    if (size.ws_col > 1)
        result.columns = size.ws_col;
    return result;
}

/* Without an editor the cursor stays in the status line. */
void screen_hide(struct session *session) {
    struct screen *screen = &session->screen;
    if (screen->to == NULL || (!screen->line_shown && !screen->status_shown))
        return;
    if (screen->line_shown)
        terminal_erase(session);
    else
        output_put(screen->to, "\r\033[K", 4);
    screen->line_shown = screen->status_shown = false;
}

void screen_show_status(struct session *session) {
    struct screen *screen = &session->screen;
    if (screen->status[0] == '\0' || screen->status_shown)
        return;
    size_t len = strlen(screen->status), room = (size_t)screen_size(session).columns - 1;
    output_put(screen->to, screen->status, len < room ? len : room);
    if (session->terminal != NULL)
        output_put(screen->to, "\n", 1);
    screen->status_shown = true;
}

void screen_show(struct session *session) {
    struct screen *screen = &session->screen;
    if (screen->to == NULL || screen->line_shown || session->signal != 0)
        return;
    screen_show_status(session);
    if (session->terminal != NULL) {
        screen->line_shown = true;
        terminal_draw(session);
    }
}

void screen_answer(struct session *session) {
    if (session->screen.to == &session->output)
        screen_hide(session);
}

void screen_print(struct session *session, const char *line) {
    struct screen *screen = &session->screen;
    if (screen->to == NULL) {
        fprintf(stderr, "%s\n", line);
        return;
    }
    screen_hide(session);
    output_put(screen->to, line, strlen(line));
    output_put(screen->to, "\n", 1);
}

void screen_status(struct session *session, const char *text) {
    struct screen *screen = &session->screen;
    if (strcmp(screen->status, text) == 0)
        return;
    screen_hide(session);
    snprintf(screen->status, sizeof screen->status, "%s", text);
}
