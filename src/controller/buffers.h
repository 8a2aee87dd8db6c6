/*
 * buffers: the messages that carry numbers.
 *
 * The numbers of a long exec are read directly into an nng message, behind room for its head, so
 * they need not be copied. nng and the buffer share the message while it is in flight. The buffer
 * keeps the message, so that it can be sent again if the path breaks.
 */
#ifndef BANYAN_BUFFERS_H
#define BANYAN_BUFFERS_H

#include "core/engine.h"
#include "net/net.h"

struct buffers {
    struct buffer *spare;
    unsigned count; /* of spare */
};

/* The engine's ports `buffer` and `unbuffer`. */
void *buffers_take(void *tree, size_t room, char **text);
void buffers_return(void *tree, void *buffer);

/* A request that carries the bundle, for the caller to send. NULL: out of memory. */
nng_msg *buffers_message(const struct bundle *bundle);

void buffers_free(struct buffers *buffers);

#endif
