/*
 * arrange: the message that carries new sets of children to many nodes, down the tree.
 *
 * The controller writes the sets in the order of the tree: the set of a node before those of the
 * nodes below it. A node that receives the message takes its own set and connects to its new
 * children. Then it hands every other set on to the child that leads to it, all sets for one child
 * in one message. When these messages are answered, or their paths have broken, the node answers
 * with all sets that are in force. The controller sends a set again if it is missing in the answer.
 *
 * Because of the order of the tree, the sets for one child follow each other, so each message
 * handed on is a piece of the message received. A piece of one set is addressed to the set's node,
 * so that relays need not decode it; a piece of several sets is addressed to the child.
 *
 * A struct arrange is the state of such a message in one process. Pure; one thread at a time.
 */
#ifndef BANYAN_ARRANGE_H
#define BANYAN_ARRANGE_H

#include "wire.h"

struct arrange;

/* A node to connect to. */
struct wire_child {
    struct wire_node node;
    char address[WIRE_ADDRESS_MAX];
};

/* A set that is in force, or was replaced by a newer one. */
struct arrange_confirmed {
    uint64_t serial, version;
};

/* Sets for one child, to be sent as a request WIRE_ARRANGE: id and serial go into its head; u32
 * count and the bytes follow. */
struct arrange_piece {
    int64_t id;
    uint64_t serial;
    uint32_t count;
    const uint8_t *bytes; /* borrowed from the arrange */
    size_t len;
};

/* ---- the controller: making the message ---- */

/* A message without sets. NULL: out of memory. */
struct arrange *arrange_new(void);

/* Adds a set of count children, which must be added next, one by one. False: out of memory, or too
 * long an address; the arrange can then only be freed. */
bool arrange_add_set(struct arrange *arrange, uint64_t serial, int64_t id, uint64_t version,
                     uint32_t count);
bool arrange_add_child(struct arrange *arrange, const struct wire_node *node, const char *address);

/* ---- a node: reading the message ---- */

/* Reads len bytes of a request, behind its head; copied. NULL: malformed, or out of memory. */
struct arrange *arrange_read(const uint8_t *body, size_t len);

/* The set of the node with that serial: its version and children, borrowed until the next call.
 * False: there is no such set. *children NULL with *count above 0: out of memory. */
bool arrange_own(struct arrange *arrange, uint64_t serial, uint64_t *version,
                 const struct wire_child **children, size_t *count);

/* Records that the set of that node is in force. */
void arrange_confirm(struct arrange *arrange, uint64_t serial, uint64_t version);

/* ---- both: handing on ---- */

/* Returns the child that leads to an id; NULL: none does. The result must stay valid until the next
 * call. */
typedef const struct wire_node *arrange_route(void *arg, int64_t id);

/* The next piece to send. serial: of this process, whose own set is left out; 0: the controller.
 * Sets to which no child leads are left out, too. False: no set is left. Every piece needs one call
 * of arrange_answered. */
bool arrange_next(struct arrange *arrange, uint64_t serial, arrange_route *route, void *arg,
                  struct arrange_piece *piece);

/* A piece was answered. answer: len bytes, behind the head; NULL: its path broke, or it was
 * refused. A malformed answer confirms nothing. */
void arrange_answered(struct arrange *arrange, const uint8_t *answer, size_t len);

/* Whether all pieces have been handed on (arrange_next has returned false) and answered. */
bool arrange_is_over(const struct arrange *arrange);

/* The sets in force; borrowed. */
const struct arrange_confirmed *arrange_confirmed(const struct arrange *arrange, size_t *count);

/* The same as the body of an answer, behind its head: its length, and its bytes. */
size_t arrange_answer_len(const struct arrange *arrange);
void arrange_put_answer(const struct arrange *arrange, struct wire_writer *writer);

void arrange_free(struct arrange *arrange);

#endif
