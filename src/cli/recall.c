/*
 * recall.c: the history of lines, kept between runs in $XDG_STATE_HOME/banyan/history, or
 * ~/.local/state/banyan/history: one line each, the latest last.
 *
 * Each line is appended at once, so that nothing is lost however the program ends, and several
 * sessions add to the same file; at the beginning and the end the file is cut to the latest lines.
 * Where something fails, nothing is kept, without a word: nothing depends on it.
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
    RECALLED_MOST = 1000, /* characters of a line; numbers without end are not worth it */
    FILE_MOST = LINES_MOST * RECALLED_MOST * 4,
    PATH_MOST = 4096,
};

/* Makes the directories of a path, those that are missing. */
static void make_directories(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* if it fails, so does opening the file */
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

/* The end of the file, up to FILE_MOST bytes, with an end mark, to be freed. NULL: nothing. */
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

/* Where the latest lines begin. */
static const char *latest(const char *text, size_t len) {
    const char *at = text + len;
    for (unsigned lines = 0; at > text; at--)
        if (at[-1] == '\n' && ++lines > LINES_MOST)
            break;
    return at;
}

/* Whoever else is cutting the file does it for this session, too. */
static void cut_file(int fd) {
    size_t len;
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
        return;
    char *text = read_file(fd, &len);
    const char *from = text != NULL ? latest(text, len) : NULL;
    size_t rest = text != NULL ? len - (size_t)(from - text) : 0;
    if ((from != text || len == FILE_MOST) && ftruncate(fd, 0) == 0 &&
        write(fd, from, rest) != (ssize_t)rest)
        errno = 0; /* what could not be written is forgotten */
    free(text);
    flock(fd, LOCK_UN);
}

static void enter(struct terminal *terminal, const wchar_t *line) {
    HistEventW event;
    history_w(terminal->history, &event, H_ENTER, line);
}

static void load(struct terminal *terminal) {
    wchar_t wide[RECALLED_MOST + 1];
    size_t len;
    char *text = read_file(terminal->recall, &len), *next = NULL;
    for (char *line = text; line != NULL && *line != '\0'; line = next) {
        char *end = strchr(line, '\n');
        if (end == NULL)
            break;
        *end = '\0';
        next = end + 1;
        size_t count = mbstowcs(wide, line, RECALLED_MOST + 1);
        if (count > 0 && count <= RECALLED_MOST)
            enter(terminal, wide);
    }
    free(text);
}

void recall_open(struct terminal *terminal) {
    HistEventW event;
    terminal->recall = -1;
    terminal->history = history_winit();
    if (terminal->history == NULL)
        return;
    history_w(terminal->history, &event, H_SETSIZE, LINES_MOST);
    history_w(terminal->history, &event, H_SETUNIQUE, 1);
    el_wset(terminal->editor, EL_HIST, history_w, terminal->history);
    terminal->recall = open_file();
    cut_file(terminal->recall);
    load(terminal);
}

static bool is_text(const wchar_t *line) {
    for (; *line != L'\0'; line++)
        if ((*line < L' ' && *line != L'\t') || *line == 0x7f ||
            (*line >= 0xdc80 && *line <= 0xdcff))
            return false;
    return true;
}

void recall_add(struct terminal *terminal, const wchar_t *line, const char *bytes, size_t len) {
    HistEventW event;
    if (terminal->history == NULL || wcsspn(line, L" \t") == wcslen(line) ||
        wcslen(line) > RECALLED_MOST || !is_text(line))
        return;
    bool again = history_w(terminal->history, &event, H_FIRST) == 0 && wcscmp(event.str, line) == 0;
    if (again)
        return;
    enter(terminal, line);
    if (terminal->recall < 0)
        return;
    char *entry = malloc(len + 1);
    if (entry == NULL)
        return;
    memcpy(entry, bytes, len);
    entry[len] = '\n';
    if (write(terminal->recall, entry, len + 1) < 0) {
        close(terminal->recall);
        terminal->recall = -1;
    }
    free(entry);
}

void recall_close(struct terminal *terminal) {
    cut_file(terminal->recall);
    if (terminal->recall >= 0)
        close(terminal->recall);
    if (terminal->history != NULL)
        history_wend(terminal->history);
    terminal->history = NULL;
    terminal->recall = -1;
}
