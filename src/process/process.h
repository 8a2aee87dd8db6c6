/*
 * process: starting the processes of nodes, and what ties them to those they depend on.
 *
 *   lifeline  a pipe whose only write end the controller holds, and whose read end every node
 *             inherits. Its end means that the controller is gone, in whatever way. The kernel then
 *             also continues a stopped node (process_watch_lifeline), so that it sees the end, too.
 *   birth     a socket pair between a node and the process that starts it. The node writes one
 *             line: READY, or why it cannot start. Until it has joined the tree, the end of this
 *             connection ends the node: a child that its parent does not want, or whose parent
 *             dies, goes by itself.
 *   notify      a pair of datagram sockets, one end of which the controller holds, and the other
 *             every node, as with sd_notify(3): once its parent is connected to it a node tells
 *             that it has joined. From then on the controller knows of it, whatever becomes of its
 *             parent. The kernel says which process has sent that.
 */
#ifndef BANYAN_PROCESS_H
#define BANYAN_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCESS_READY "ready\n"

enum {
    PROCESS_LIFELINE_FD = 3, /* where a node finds its lifeline */
    PROCESS_BIRTH_FD = 4,    /* its birth connection */
    PROCESS_NOTIFY_FD = 5,   /* and where it tells that it has joined */
    PROCESS_TEXT_MAX = 256,  /* of an error, with its end mark */
};

struct process_spec {
    const char *program; /* an absolute path */
    int64_t id;
    uint64_t serial;
    const char *address; /* where it is to listen */
    int lifeline;        /* the read end, in this process */
    int notify;          /* the nodes' end, likewise */
};

/* Has this process keep the memory that it frees, up to some hundred megabytes: messages of a
 * megabyte come and go, and to have the kernel clear their pages anew takes as long as to fill them.
 * For a program to call first, not for a library. */
void process_keep_memory(void);

/* Starts a node. Returns its pid, and *birth, this side's end; on failure -1 and a text. The signal
 * mask and dispositions of this process are not inherited, nor is any other descriptor except
 * standard error. Each node is a process group of its own: what is typed at a terminal does not
 * reach it. Not from a thread of nng, because it waits for the new program to be loaded. */
pid_t process_start(const struct process_spec *spec, int *birth, char text[PROCESS_TEXT_MAX]);

/* Reads what the node wrote on its birth connection. 1: it is ready; 0: nothing yet; -1: it cannot
 * start, for the reason in text. */
int process_read_birth(int birth, char text[PROCESS_TEXT_MAX]);

/* Writes to the birth connection (in the node). NULL: ready. */
void process_write_birth(int birth, const char *failure);

/* Opens the sockets of `notify`: the controller's end first. 0, or an errno. */
int process_open_notify(int pair[2]);

/* Tells through the nodes' end that the node has joined. May wait for the controller to read. False:
 * nobody is there to be told. Any thread. */
bool process_notify(int notify, uint64_t serial);

/* Reads from the controller's end that a node has joined, and which process that is, by the kernel's
 * word. A message of another form has *pid 0. False: there is nothing more. */
bool process_read_notify(int notify, uint64_t *serial, pid_t *pid);

/* Has the kernel send SIGCONT to this process when the lifeline ends. Returns a descriptor to read
 * the end from, which replaces the given one; the given one itself if this cannot be had. */
int process_watch_lifeline(int lifeline);

/* The exit status of an ended child, as waitpid gives it; -1 if it is no child of this process (any
 * more). False: it has not ended (*status is then untouched). */
bool process_collect(pid_t pid, int *status);

/* What the kernel tells of a process: its state, as a letter, and its parent. 0, or an errno: ENOENT
 * or ESRCH if there is none. From proc(5), /proc/PID/stat. */
int process_look(pid_t pid, char *state, pid_t *parent);

/* What a node was started with, while it lives; room: of the address, with its end mark. False: it is
 * none, or has ended. From proc(5), /proc/PID/cmdline. */
bool process_arguments(pid_t pid, uint64_t *serial, char *address, size_t room);

/* Whether a process runs or would if a processor were free, as far as is known: neither stopped (by
 * a signal or a debugger) nor ended. */
bool process_runs(pid_t pid);

/* "killed by signal 9", "ended with status 1". */
void process_describe(int status, char text[PROCESS_TEXT_MAX]);

#endif
