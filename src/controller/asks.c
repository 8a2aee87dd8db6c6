/*
 * asks.c: requests through the tree: each is encoded, sent towards its node, and comes back as an
 * event, exactly once, with the answer or with the reason why there is none.
 */
#include <stdio.h>
#include <stdlib.h>

#include "controller.h"

/* ---- sending ---- */

/* On a thread of nng, or within ask. */
static void asked(void *arg, int error, nng_msg *reply) {
    struct event *event = arg;
    event->error = error;
    event->reply = reply;
    event_post(event);
}

/* A message with its head and room for so many bytes behind it. NULL: out of memory. */
static nng_msg *message_new(struct wire_writer *writer, enum wire_operation operation, int64_t id,
                            uint64_t serial, size_t room) {
    nng_msg *message;
    if (nng_msg_alloc(&message, WIRE_HEAD + room) != 0)
        return NULL;
    *writer = (struct wire_writer){.at = nng_msg_body(message)};
    writer->end = writer->at + WIRE_HEAD + room;
    wire_put_head(writer, &(struct wire_head){.operation = operation, .id = id, .serial = serial});
    return message;
}

static void send_to(struct event *event, int64_t id, nng_msg *message) {
    if (message == NULL)
        asked(event, NNG_ENOMEM, NULL);
    else
        children_request(event->tree->children, id, message, asked, event);
}

static struct event *ask_new(struct banyan *tree, enum wire_operation operation, uint64_t serial) {
    struct event *event = event_new(tree, POST_ASKED, serial);
    if (event != NULL)
        event->operation = operation;
    return event;
}

/* What goes before the texts: the lengths stand together, so that the texts are copied in one go, or
 * not at all. */
void asks_put_sums(struct wire_writer *writer, const struct bundle *bundle) {
    wire_put_head(writer, &(struct wire_head){
                              .operation = WIRE_SUMS, .id = bundle->id, .serial = bundle->serial});
    wire_put_u32(writer, bundle->slice_count);
    for (uint32_t i = 0; i < bundle->slice_count; i++)
        wire_put_u32(writer, bundle->slices[i].len | (bundle->slices[i].file ? WIRE_FROM_FILE : 0));
}

static nng_msg *small_sums(const struct bundle *bundle) {
    size_t room = WIRE_HEAD + 4 + 4 * (size_t)bundle->slice_count + bundle->text_len;
    nng_msg *message;
    if (nng_msg_alloc(&message, room) != 0)
        return NULL;
    struct wire_writer writer = {.at = nng_msg_body(message)};
    writer.end = writer.at + room;
    asks_put_sums(&writer, bundle);
    wire_put_bytes(&writer, bundle->text, bundle->text_len);
    return message;
}

static bool port_sums(void *arg, struct bundle *bundle) {
    struct event *event = ask_new(arg, WIRE_SUMS, bundle->serial);
    if (event == NULL)
        return false;
    event->bundle = bundle;
    send_to(event, bundle->id,
            bundle->buffer != NULL ? buffer_message(bundle) : small_sums(bundle));
    return true;
}

static void put_node(struct wire_writer *writer, struct banyan *tree,
                     const struct engine_node *node) {
    const struct peer *peer = peer_find(tree, node->serial);
    wire_put_node(
        writer, &(struct wire_node){
                    .serial = node->serial, .id = node->id, .low = node->low, .high = node->high});
    wire_put_text(writer, peer->address);
}

static void put_child(struct child *child, const struct peer *peer) {
    child->node = peer->node;
    snprintf(child->address, sizeof child->address, "%s", peer->address);
}

/* A root that listens and has not joined yet is connected already, and stays so. */
static bool set_own_children(struct banyan *tree, const struct engine_children *children) {
    struct child *nodes = calloc(children->count + children->starting_count + 1, sizeof *nodes);
    size_t count = nodes != NULL ? children->count : 0;
    for (size_t i = 0; i < count; i++)
        put_child(&nodes[i], peer_find(tree, children->nodes[i].serial));
    for (size_t i = 0; nodes != NULL && i < children->starting_count; i++) {
        const struct peer *peer = peer_find(tree, children->starting[i]);
        if (peer != NULL && peer->pid != 0)
            put_child(&nodes[count++], peer);
    }
    bool done = nodes != NULL && children_set(tree->children, nodes, count) == 0;
    free(nodes);
    return done;
}

