/*
 * strays.c: nodes that nobody wants. Their creates have been given up, with their process ids unknown:
 * because the node that starts one was lost or stopped, or its answer was, or the process cannot be
 * watched.
 *
 * Mostly the starter ends it: it is told to when a create is given up (port_forget), and a set of its
 * children that does not name the new node has it do so, too. When the starter has ended, a new node
 * that has not joined ends by itself, and one that has joined says so (stray_end). Both have become
 * children of this process, which ends and collects those it finds when the starter ends, and at its
 * own end (strays_collect).
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller.h"

enum { PATH = 64, NAME = 16 /* what the kernel keeps of a name, with its end mark */ };

/* Whether a process has been started as a node that is not known; which one, and where. */
static bool is_unknown(struct banyan *tree, pid_t pid, uint64_t *serial,
                       char address[WIRE_ADDRESS_MAX]) {
    return !peer_has_pid(tree, pid) && process_arguments(pid, serial, address, WIRE_ADDRESS_MAX) &&
           peer_find(tree, *serial) == NULL;
}

/* Has whoever started it collect it; should that get lost, its exit status stays with that one. */
static void collect(struct banyan *tree, uint64_t serial, pid_t pid) {
    const struct peer *starter;
    pid_t parent;
    char state;
    if (process_look(pid, &state, &parent) != 0)
        return;
    if (parent == getpid())
        waitpid(pid, NULL, 0);
    for (starter = tree->peers; starter != NULL; starter = starter->hh.next) {
        if (starter->pid == parent && !starter->exited)
            ask_reap(tree, serial, starter->serial);
    }
}

/* Without a descriptor nothing is done to a number: whoever may have started it is told to end it. */
static void have_it_ended(struct banyan *tree, uint64_t serial) {
    const struct peer *peer;
    for (peer = tree->peers; peer != NULL; peer = peer->hh.next) {
        if (peer->leaves_strays && !peer->exited)
            ask_reap(tree, serial, peer->serial);
    }
}

/* The descriptor is taken before the look, so that the look is at the process that it is for. */
void stray_end(struct banyan *tree, uint64_t serial, pid_t pid) {
    char address[WIRE_ADDRESS_MAX];
    uint64_t started_as;
    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0) {
        have_it_ended(tree, serial);
        return;
    }
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

/* A dead one has no arguments any more; its name could be that of another tree's. */
static bool is_dead_node(const struct banyan *tree, pid_t pid) {
    char path[PATH], name[NAME + 1] = "", own[NAME], state = 0;
    const char *slash = tree->program != NULL ? strrchr(tree->program, '/') : NULL;
    pid_t parent;
    if (trees_open() > 1 || slash == NULL || peer_has_pid(tree, pid) ||
        process_look(pid, &state, &parent) != 0 || state != 'Z')
        return false; /* or no node can have been started */
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    FILE *comm = fopen(path, "re");
    bool named = comm != NULL && fgets(name, sizeof name, comm) != NULL;
    if (comm != NULL)
        fclose(comm);
    name[strcspn(name, "\n")] = '\0';
    snprintf(own, sizeof own, "%s", slash + 1);
    return named && strcmp(name, own) == 0;
}

/* A child that is not collected: the pid is its own. SIGKILL cannot be refused, so the wait is short. */
static bool collect_child(struct banyan *tree, pid_t pid) {
    if (!is_dead_node(tree, pid) && !is_orphan(tree, pid))
        return false;
    kill(pid, SIGKILL);
    return waitpid(pid, NULL, 0) == pid;
}

static unsigned collect_children(struct banyan *tree) {
    char path[PATH];
    pid_t pid;
    unsigned count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        snprintf(path, sizeof path, "/proc/self/task/%.20s/children", task->d_name);
        FILE *children = task->d_name[0] != '.' ? fopen(path, "re") : NULL;
        while (children != NULL && fscanf(children, "%d", &pid) == 1)
            count += collect_child(tree, pid);
        if (children != NULL)
            fclose(children);
    }
    if (tasks != NULL)
        closedir(tasks);
    return count;
}

/* The kernel's list passes over some while others are collected. */
void strays_collect(struct banyan *tree) {
    while (collect_children(tree) > 0)
        ;
}
