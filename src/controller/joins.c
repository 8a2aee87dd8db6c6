/*
 * joins.c: the nodes' word that they have joined.
 *
 * A node that says so no longer ends with the one that started it: from here on it is this process
 * that must not lose it. Its create waits for just that; if that has been given up meanwhile, the
 * node is a stray. The word may come before the answer to SPAWN or after it.
 */
#include "controller.h"

enum { AT_ONCE = 64 }; /* so that a flood does not keep the loop from its other work */

/* Where it cannot be watched just now, the answer to SPAWN decides what becomes of it. */
static void told(struct banyan *tree, struct peer *peer, pid_t pid) {
    char text[PROCESS_TEXT_MAX];
    if (peer->pid == 0 && peer->parent != 0) {
        peer->told = pid;
        peer_started_by(tree, peer, pid, text);
    }
    if (peer->pid == pid)
        engine_joined(tree->engine, peer->serial, pid);
}

void joins_read(struct banyan *tree) {
    uint64_t serial;
    pid_t pid;
    for (int i = 0; i < AT_ONCE && process_read_notify(tree->notify[0], &serial, &pid); i++) {
        struct peer *peer = pid > 0 ? peer_find(tree, serial) : NULL;
        if (peer != NULL)
            told(tree, peer, pid);
        else if (pid > 0)
            stray_end(tree, serial, pid);
    }
}
