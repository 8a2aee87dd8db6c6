/*
 * kernel: what the kernel reports about a child: it ended, was stopped, was continued.
 *
 * Every event of a child is consumed here, under the family's lock, and recorded at once. So until
 * `reaped` is set, the process id is the child's own. All functions that take a family are called
 * under that lock.
 */
#ifndef BANYAN_KERNEL_H
#define BANYAN_KERNEL_H

#include "family.h"

/* The events that a starter waits for. */
int kernel_events(void);

/* Asks the kernel about a child, without waiting, and records one event; nothing if the child has
 * no process. Lines that the child wrote before are recorded first. The child may be over
 * afterwards. */
void kernel_ask(struct family *family, struct child *child);

/* As kernel_ask, for a child whose birth line has ended, or which has left its group. If it lives,
 * the kernel is asked about it from time to time. */
void kernel_doubt(struct family *family, struct child *child);

/* Whether /proc is that of this process's pid namespace. It may be missing, or of another
 * namespace. */
bool kernel_has_proc(void);

/* Whether, according to /proc, a debugger holds the child's process, or it has just been stopped or
 * has ended. */
bool kernel_is_held(const struct child *child);

#endif
