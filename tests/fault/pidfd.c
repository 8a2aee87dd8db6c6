/*
 * pidfd: stands in for the calls of that name under valgrind, which (3.19) does not know them. The
 * descriptor is one end of a pipe, and a thread that looks whether the process has ended closes the
 * other; to be preloaded, by fault/valgrind.py.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 256, LOOK_NS = 2000000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct watched {
    pid_t pid; /* 0: none */
    int fd;    /* readable when it has ended */
    int end;   /* the other one of the pipe */
} watched[MOST];

static bool has_ended(pid_t pid) {
    char path[32], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    const char *name_end = strrchr(text, ')');
    return name_end == NULL || strncmp(name_end, ") Z", 3) == 0;
}

static void *look(void *arg) {
    (void)arg;
    for (;;) {
        pthread_mutex_lock(&lock);
        for (struct watched *at = watched; at < watched + MOST; at++) {
            if (at->pid != 0 && has_ended(at->pid)) {
                close(at->end); /* the other one is readable, then: there is nothing more to come */
                at->pid = 0;
            }
        }
        pthread_mutex_unlock(&lock);
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    return NULL;
}

static void start(void) {
    pthread_t thread;
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    if (pthread_create(&thread, NULL, look, NULL) != 0)
        abort();
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

int pidfd_open(pid_t pid, unsigned flags) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)flags;
    if (kill(pid, 0) != 0)
        return -1;
    pthread_once(&once, start);
    pthread_mutex_lock(&lock);
    struct watched *at = watched;
    while (at < watched + MOST && at->pid != 0)
        at++;
    int pair[2] = {-1, -1};
    int error = at == watched + MOST ? EMFILE : pipe2(pair, O_CLOEXEC) != 0 ? errno : 0;
    if (error == 0)
        *at = (struct watched){.pid = pid, .fd = pair[0], .end = pair[1]};
    pthread_mutex_unlock(&lock);
    if (error != 0)
        errno = error;
    return pair[0];
}

/* The process of a pidfd that is not watched any more has ended. */
int pidfd_send_signal(int fd, int signal, siginfo_t *info, unsigned flags) {
    int result = -1;
    (void)info, (void)flags;
    errno = ESRCH;
    pthread_mutex_lock(&lock);
    for (struct watched *at = watched; at < watched + MOST; at++) {
        if (at->pid != 0 && at->fd == fd)
            result = kill(at->pid, signal);
    }
    pthread_mutex_unlock(&lock);
    return result;
}
