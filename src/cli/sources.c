#include "sources.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "clock.h"

enum { TEXT = 256, NAME_SHOWN = 127 };

struct source {
    int fd;
    bool ready; /* according to poll */
    struct banyan_exec *exec;
    char *name; /* owned */
    int64_t id;
    uint64_t begun_us, moved; /* when it was opened, and bytes read since */
    struct source *prev, *next;
};

static void free_one(struct source *source) {
    if (source->fd >= 0)
        close(source->fd);
    free(source->name);
    free(source);
}

/* The exec has an answer; the source is freed. */
static void fail(struct source *source, const char *what, int error) {
    char text[TEXT];
    snprintf(text, sizeof text, "cannot %s %.*s: %s", what, NAME_SHOWN, source->name,
             strerror(error));
    banyan_exec_fail(source->exec, text);
    free_one(source);
}

/* Opens a FIFO without waiting for its writer; poll waits for that. */
static int open_file(const char *name, size_t len) {
    if (strlen(name) == len)
        return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    errno = ENAMETOOLONG; /* a name cannot hold a zero byte */
    return -1;
}

void sources_open(struct sources *sources, struct banyan_exec *exec, int64_t id, struct word path) {
    struct source *source = path.len > 0 ? calloc(1, sizeof *source) : NULL;
    if (source == NULL || (source->name = strndup(path.at, path.len)) == NULL) {
        banyan_exec_fail(exec, path.len > 0 ? "out of memory" : "expected a file name after '<'");
        free(source);
        return;
    }
    source->exec = exec;
    source->id = id;
    source->begun_us = clock_now_us();
    source->fd = open_file(source->name, path.len);
    if (source->fd < 0) {
        fail(source, "open", errno);
        return;
    }
    DL_APPEND(sources->first, source);
    sources->count++;
}

static void remove_one(struct sources *sources, struct source *source) {
    DL_DELETE(sources->first, source);
    sources->count--;
}

/* Reads one piece, or ends the exec. */
static void step_one(struct sources *sources, struct source *source) {
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
    remove_one(sources, source);
    if (len < 0) {
        fail(source, "read", errno);
        return;
    }
    banyan_exec_end(source->exec);
    free_one(source);
}

size_t sources_poll(struct sources *sources, struct pollfd polls[SOURCES_MOST], bool *ready) {
    struct source *source;
    size_t count = 0;
    char *at;
    size_t room;
    *ready = false;
    DL_FOREACH(sources->first, source) {
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

void sources_step(struct sources *sources) {
    struct source *source, *next;
    DL_FOREACH_SAFE(sources->first, source, next) {
        step_one(sources, source);
    }
}

void sources_close(struct sources *sources) {
    struct source *source, *next;
    DL_FOREACH_SAFE(sources->first, source, next) {
        banyan_exec_fail(source->exec, "the controller is ending");
        remove_one(sources, source);
        free_one(source);
    }
}

void sources_progress(const struct sources *sources, struct transfer *sum) {
    const struct source *source;
    DL_FOREACH(sources->first, source) {
        struct transfer one = {.count = 1,
                               .begun_us = source->begun_us,
                               .moved = source->moved,
                               .left = transfer_left(source->fd)};
        snprintf(one.what, sizeof one.what, "exec %" PRId64, source->id);
        transfer_add(sum, &one);
    }
}