static bool port_arrange(void *arg, const struct engine_children *children) {
    struct banyan *tree = arg;
    size_t node_room = WIRE_NODE + 2 + WIRE_ADDRESS_MAX;
    struct wire_writer writer;
    if (children->parent == 0)
        return set_own_children(tree, children);
    struct event *event = ask_new(tree, WIRE_CHILDREN, children->parent);
    if (event == NULL)
        return false;
    event->version = children->version;
    nng_msg *message = message_new(&writer, WIRE_CHILDREN, children->parent_id, children->parent,
                                   16 + children->count * node_room + children->starting_count * 8);
    if (message != NULL) {
        wire_put_u64(&writer, children->version);
        wire_put_u32(&writer, (uint32_t)children->count);
        wire_put_u32(&writer, (uint32_t)children->starting_count);
        for (size_t i = 0; i < children->count; i++)
            put_node(&writer, tree, &children->nodes[i]);
        for (size_t i = 0; i < children->starting_count; i++)
            wire_put_u64(&writer, children->starting[i]);
        nng_msg_chop(message, (size_t)(writer.end - writer.at));
    }
    send_to(event, children->parent_id, message);
    return true;
}

static bool ask_spawn(struct banyan *tree, const struct engine_spawn *spawn) {
    struct wire_writer writer;
    struct event *event = ask_new(tree, WIRE_SPAWN, spawn->node.serial);
    if (event == NULL)
        return false;
    nng_msg *message = message_new(&writer, WIRE_SPAWN, spawn->parent_id, spawn->parent,
                                   8 + WIRE_NODE + 2 + WIRE_ADDRESS_MAX);
    if (message != NULL) {
        wire_put_u64(&writer, spawn->version);
        put_node(&writer, tree, &spawn->node);
        nng_msg_chop(message, (size_t)(writer.end - writer.at));
    }
    send_to(event, spawn->parent_id, message);
    return true;
}

static bool port_spawn(void *arg, const struct engine_spawn *spawn) {
    struct banyan *tree = arg;
    struct peer *peer = peer_find(tree, spawn->node.serial);
    if (peer == NULL)
        peer = peer_new(tree, &spawn->node);
    if (peer == NULL)
        return false;
    peer->parent = spawn->parent;
    if (spawn->parent == 0)
        return peer_start(tree, peer);
    return peer_address(tree, peer, (char[PROCESS_TEXT_MAX]){""}) && ask_spawn(tree, spawn);
}

bool ask_reap(struct banyan *tree, uint64_t serial, uint64_t starter) {
    struct wire_writer writer;
    const struct peer *peer = peer_find(tree, starter);
    struct event *event = peer != NULL ? ask_new(tree, WIRE_REAP, serial) : NULL;
    if (event == NULL)
        return false;
    nng_msg *message = message_new(&writer, WIRE_REAP, peer->node.id, starter, 16);
    if (message != NULL) {
        wire_put_u64(&writer, engine_version(tree->engine));
        wire_put_u64(&writer, serial);
    }
    send_to(event, peer->node.id, message);
    return true;
}

static bool port_reap(void *arg, uint64_t serial, uint64_t starter) {
    return starter == 0 ? peer_collect(arg, serial) : ask_reap(arg, serial, starter);
}

void asks_ports(struct engine_ports *ports) {
    ports->sums = port_sums;
    ports->arrange = port_arrange;
    ports->spawn = port_spawn;
    ports->reap = port_reap;
}

/* ---- answers ---- */

/* How the request ended; text gets the reason of a refusal. */
static enum hop hop_of(const struct event *event, struct wire_reader *reader,
                       char text[WIRE_TEXT_MAX]) {
    enum wire_status status;
    if (event->error == NNG_ENOMEM) {
        snprintf(text, WIRE_TEXT_MAX, "out of memory");
        return HOP_REFUSED;
    }
    if (event->error != 0)
        return HOP_BROKEN;
    const uint8_t *body = nng_msg_body(event->reply);
    *reader = (struct wire_reader){.at = body, .end = body + nng_msg_len(event->reply)};
    if (!wire_get_answer(reader, event->operation, &status)) {
        snprintf(text, WIRE_TEXT_MAX, "the node answered with something else");
        return HOP_REFUSED;
    }
    if (status == WIRE_REFUSED)
        wire_get_text(reader, text, WIRE_TEXT_MAX);
    if (status == WIRE_REFUSED && text[0] == '\0') /* none, or one that does not decode */
        snprintf(text, WIRE_TEXT_MAX, "the node refuses without saying why");
    return status == WIRE_OK ? HOP_OK : status == WIRE_BROKEN ? HOP_BROKEN : HOP_REFUSED;
}

