/*
 * kernel: what the kernel says about a child: it ended, was stopped, was continued.
 *
 * Every event of a child is consumed here, under the family's lock, and recorded at once; so a
 * process id that is not reaped is the child's own. All functions are called under that lock.
 */
#ifndef BANYAN_KERNEL_H
#define BANYAN_KERNEL_H

#include "family.h"

/* The events that a starter waits for. */
int kernel_events(void);

/* Asks the kernel about a child, without waiting, and records the answer; nothing if it has no
 * process. What the child wrote before is recorded before. The child may be over then. */
void kernel_ask(struct family *family, struct child *child);

/* As kernel_ask, for a child whose birth line may have ended, or which has left its group: if it
 * lives, it is asked about from time to time. */
void kernel_doubt(struct family *family, struct child *child);

/* Whether /proc shows the processes as this process sees them: it may be that of another namespace,
 * or missing. */
bool kernel_has_proc(void);

/* Whether /proc says that the child's process neither runs nor waits: a debugger holds it, or it
 * has just been stopped or ended. */
bool kernel_is_held(const struct child *child);

#endif
