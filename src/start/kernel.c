#include "kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "line.h"

enum {
    PATH = 32,
    STAT = 128, /* the start of a line of /proc/PID/stat: number, name and state */
};

int kernel_events(void) {
    return WEXITED | WSTOPPED | WCONTINUED;
}

static void paused(struct family *family, struct child *child, const siginfo_t *info) {
    child->stopped = info->si_code != CLD_CONTINUED;
    family_add_news(family, child,
                    (struct pending){.kind = child->stopped ? START_STOPPED : START_CONTINUED,
                                     .code = info->si_code,
                                     .status = info->si_status});
}

static void ended(struct family *family, struct child *child, int code, int status) {
    child->reaped = true;
    line_take(family, child);
    family_over(family, child, code, status);
}

/* Lines that were written before an end or a stop are reported before it. Lines that are unread
 * when a stopped child is continued were written afterwards. */
static void record(struct family *family, struct child *child, const siginfo_t *info) {
    switch (info->si_code) {
    case CLD_EXITED:
    case CLD_KILLED:
    case CLD_DUMPED:
        ended(family, child, info->si_code, info->si_status);
        break;
    default:
        if (!child->stopped)
            line_take(family, child);
        paused(family, child, info);
    }
}

void kernel_ask(struct family *family, struct child *child) {
    siginfo_t info = {0};
    if (child->phase != CHILD_LIVES)
        return;
    int result = waitid(P_PID, (id_t)child->pid, &info, kernel_events() | WNOHANG);
    if (result == 0 && info.si_pid == child->pid)
        record(family, child, &info);
    else if (result != 0 && errno == ECHILD) /* the embedding program has reaped it */
        ended(family, child, 0, 0);
}

void kernel_doubt(struct family *family, struct child *child) {
    kernel_ask(family, child);
    if (child->phase == CHILD_LIVES)
        family_doubt(family, child);
}

/* ---- /proc ---- */

bool kernel_has_proc(void) {
    char text[PATH], own[PATH];
    ssize_t len = readlink("/proc/self", text, sizeof text - 1);
    text[len > 0 ? len : 0] = '\0';
    snprintf(own, sizeof own, "%d", (int)getpid());
    return strcmp(text, own) == 0;
}

/* '?': not known. */
static char state_of(pid_t pid) {
    char path[PATH], text[STAT];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    const char *end = strrchr(text, ')'); /* of the name, which may hold anything */
    return end != NULL && end[1] == ' ' && end[2] != '\0' ? end[2] : '?';
}

bool kernel_is_held(const struct child *child) {
    return strchr("tTZX", state_of(child->pid)) != NULL;
}