/* Whether a text of so many bytes can have this result. The engine adds the sums up, and relies on
 * it that they stay within 128 bits. */
static bool is_possible(const struct slice_result *result, size_t len) {
    int128 most = (int128)result->count << 63; /* fits, whatever count is */
    return result->count <= (len + 1) / 2 && result->sum >= -most && result->sum <= most &&
           result->word_len <= len;
}

static struct slice_result get_sum(struct wire_reader *reader, size_t len) {
    static const enum banyan_code codes[] = {BANYAN_OK, BANYAN_NOT_INTEGER, BANYAN_OUT_OF_RANGE};
    struct slice_result result = {.count = wire_get_u64(reader)};
    result.sum = wire_get_i128(reader);
    uint32_t error = wire_get_u32(reader);
    result.word_len = wire_get_u32(reader);
    if (error < sizeof codes / sizeof *codes)
        result.error = codes[error];
    else
        reader->bad = true;
    result.word = (const char *)wire_get_bytes(
        reader, result.word_len < WIRE_WORD_MAX ? result.word_len : WIRE_WORD_MAX);
    if (!is_possible(&result, len))
        reader->bad = true;
    return result;
}

/* The results of a bundle, in the tree's buffer for them. NULL: not what was asked for. */
static struct slice_result *get_sums(struct banyan *tree, struct wire_reader *reader,
                                     const struct bundle *bundle) {
    uint32_t count = bundle->slice_count;
    if (count > tree->results_room) {
        struct slice_result *larger = realloc(tree->results, count * sizeof *larger);
        if (larger == NULL)
            return NULL;
        tree->results = larger;
        tree->results_room = count;
    }
    if (wire_get_u32(reader) != count)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        tree->results[i] = get_sum(reader, bundle->slices[i].len);
    return wire_get_end(reader) ? tree->results : NULL;
}

static void handle_sums(struct banyan *tree, const struct event *event, struct wire_reader *reader,
                        enum hop hop, const char *text) {
    const struct slice_result *results = NULL;
    if (hop == HOP_OK) {
        results = get_sums(tree, reader, event->bundle);
        if (results == NULL) {
            hop = HOP_REFUSED;
            text = "the node answered with something else";
        }
    }
    engine_summed(tree->engine, event->bundle, hop, results, text);
}

/* A node that cannot be watched is not wanted. */
static void handle_spawned(struct banyan *tree, const struct event *event,
                           struct wire_reader *reader, enum hop hop, char text[WIRE_TEXT_MAX]) {
    struct peer *peer = peer_find(tree, event->serial);
    pid_t pid = hop == HOP_OK ? (pid_t)wire_get_u32(reader) : 0;
    if (peer == NULL)
        return;
    if (hop == HOP_OK && !wire_get_end(reader)) {
        snprintf(text, WIRE_TEXT_MAX, "the node answered with something else");
        hop = HOP_REFUSED;
    }
    if (hop == HOP_OK && peer->pid == 0 && !peer_started_by(tree, peer, pid, text))
        hop = HOP_REFUSED;
    engine_spawned(tree->engine, event->serial, hop, pid, text);
    if (hop == HOP_OK && peer->pid == pid && peer->told == pid)
        engine_joined(tree->engine, event->serial, pid);
}

static void handle_reaped(struct banyan *tree, const struct event *event,
                          struct wire_reader *reader, enum hop hop) {
    char how[PROCESS_TEXT_MAX];
    int status = hop == HOP_OK ? (int)wire_get_u32(reader) : -1;
    struct peer *peer = peer_find(tree, event->serial);
    if (peer != NULL && hop == HOP_OK)
        peer->collected = true;
    if (status != -1)
        process_describe(status, how);
    engine_reaped(tree->engine, event->serial, hop == HOP_BROKEN ? HOP_BROKEN : HOP_OK,
                  status != -1 ? how : NULL);
}

void asks_handle(struct banyan *tree, const struct event *event) {
    char text[WIRE_TEXT_MAX] = "";
    struct wire_reader reader;
    enum hop hop = hop_of(event, &reader, text);
    if (event->operation == WIRE_SUMS)
        handle_sums(tree, event, &reader, hop, text);
    else if (event->operation == WIRE_SPAWN)
        handle_spawned(tree, event, &reader, hop, text);
    else if (event->operation == WIRE_CHILDREN)
        engine_arranged(tree->engine, event->serial, event->version, hop);
    else if (event->operation == WIRE_REAP)
        handle_reaped(tree, event, &reader, hop);
}
