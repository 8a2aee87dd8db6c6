/* targets.c: a descriptor names a process, because the number of one that has ended can become that
 * of another. */
#include "targets.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct target {
    long long id; /* of the node */
    int pid;
    int fd; /* -1: the node was not created yet */
    bool stopped;
};

enum { TARGETS_MOST = 64 };

static struct target targets[TARGETS_MOST];
static size_t target_count;

static struct target *find(long long id) {
    for (size_t i = 0; i < target_count; i++)
        if (targets[i].id == id)
            return &targets[i];
    return NULL;
}

struct target *target_of(long long id) {
    struct target *target = find(id);
    if (target != NULL)
        return target;
    if (target_count == TARGETS_MOST)
        die("the script", "it sends signals to too many nodes");
    target = &targets[target_count++];
    *target = (struct target){.id = id, .fd = -1};
    return target;
}

void targets_note_answer(const char *command, const char *answer) {
    long long id;
    int pid;
    if (target_count == 0 || sscanf(command, "create %lld", &id) != 1 ||
        sscanf(answer, "Ok: %d", &pid) != 1)
        return;
    struct target *target = find(id);
    if (target == NULL)
        return;
    if (target->fd >= 0)
        close(target->fd);
    *target = (struct target){.id = id, .pid = pid, .fd = (int)syscall(SYS_pidfd_open, pid, 0)};
    if (target->fd < 0)
        die("the process of a node", strerror(errno));
}

void target_send(struct target *target, int signal) {
    if (target->fd < 0)
        die("a signal", "its node was not created");
    if (syscall(SYS_pidfd_send_signal, target->fd, signal, NULL, 0) != 0)
        die("cannot send a signal", strerror(errno));
    target->stopped = signal == SIGSTOP;
}

static bool is_stopped(int pid, const char *thread) {
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/stat", pid, thread);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return true; /* the thread has ended */
    const char *name_end = fgets(text, sizeof text, file) != NULL ? strrchr(text, ')') : NULL;
    fclose(file);
    return name_end != NULL && strncmp(name_end, ") T", 3) == 0;
}

/* One thread takes the signal and stops the others; until then they may answer. */
void target_wait_until_stopped(const struct target *target) {
    char path[64];
    bool stopped = false;
    snprintf(path, sizeof path, "/proc/%d/task", target->pid);
    while (!stopped) {
        DIR *threads = opendir(path);
        struct dirent *thread;
        if (threads == NULL)
            die(path, strerror(errno));
        stopped = true;
        while (stopped && (thread = readdir(threads)) != NULL)
            stopped = thread->d_name[0] == '.' || is_stopped(target->pid, thread->d_name);
        closedir(threads);
        if (!stopped)
            sched_yield();
    }
}

void targets_continue(void) {
    for (size_t i = 0; i < target_count; i++)
        if (targets[i].stopped) /* fails if the process has ended meanwhile */
            syscall(SYS_pidfd_send_signal, targets[i].fd, SIGCONT, NULL, 0);
}
