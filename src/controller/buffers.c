/*
 * buffers.c: where the numbers of long execs lie: in a message of nng's, behind the room for what
 * goes before them, so that they are sent from where they were read to. The message is shared with
 * nng while it is under way, and kept, to be sent again if the path breaks.
 */
#include <stdlib.h>
#include <utlist.h>

#include "controller.h"

enum {
    HEAD = WIRE_HEAD + 4 + 4, /* of a request with one text: head, count, length */
    SPARE_BUFFERS = 16,
};

struct buffer {
    nng_msg *message;
    size_t room; /* bytes of the message */
    bool sent;   /* once: nng may still have it */
    struct buffer *next;
};

static void buffer_dispose(struct buffer *buffer) {
    nng_msg_free(buffer->message);
    free(buffer);
}

static void buffer_take(struct banyan *tree, struct buffer *buffer) {
    LL_DELETE(tree->buffers, buffer);
    tree->buffer_count--;
}

/* Takes one out of the spare ones that is large enough and that nng does not hold any more. Of those
 * that are too small one goes, so that they do not stay in the place of larger ones. */
static struct buffer *buffer_again(struct banyan *tree, size_t room) {
    struct buffer *buffer, *small = NULL;
    LL_FOREACH(tree->buffers, buffer) {
        if (buffer->room < room)
            small = buffer;
        else if (!net_is_shared(buffer->message))
            break;
    }
    if (buffer != NULL) {
        buffer_take(tree, buffer);
    } else if (small != NULL) {
        buffer_take(tree, small);
        buffer_dispose(small);
    }
    return buffer;
}

static struct buffer *buffer_new(size_t room) {
    struct buffer *buffer = malloc(sizeof *buffer);
    if (buffer == NULL || nng_msg_alloc(&buffer->message, room) != 0) {
        free(buffer);
        return NULL;
    }
    buffer->room = room;
    return buffer;
}

static void *port_buffer(void *arg, size_t room, char **text) {
    struct buffer *buffer = buffer_again(arg, HEAD + room);
    if (buffer == NULL && (buffer = buffer_new(HEAD + room)) == NULL)
        return NULL;
    buffer->sent = false;
    *text = (char *)nng_msg_body(buffer->message) + HEAD;
    return buffer;
}

static void port_unbuffer(void *arg, void *held) {
    struct banyan *tree = arg;
    struct buffer *buffer = held;
    if (tree->buffer_count == SPARE_BUFFERS) {
        buffer_dispose(buffer);
        return;
    }
    LL_PREPEND(tree->buffers, buffer);
    tree->buffer_count++;
}

/* Once it has been sent it is not written to: nng may still be about to send it. */
static void put_head(const struct buffer *buffer, const struct bundle *bundle) {
    uint8_t *body = nng_msg_body(buffer->message);
    struct wire_writer writer = {.at = body, .end = body + HEAD};
    asks_put_sums(&writer, bundle);
}

nng_msg *buffer_message(const struct bundle *bundle) {
    struct buffer *buffer = bundle->buffer;
    nng_msg *message;
    if (buffer->sent)
        return nng_msg_dup(&message, buffer->message) == 0 ? message : NULL;
    /* its room suffices: this cannot fail */
    nng_msg_realloc(buffer->message, HEAD + bundle->text_len);
    put_head(buffer, bundle);
    buffer->sent = true;
    return net_share(buffer->message);
}

void buffers_ports(struct engine_ports *ports) {
    ports->buffer = port_buffer;
    ports->unbuffer = port_unbuffer;
}

void buffers_free(struct banyan *tree) {
    struct buffer *buffer, *next;
    LL_FOREACH_SAFE(tree->buffers, buffer, next) {
        buffer_dispose(buffer);
    }
    tree->buffers = NULL;
    tree->buffer_count = 0;
}
