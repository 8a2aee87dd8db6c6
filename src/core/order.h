/*
 * order: answers come when they are ready and are printed in the order of the commands.
 *
 * A command takes a ticket when it is entered; its answer is settled with that ticket. The answers
 * go out, in the order of the tickets, each as soon as it and all before it are settled. Where
 * order is not wanted (at a terminal) each goes out when it is settled.
 *
 * Pure; one thread.
 */
#ifndef BANYAN_ORDER_H
#define BANYAN_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order;

/* Called with each answer when its turn has come. */
typedef void order_emit(void *arg, const char *text, size_t len);

/* NULL: out of memory. */
struct order *order_new(bool by_command, order_emit *emit, void *arg);
void order_free(struct order *order);

/* A ticket for the next command, from 1; 0: out of memory. */
uint64_t order_take(struct order *order);

/* The answer of the command with that ticket, once. The text is copied where it must wait. False:
 * there was no memory to keep it; then the ticket is still open. */
bool order_settle(struct order *order, uint64_t ticket, const char *text, size_t len);

/* How many tickets are not settled, and how many are settled and wait for others. */
size_t order_open(const struct order *order);
size_t order_waiting(const struct order *order);
/* How many bytes the texts of those are long that are too long for their tickets. */
size_t order_waiting_bytes(const struct order *order);

#endif
