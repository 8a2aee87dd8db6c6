/*
 * birth: the line between a node and its starter, a socket pair that lasts as long as both live.
 *
 * The node writes lines: READY once it listens, or why it cannot start; then JOINED once its parent
 * is connected to it. The starter writes nothing. When the starter ends, the line ends, and the
 * node ends, too. At that moment the kernel also sends SIGCONT to the node (birth_watch), so that a
 * stopped node sees the end.
 *
 * A line is written in one call and is one message of the pair (SOCK_SEQPACKET), so it arrives
 * whole.
 */
#ifndef BANYAN_BIRTH_H
#define BANYAN_BIRTH_H

#include <stdbool.h>

enum {
    BIRTH_FD = 3,         /* the node's descriptor of the line */
    BIRTH_TEXT_MAX = 256, /* of a line, with its end mark */
};

enum birth_news {
    BIRTH_NOTHING, /* nothing yet */
    BIRTH_READY,   /* it listens */
    BIRTH_JOINED,  /* its parent is connected to it */
    BIRTH_FAILED,  /* it cannot start: text says why */
    BIRTH_OVER,    /* the line has ended */
};

/* ---- the starter's end ---- */

/* Opens a line. pair[0]: the starter's end, which is non-blocking; pair[1]: the node's end. Both
 * are closed on exec. 0, or an errno; then nothing is open. */
int birth_open(int pair[2]);

/* Reads the next line at the starter's end. An unknown line is BIRTH_FAILED. text is written only
 * for BIRTH_FAILED. */
enum birth_news birth_read(int fd, char text[BIRTH_TEXT_MAX]);

/* ---- the node's end, in the node ---- */

/* Makes the kernel send SIGCONT to this process when the line ends, and closes the node's end on
 * exec, so that no program that the node starts keeps the line. False: the kernel refuses; then a
 * stopped node outlives its starter until it is continued. */
bool birth_watch(int fd);

/* When a starter ends while one of its nodes is stopped, the kernel sends SIGHUP to the process
 * group, so all its nodes would end before they can remove their sockets. After this call the node
 * ignores SIGHUP once its starter has ended; before, SIGHUP ends the node by default. To be called
 * before the node listens. */
void birth_survive_hangup(void);

/* Write a line. Any thread. Nothing happens if the line has ended, because the node sees that, too.
 * The text of a failure is cut at its first newline, and to the length of a line. */
void birth_write_ready(int fd);
void birth_write_joined(int fd);
void birth_write_failure(int fd, const char *text);

#endif
