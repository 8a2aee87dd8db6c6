/*
 * joins.c: the nodes' word that they have joined.
 *
 * A node that says so no longer ends with its parent: from here on it is this process that must not
 * lose it. Mostly its create waits for just that. If the create has been given up meanwhile, because
 * the parent was lost or stopped, nobody wants the node, and it is ended here.
 *
 * Who may have said it is known from the kernel; that it is a node is looked at before it is believed,
 * since it will be ended by and by.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller.h"

enum { AT_ONCE = 64 }; /* so that a flood does not keep the loop from its other work */

/* Leaves nothing of a process that has ended. Should the request get lost, its exit status stays with
 * the node that started it until that ends, too. */
static void collect(struct banyan *tree, uint64_t serial, pid_t pid, pid_t parent) {
    struct peer stray = {.serial = serial};
    const struct peer *starter;
    char text[PROCESS_TEXT_MAX];
    if (parent == getpid())
        waitpid(pid, NULL, 0);
    for (starter = tree->peers; starter != NULL; starter = starter->hh.next) {
        if (starter->pid == parent)
            ask_reap(tree, &(struct engine_reap){.serial = serial,
                                                 .parent = starter->serial,
                                                 .parent_id = starter->node.id,
                                                 .version = engine_version(tree->engine)});
    }
    if (tree->directory[0] != '\0' && peer_address(tree, &stray, text))
        net_unlink(stray.address);
    if (tree->living == 0)
        directory_remove(tree);
}

/* SIGKILL cannot be refused, so the wait is short. */
static void end_stray(struct banyan *tree, uint64_t serial, pid_t pid, pid_t parent) {
    struct pollfd watch = {.fd = pidfd_open(pid, 0), .events = POLLIN};
    if (watch.fd < 0) {
        kill(pid, SIGKILL); /* nobody has collected it */
    } else {
        pidfd_send_signal(watch.fd, SIGKILL, NULL, 0);
        while (poll(&watch, 1, -1) < 0 && errno == EINTR)
            ;
        close(watch.fd);
    }
    collect(tree, serial, pid, parent);
}

/* One that nobody knows yet: the answer to its SPAWN is under way, or lost. */
static void meet(struct banyan *tree, uint64_t serial, pid_t pid) {
    char text[PROCESS_TEXT_MAX];
    struct peer *peer = peer_find(tree, serial);
    pid_t parent = pid > 0 ? peer_unknown_parent(tree, pid) : 0;
    if (parent == 0)
        return;
    if (peer != NULL && peer->parent != 0 && peer->pid == 0) {
        if (peer_started_by(tree, peer, pid, text)) {
            engine_joined(tree->engine, serial, pid);
            return;
        }
        engine_spawned(tree->engine, serial, HOP_REFUSED, 0, text);
    } else if (peer != NULL) {
        return; /* that serial is another process's */
    }
    end_stray(tree, serial, pid, parent);
}

void joins_read(struct banyan *tree) {
    uint64_t serial;
    pid_t pid;
    for (int i = 0; i < AT_ONCE && process_read_notify(tree->notify[0], &serial, &pid); i++) {
        const struct peer *peer = peer_find(tree, serial);
        if (peer != NULL && pid > 0 && peer->pid == pid)
            engine_joined(tree->engine, serial, pid);
        else
            meet(tree, serial, pid);
    }
}
