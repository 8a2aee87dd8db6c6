#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_same_device(int one, int other) {
    struct stat a, b;
    return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_rdev == b.st_rdev;
}

/* What is typed without an editor would be mixed up with what is shown. */
void screen_open(struct screen *screen, struct output *output, bool typed, bool edited) {
    const char *kind = getenv("TERM");
    int fd = isatty(STDERR_FILENO) == 1 ? STDERR_FILENO : STDOUT_FILENO;
    *screen = (struct screen){.to = NULL};
    if ((!edited && (typed || fd == STDOUT_FILENO)) || isatty(fd) != 1 || kind == NULL ||
        strcmp(kind, "dumb") == 0)
        return;
    if (isatty(output->fd) == 1 && is_same_device(fd, output->fd)) {
        screen->to = output;
    } else if ((screen->own = calloc(1, sizeof *screen->own)) != NULL) {
        screen->own->fd = fd;
        screen->to = screen->own;
    }
}

void screen_close(struct screen *screen) {
    if (screen->to == NULL)
        return;
    screen_hide(screen);
    output_flush(screen->to);
    if (screen->own != NULL)
        output_free(screen->own);
    free(screen->own);
    *screen = (struct screen){.to = NULL};
}

struct screen_size screen_size(const struct screen *screen) {
    struct winsize size;
    struct screen_size result = {.rows = 24, .columns = 80};
    if (screen->to == NULL || ioctl(screen->to->fd, TIOCGWINSZ, &size) != 0)
        return result;
    if (size.ws_row > 0)
        result.rows = size.ws_row;
    if (size.ws_col > 1)
        result.columns = size.ws_col;
    return result;
}

void screen_hide(struct screen *screen) {
    if (screen->to == NULL || (!screen->line_shown && !screen->status_shown))
        return;
    if (screen->line_shown)
        screen->foot.erase(screen->foot.arg);
    else
        output_put(screen->to, "\r\033[K", 4);
    screen->line_shown = screen->status_shown = false;
}

void screen_show_status(struct screen *screen) {
    if (screen->status[0] == '\0' || screen->status_shown)
        return;
    size_t len = strlen(screen->status), room = (size_t)screen_size(screen).columns - 1;
    output_put(screen->to, screen->status, len < room ? len : room);
    if (screen->foot.draw != NULL)
        output_put(screen->to, "\n", 1);
    screen->status_shown = true;
}

void screen_show(struct screen *screen) {
    if (screen->to == NULL || screen->line_shown)
        return;
    screen_show_status(screen);
    if (screen->foot.draw != NULL) {
        screen->line_shown = true;
        screen->foot.draw(screen->foot.arg);
    }
}

void screen_print(struct screen *screen, const char *line) {
    if (screen->to == NULL) {
        fprintf(stderr, "%s\n", line);
        return;
    }
    screen_hide(screen);
    output_put_line(screen->to, line, strlen(line));
}

void screen_status(struct screen *screen, const char *text) {
    if (strcmp(screen->status, text) == 0)
        return;
    screen_hide(screen);
    snprintf(screen->status, sizeof screen->status, "%s", text);
}

void screen_flush(struct screen *screen) {
    if (screen->own != NULL)
        output_flush(screen->own);
}
