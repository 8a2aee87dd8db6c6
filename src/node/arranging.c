/*
 * arranging.c: new sets of children. A thread of nng reads the request. The main thread takes the
 * node's own set, because connecting may block, and hands the others on. The answers come on nng's
 * threads, and the last one completes the answer to the request.
 *
 * An arranging belongs to the main thread until its first piece is sent. From then on the node's
 * lock guards it, and the thread that gets the last answer frees it.
 */
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "net/message.h"
#include "node.h"

struct arranging {
    struct node *node;
    struct exchange *exchange;
    struct arrange *arrange;
    struct arranging *prev, *next; /* in node.work */
};

/* A request that is about to be sent. */
struct piece {
    int64_t id;
    nng_msg *request;
    struct piece *next;
};

void arranging_accept(struct node *node, struct exchange *exchange, struct wire_reader reader) {
    static const uint64_t one = 1;
    struct arranging *arranging = malloc(sizeof *arranging);
    struct arrange *arrange = arrange_read(reader.at, (size_t)(reader.end - reader.at));
    if (arranging == NULL || arrange == NULL) {
        free(arranging);
        arrange_free(arrange);
        exchange_answer(exchange,
                        message_refusal(WIRE_ARRANGE, "malformed request, or out of memory"));
        return;
    }
    *arranging = (struct arranging){.node = node, .exchange = exchange, .arrange = arrange};
    pthread_mutex_lock(&node->lock);
    DL_APPEND(node->work, arranging);
    pthread_mutex_unlock(&node->lock);
    if (write(node->wake, &one, sizeof one) < 0)
        return; /* the counter is full, so the main thread wakes up anyway */
}

/* ---- handing on ---- */

/* All sets are in force, or their paths have broken. */
static void complete(struct arranging *arranging) {
    struct wire_writer writer;
    nng_msg *answer = message_answer(WIRE_ARRANGE, WIRE_OK, arrange_answer_len(arranging->arrange),
                                     &writer);
    if (answer != NULL)
        arrange_put_answer(arranging->arrange, &writer);
    exchange_answer(arranging->exchange, answer);
    arrange_free(arranging->arrange);
    free(arranging);
}

/* A piece was answered, or its path broke. */
static void piece_done(void *arg, int error, nng_msg *answer) {
    struct arranging *arranging = arg;
    struct wire_reader reader = {.bad = true};
    enum wire_status status;
    if (error == 0)
        reader = message_reader(answer);
    bool good = wire_get_answer(&reader, WIRE_ARRANGE, &status) && status == WIRE_OK;
    pthread_mutex_lock(&arranging->node->lock);
    arrange_answered(arranging->arrange, good ? reader.at : NULL, (size_t)(reader.end - reader.at));
    bool over = arrange_is_over(arranging->arrange);
    pthread_mutex_unlock(&arranging->node->lock);
    if (error == 0)
        nng_msg_free(answer);
    if (over)
        complete(arranging);
}

struct route {
    struct children *children;
    struct wire_node node; /* the latest result */
};

static const struct wire_node *route(void *arg, int64_t id) {
    struct route *route = arg;
    return children_find(route->children, id, &route->node) ? &route->node : NULL;
}

/* NULL: out of memory. */
static struct piece *piece_new(const struct arrange_piece *from) {
    struct piece *piece = malloc(sizeof *piece);
    struct wire_head head = {.operation = WIRE_ARRANGE, .id = from->id, .serial = from->serial};
    struct wire_writer writer;
    nng_msg *request = piece != NULL ? message_request(&head, 4 + from->len, &writer) : NULL;
    if (request == NULL) {
        free(piece);
        return NULL;
    }
    wire_put_u32(&writer, from->count);
    wire_put_bytes(&writer, from->bytes, from->len);
    *piece = (struct piece){.id = from->id, .request = request};
    return piece;
}

/* Makes all pieces before the first is sent, because the answer to a piece may end the
 * arranging. */
static struct piece *pieces_of(struct arranging *arranging) {
    struct route by = {.children = arranging->node->children};
    struct arrange_piece next;
    struct piece *pieces = NULL;
    while (arrange_next(arranging->arrange, arranging->node->rules.serial, route, &by, &next)) {
        struct piece *piece = piece_new(&next);
        if (piece != NULL)
            LL_PREPEND(pieces, piece);
        else
            arrange_answered(arranging->arrange, NULL, 0);
    }
    return pieces;
}

static void hand_on(struct arranging *arranging) {
    struct children *children = arranging->node->children;
    struct piece *pieces = pieces_of(arranging), *piece, *next;
    if (pieces == NULL)
        complete(arranging);
    LL_FOREACH_SAFE(pieces, piece, next) {
        children_request(children, piece->id, piece->request, piece_done, arranging);
        free(piece);
    }
}

/* ---- the main thread ---- */

/* Takes this node's own set. If not all children could be dialed, the set is not confirmed, so the
 * controller sends it again. */
static void take_own(struct node *node, struct arrange *arrange) {
    const struct wire_child *children;
    uint64_t version, serial = node->rules.serial;
    size_t count;
    if (!arrange_own(arrange, serial, &version, &children, &count))
        return;
    pthread_mutex_lock(&node->lock);
    bool newest = rules_set(&node->rules, version);
    pthread_mutex_unlock(&node->lock);
    if (!newest ||
        ((children != NULL || count == 0) && children_set(node->children, children, count) == 0))
        arrange_confirm(arrange, serial, version);
}

void arranging_work(struct node *node) {
    struct arranging *arranging, *next;
    uint64_t count;
    if (read(node->wake, &count, sizeof count) < 0)
        return;
    pthread_mutex_lock(&node->lock);
    struct arranging *work = node->work;
    node->work = NULL;
    pthread_mutex_unlock(&node->lock);
    DL_FOREACH_SAFE(work, arranging, next) {
        take_own(node, arranging->arrange);
        hand_on(arranging);
    }
}
