/*
 * sources.c: files that execs take their numbers from. They are read in turn, a piece at a time,
 * while the commands after them go on.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "session.h"

enum { PATH_MOST = 4096, TEXT = 256 };

struct source {
    int fd;
    bool ready; /* poll has said so */
    struct banyan_exec *exec;
    char name[TEXT / 2];
    int64_t id;
    uint64_t begun_us, moved; /* when it was opened, and bytes read since */
    struct source *prev, *next;
};

static void fail(struct banyan_exec *exec, const char *what, const char *name, int error) {
    char text[TEXT];
    snprintf(text, sizeof text, "cannot %s %s: %s", what, name, strerror(error));
    banyan_exec_fail(exec, text);
}

/* A FIFO is opened without waiting for its writer; poll waits for it. */
static int open_file(struct word path) {
    char name[PATH_MOST];
    if (path.len >= sizeof name || memchr(path.at, '\0', path.len) != NULL) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name, path.at, path.len);
    name[path.len] = '\0';
    return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

void source_open(struct session *session, int64_t id, uint64_t n, struct word path, void *tag) {
    struct banyan_exec *exec = banyan_exec_begin(session->tree, id, n, 1, tag);
    struct source *source = exec != NULL ? calloc(1, sizeof *source) : NULL;
    if (exec == NULL)
        return;
    if (source == NULL || path.len == 0) {
        banyan_exec_fail(exec, source == NULL ? "out of memory" : "expected a file name after '<'");
        free(source);
        return;
    }
    snprintf(source->name, sizeof source->name, "%.*s",
             (int)(path.len < sizeof source->name ? path.len : sizeof source->name - 1), path.at);
    source->exec = exec;
    source->id = id;
    source->begun_us = progress_now_us();
    source->fd = open_file(path);
    if (source->fd < 0) {
        fail(exec, "open", source->name, errno);
        free(source);
        return;
    }
    DL_APPEND(session->sources, source);
    session->source_count++;
}

static void source_close(struct session *session, struct source *source) {
    DL_DELETE(session->sources, source);
    session->source_count--;
    close(source->fd);
    free(source);
}

/* Reads one piece, or ends the exec. */
static void source_step(struct session *session, struct source *source) {
    char *at;
    size_t room;
    int state = banyan_exec_room(source->exec, &at, &room);
    if (state == 0 || (state > 0 && !source->ready))
        return;
    ssize_t len = state > 0 ? read(source->fd, at, room) : 0;
    if (len < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (len > 0) {
        banyan_exec_filled(source->exec, (size_t)len);
        source->moved += (uint64_t)len;
        return;
    }
    if (len < 0)
        fail(source->exec, "read", source->name, errno);
    else
        banyan_exec_end(source->exec);
    source_close(session, source);
}

size_t sources_poll(struct session *session, struct pollfd *polls, bool *ready) {
    struct source *source;
    size_t count = 0;
    char *at;
    size_t room;
    *ready = false;
    DL_FOREACH(session->sources, source) {
        int state = banyan_exec_room(source->exec, &at, &room);
        polls[count] = (struct pollfd){.fd = source->fd, .events = POLLIN};
        source->ready = state != 0 && (state < 0 || poll(&polls[count], 1, 0) == 1);
        *ready = *ready || source->ready;
        if (state == 0)
            polls[count].fd = -1;
        count++;
    }
    return count;
}

void sources_step(struct session *session) {
    struct source *source, *next;
    DL_FOREACH_SAFE(session->sources, source, next) {
        source_step(session, source);
    }
}

void sources_close(struct session *session) {
    struct source *source, *next;
    DL_FOREACH_SAFE(session->sources, source, next) {
        banyan_exec_fail(source->exec, "the controller is ending");
        source_close(session, source);
    }
}

void sources_progress(const struct session *session, struct transfer *transfer) {
    const struct source *source;
    DL_FOREACH(session->sources, source) {
        struct transfer one = {.count = 1,
                               .begun_us = source->begun_us,
                               .moved = source->moved,
                               .left = progress_left(source->fd)};
        snprintf(one.what, sizeof one.what, "exec %" PRId64, source->id);
        progress_add(transfer, &one);
    }
}
