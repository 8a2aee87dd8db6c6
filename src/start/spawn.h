/*
 * spawn: starts the process of one node, which inherits only standard error.
 */
#ifndef BANYAN_SPAWN_H
#define BANYAN_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

struct spawn_spec {
    const char *program; /* an absolute path */
    int64_t id;
    uint64_t serial;
    const char *address;
    int line;    /* the node's end of its birth line, in this process */
    pid_t group; /* the process group to join; 0: a new one */
};

/* Starts the process as `program id serial address`: standard input and output are /dev/null, the
 * birth line is at BIRTH_FD, all later descriptors are closed, no signal is blocked, and every
 * signal has its default action.
 *
 * 0, or an errno: EPERM also if there is no such group in this session. The call takes 0.3 ms,
 * until the program has been loaded. A process whose program cannot be loaded is reaped here. Any
 * thread. */
int spawn_node(const struct spawn_spec *spec, pid_t *pid);

#endif
