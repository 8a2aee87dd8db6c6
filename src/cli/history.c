/*
 * history.c: the history of lines, kept between runs in $XDG_STATE_HOME/banyan/history, or
 * ~/.local/state/banyan/history: one line each, the latest last.
 *
 * Each line is appended at once, so nothing is lost however the program ends, and several sessions
 * may add to the same file. When the history is opened and closed, the file is cut to the latest
 * lines. An error is not reported, because nothing depends on the history: it is then not kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "editor.h"

enum {
    LINES_MOST = 1000,
    RECALLED_MOST = 1000, /* characters of a line; longer lines are not worth their room */
    FILE_MOST = LINES_MOST * RECALLED_MOST * 4,
    PATH_MOST = 4096,
};

/* Makes the missing directories of a path. */
static void make_directories(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* if it fails, opening the file fails, too */
        *slash = '/';
    }
}

static int open_file(void) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char path[PATH_MOST];
    struct stat status;
    int len = -1;
    if (state != NULL && state[0] == '/')
        len = snprintf(path, sizeof path, "%s/banyan/history", state);
    else if (home != NULL && home[0] == '/')
        len = snprintf(path, sizeof path, "%s/.local/state/banyan/history", home);
    if (len < 0 || (size_t)len >= sizeof path)
        return -1;
    make_directories(path);
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd >= 0 && (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Returns the last FILE_MOST bytes of the file, with an end mark, to be freed. NULL: there is
 * nothing. */
static char *read_file(int fd, size_t *len) {
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return NULL;
    off_t from = status.st_size > FILE_MOST ? status.st_size - FILE_MOST : 0;
    char *text = malloc((size_t)(status.st_size - from) + 1);
    ssize_t got = text != NULL ? pread(fd, text, (size_t)(status.st_size - from), from) : -1;
    if (got < 0) {
        free(text);
        return NULL;
    }
    text[got] = '\0';
    *len = (size_t)got;
    return text;
}

/* Returns where the latest lines begin. */
static const char *latest(const char *text, size_t len) {
    const char *at = text + len;
    for (unsigned lines = 0; at > text; at--)
        if (at[-1] == '\n' && ++lines > LINES_MOST)
            break;
    return at;
}

/* Another session that holds the lock is cutting the file for this one, too. */
static void cut_file(int fd) {
    size_t len;
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
        return;
    char *text = read_file(fd, &len);
    const char *from = text != NULL ? latest(text, len) : NULL;
    size_t rest = text != NULL ? len - (size_t)(from - text) : 0;
    if ((from != text || len == FILE_MOST) && ftruncate(fd, 0) == 0 &&
        write(fd, from, rest) != (ssize_t)rest)
        errno = 0; /* lines that could not be written are lost */
    free(text);
    flock(fd, LOCK_UN);
}

static void enter(struct line_history *history, const wchar_t *line) {
    HistEventW event;
    history_w(history->lines, &event, H_ENTER, line);
}

static void load(struct line_history *history) {
    wchar_t wide[RECALLED_MOST + 1];
    size_t len;
    char *text = read_file(history->file, &len), *next = NULL;
    for (char *line = text; line != NULL && *line != '\0'; line = next) {
        char *end = strchr(line, '\n');
        if (end == NULL)
            break;
        *end = '\0';
        next = end + 1;
        size_t count = mbstowcs(wide, line, RECALLED_MOST + 1);
        if (count > 0 && count <= RECALLED_MOST)
            enter(history, wide);
    }
    free(text);
}

void line_history_open(struct line_history *history, EditLine *editor) {
    HistEventW event;
    history->file = -1;
    history->lines = history_winit();
    if (history->lines == NULL)
        return;
    history_w(history->lines, &event, H_SETSIZE, LINES_MOST);
    history_w(history->lines, &event, H_SETUNIQUE, 1);
    el_wset(editor, EL_HIST, history_w, history->lines);
    history->file = open_file();
    cut_file(history->file);
    load(history);
}

static bool is_text(const wchar_t *line) {
    for (; *line != L'\0'; line++)
        if ((*line < L' ' && *line != L'\t') || *line == 0x7f ||
            (*line >= 0xdc80 && *line <= 0xdcff))
            return false;
    return true;
}

void line_history_add(struct line_history *history, const wchar_t *line, const char *bytes,
                      size_t len) {
    HistEventW event;
    if (history->lines == NULL || wcsspn(line, L" \t") == wcslen(line) ||
        wcslen(line) > RECALLED_MOST || !is_text(line))
        return;
    bool again = history_w(history->lines, &event, H_FIRST) == 0 && wcscmp(event.str, line) == 0;
    if (again)
        return;
    enter(history, line);
    if (history->file < 0)
        return;
    char *entry = malloc(len + 1);
    if (entry == NULL)
        return;
    memcpy(entry, bytes, len);
    entry[len] = '\n';
    if (write(history->file, entry, len + 1) < 0) {
        close(history->file);
        history->file = -1;
    }
    free(entry);
}

void line_history_close(struct line_history *history) {
    cut_file(history->file);
    if (history->file >= 0)
        close(history->file);
    if (history->lines != NULL)
        history_wend(history->lines);
    history->lines = NULL;
    history->file = -1;
}
