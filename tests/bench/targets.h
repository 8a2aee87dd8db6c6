/*
 * targets.h: the processes that a script of bench_dialogue sends signals to. A target is a node;
 * its process is known from the answer to the command that has created it.
 */
#ifndef BENCH_TARGETS_H
#define BENCH_TARGETS_H

#include <stdbool.h>

struct target;

/* Ends the program with a message (dialogue.c). */
_Noreturn void die(const char *what, const char *why);

/* The target for the node; the same one for the same id. Ends the program if there are too many. */
struct target *target_of(long long id);

/* Keeps the process of a node, if command has created one and the node is a target. */
void targets_note_answer(const char *command, const char *answer);

/* Ends the program if the node was not created, or its process has ended. */
void target_send(struct target *target, int signal);

/* Returns when every thread of the process is stopped. */
void target_wait_until_stopped(const struct target *target);

/* Continues the processes that target_send has stopped. */
void targets_continue(void);

#endif
