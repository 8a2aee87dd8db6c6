/*
 * hold PID: holds a process as a debugger does, with all its threads, until standard input ends. The
 * kernel does not report that to the parent of the process: to the parent it runs, but does not
 * answer. Prints "held" once it is held.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what) {
    fprintf(stderr, "hold: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Stops one thread. False: it is held already. */
static int hold(pid_t thread) {
    if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0)
        return 0;
    if (ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) != 0)
        fail("cannot interrupt a thread");
    if (waitpid(thread, NULL, __WALL) != thread)
        fail("cannot wait for a thread");
    return 1;
}

/* A thread that is still running may have started another one meanwhile. */
static void hold_all(const char *pid) {
    char path[64];
    int more = 1;
    snprintf(path, sizeof path, "/proc/%.20s/task", pid);
    while (more > 0) {
        DIR *threads = opendir(path);
        if (threads == NULL)
            fail(path);
        more = 0;
        for (struct dirent *entry; (entry = readdir(threads)) != NULL;)
            more += entry->d_name[0] != '.' && hold(atoi(entry->d_name));
        closedir(threads);
    }
}

/* The threads go on when this process ends. */
int main(int argc, char **argv) {
    char byte;
    if (argc != 2)
        return 2;
    hold_all(argv[1]);
    puts("held");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    return 0;
}
