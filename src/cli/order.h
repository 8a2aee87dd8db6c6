/*
 * order: answers become known in any order and are printed in the order of the commands.
 *
 * A command takes a ticket when it is entered, and its answer is settled with that ticket. Answers
 * are printed in the order of the tickets, each as soon as it and all before it are settled.
 * Without that order (at a terminal) each is printed when it is settled.
 *
 * Pure; one thread.
 */
#ifndef BANYAN_ORDER_H
#define BANYAN_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order;

/* Prints an answer whose turn has come. */
typedef void order_emit(void *arg, const char *text, size_t len);

/* NULL: out of memory. */
struct order *order_new(bool by_command, order_emit *emit, void *arg);
void order_free(struct order *order);

/* A ticket for the next command, from 1; 0: out of memory. */
uint64_t order_take(struct order *order);

/* Settles a ticket, once. The text is copied if it must wait. False: out of memory; then the ticket
 * is still open. */
bool order_settle(struct order *order, uint64_t ticket, const char *text, size_t len);

/* How many tickets are not settled. */
size_t order_open(const struct order *order);
/* How many are settled and wait for earlier ones. */
size_t order_waiting(const struct order *order);
/* How many bytes the long texts among them have; short ones are kept without further memory. */
size_t order_waiting_bytes(const struct order *order);

#endif
