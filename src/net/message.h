/*
 * message: nng messages in this program's format: a head, and room behind it that the caller fills
 * through a writer. A message belongs to the caller until it is sent.
 *
 * Any thread; one thread at a time for each message.
 */
#ifndef BANYAN_MESSAGE_H
#define BANYAN_MESSAGE_H

#include "net.h"
#include "wire/wire.h"

/* A request with len bytes behind its head. The caller must write all of them through the writer,
 * because a large message is not cleared first. NULL: out of memory. */
nng_msg *message_request(const struct wire_head *head, size_t len, struct wire_writer *writer);

/* An answer, likewise. writer NULL: nothing follows the head. */
nng_msg *message_answer(enum wire_operation operation, enum wire_status status, size_t len,
                        struct wire_writer *writer);

/* An answer WIRE_REFUSED with a text that says why. NULL: out of memory. */
nng_msg *message_refusal(enum wire_operation operation, const char *text);

/* Shortens a message to the bytes that were written. */
void message_cut(nng_msg *message, const struct wire_writer *writer);

/* A reader of the whole message. The message must outlive the reader. */
struct wire_reader message_reader(nng_msg *message);

#endif
