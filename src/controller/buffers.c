#include "buffers.h"

#include <stdlib.h>
#include <utlist.h>

#include "controller.h"
#include "net/message.h"

enum {
    HEAD = WIRE_HEAD + 4 + 4, /* of a request with one text: head, count, length */
    SPARE_BUFFERS = 16,
};

struct buffer {
    nng_msg *message;
    size_t room; /* bytes of the message */
    bool sent;   /* it was sent before: nng may still hold it */
    struct buffer *next;
};

static void buffer_dispose(struct buffer *buffer) {
    nng_msg_free(buffer->message);
    free(buffer);
}

static void take_out(struct buffers *buffers, struct buffer *buffer) {
    LL_DELETE(buffers->spare, buffer);
    buffers->count--;
}

/* Takes a spare buffer that is large enough and that nng no longer holds. If there is none,
 * frees one that is too small; otherwise small buffers would keep larger ones out of the list
 * for ever. */
static struct buffer *take_spare(struct buffers *buffers, size_t room) {
    struct buffer *buffer, *small = NULL;
    LL_FOREACH(buffers->spare, buffer) {
        if (buffer->room < room)
            small = buffer;
        else if (!net_is_shared(buffer->message))
            break;
    }
    if (buffer != NULL) {
        take_out(buffers, buffer);
    } else if (small != NULL) {
        take_out(buffers, small);
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

void *buffers_take(void *arg, size_t room, char **text) {
    struct banyan *tree = arg;
    struct buffer *buffer = take_spare(&tree->buffers, HEAD + room);
    if (buffer == NULL && (buffer = buffer_new(HEAD + room)) == NULL)
        return NULL;
    buffer->sent = false;
    *text = (char *)nng_msg_body(buffer->message) + HEAD;
    return buffer;
}

void buffers_return(void *arg, void *returned) {
    struct buffers *buffers = &((struct banyan *)arg)->buffers;
    struct buffer *buffer = returned;
    if (buffers->count == SPARE_BUFFERS) {
        buffer_dispose(buffer);
        return;
    }
    LL_PREPEND(buffers->spare, buffer);
    buffers->count++;
}

void buffers_free(struct buffers *buffers) {
    struct buffer *buffer, *next;
    LL_FOREACH_SAFE(buffers->spare, buffer, next) {
        buffer_dispose(buffer);
    }
}

/* ---- messages ---- */

/* Writes what comes between the head and the texts. The lengths come first, so that all texts are
 * copied at once, or not at all. */
static void put_lengths(struct wire_writer *writer, const struct bundle *bundle) {
    wire_put_u32(writer, bundle->slice_count);
    for (uint32_t i = 0; i < bundle->slice_count; i++)
        wire_put_u32(writer, bundle->slices[i].len | (bundle->slices[i].file ? WIRE_FROM_FILE : 0));
}

static nng_msg *copied(const struct bundle *bundle, const struct wire_head *head) {
    size_t len = 4 + 4 * (size_t)bundle->slice_count + bundle->text_len;
    struct wire_writer writer;
    nng_msg *message = message_request(head, len, &writer);
    if (message != NULL) {
        put_lengths(&writer, bundle);
        wire_put_bytes(&writer, bundle->text, bundle->text_len);
    }
    return message;
}

/* The head is written only before the buffer is first sent, because nng may still be sending it. */
static nng_msg *shared(struct buffer *buffer, const struct bundle *bundle,
                       const struct wire_head *head) {
    nng_msg *message;
    if (buffer->sent)
        return nng_msg_dup(&message, buffer->message) == 0 ? message : NULL;
    nng_msg_realloc(buffer->message, HEAD + bundle->text_len); /* within its room: cannot fail */
    struct wire_writer writer = {.at = nng_msg_body(buffer->message)};
    writer.end = writer.at + HEAD;
    wire_put_head(&writer, head);
    put_lengths(&writer, bundle);
    buffer->sent = true;
    return net_share(buffer->message);
}

nng_msg *buffers_message(const struct bundle *bundle) {
    struct wire_head head = {.operation = WIRE_SUMS, .id = bundle->id, .serial = bundle->serial};
    return bundle->buffer != NULL ? shared(bundle->buffer, bundle, &head) : copied(bundle, &head);
}
