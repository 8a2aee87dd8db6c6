/*
 * strays.c: nodes that nobody wants. Their creates have been given up, with their process ids unknown:
 * because the node that starts one was lost or stopped, or its answer was, or the process cannot be
 * watched.
 *
 * Mostly the starter ends it: it is told to when a create is given up (port_forget), and a set of its
 * children that does not name the new node has it do so, too. When the starter has ended, a new node
 * that has not joined ends by itself, and one that has joined says so (stray_end). What is left of
 * either falls to this process (strays_collect).
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller.h"

enum { PATH = 64, NAME = 32 };

/* Whether a process has been started as a node that is not known; which one, and where. */
static bool is_unknown(struct banyan *tree, pid_t pid, uint64_t *serial,
                       char address[WIRE_ADDRESS_MAX]) {
    return !peer_has_pid(tree, pid) && process_arguments(pid, serial, address, WIRE_ADDRESS_MAX) &&
           peer_find(tree, *serial) == NULL;
}

/* Has whoever started it collect it; should that get lost, its exit status stays with that one. */
static void collect(struct banyan *tree, uint64_t serial, pid_t pid) {
    const struct peer *starter;
    pid_t parent = 0;
    char state;
    if (process_look(pid, &state, &parent) == 0 && parent == getpid())
        waitpid(pid, NULL, 0);
    for (starter = tree->peers; starter != NULL; starter = starter->hh.next) {
        if (starter->pid == parent && !starter->exited)
            ask_reap(tree, serial, starter->serial);
    }
}

/* The descriptor is taken before the look, so that the look is at the process that it is for. Without
 * one the process is left to its starter, or to the end of this one. */
void stray_end(struct banyan *tree, uint64_t serial, pid_t pid) {
    char address[WIRE_ADDRESS_MAX];
    uint64_t started_as;
    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        return;
    if (is_unknown(tree, pid, &started_as, address) && started_as == serial) {
        pidfd_send_signal(pidfd, SIGKILL, NULL, 0); /* fails only if it has ended */
        collect(tree, serial, pid);
        directory_address(tree, serial, address);
        net_unlink(address);
        if (tree->living == 0)
            directory_remove(tree);
    }
    close(pidfd);
}

/* A child that lives may be another tree's, which is open in the same process. */
static bool is_orphan(struct banyan *tree, pid_t pid) {
    char address[WIRE_ADDRESS_MAX], own[WIRE_ADDRESS_MAX];
    uint64_t serial;
    if (!is_unknown(tree, pid, &serial, address))
        return false;
    directory_address(tree, serial, own);
    return strcmp(address, own) == 0;
}

static bool is_dead_node(const struct banyan *tree, pid_t pid) {
    char path[PATH], name[NAME] = "", state = 0;
    pid_t parent;
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    FILE *comm = fopen(path, "re");
    if (comm != NULL && fgets(name, sizeof name, comm) == NULL)
        name[0] = '\0';
    if (comm != NULL)
        fclose(comm);
    return strcmp(name, "banyan-node\n") == 0 && process_look(pid, &state, &parent) == 0 &&
           state == 'Z' && !peer_has_pid(tree, pid);
}

/* A child that is not collected: the pid is its own. SIGKILL cannot be refused, so the wait is short. */
static void collect_child(struct banyan *tree, pid_t pid) {
    if (!is_dead_node(tree, pid) && !is_orphan(tree, pid))
        return;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

void strays_collect(struct banyan *tree) {
    char path[PATH];
    pid_t pid;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        snprintf(path, sizeof path, "/proc/self/task/%.20s/children", task->d_name);
        FILE *children = task->d_name[0] != '.' ? fopen(path, "re") : NULL;
        while (children != NULL && fscanf(children, "%d", &pid) == 1)
            collect_child(tree, pid);
        if (children != NULL)
            fclose(children);
    }
    if (tasks != NULL)
        closedir(tasks);
}
