#include "sets.h"

#include <stdio.h>
#include <stdlib.h>

#include "controller.h"
#include "net/message.h"
#include "peers.h"
#include "requests.h"
#include "wire/arrange.h"

static struct wire_node wire_node_of(const struct engine_node *node) {
    return (struct wire_node){
        .serial = node->serial, .id = node->id, .low = node->low, .high = node->high};
}

bool sets_adopt(void *arg, const struct engine_node *nodes, size_t count) {
    struct banyan *tree = arg;
    struct wire_child *children = calloc(count + 1, sizeof *children);
    if (children == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        children[i].node = wire_node_of(&nodes[i]);
        snprintf(children[i].address, sizeof children[i].address, "%s",
                 peer_address(tree, nodes[i].serial));
    }
    bool all = children_set(tree->children, children, count) == 0;
    free(children);
    return all;
}

/* ---- deliveries ---- */

/* Sets for nodes behind the same child of this process; or sets to which no child leads. */
struct delivery {
    struct event over; /* posted if no piece could be sent */
    struct arrange *arrange;
    struct delivery *next; /* in sets_send */
    size_t count;
    struct engine_arranged sets[]; /* ascending */
};

/* A message of a delivery; usually there is only one. */
struct piece {
    struct request request;
    struct delivery *delivery;
};

static int compare(const void *a, const void *b) {
    const struct engine_arranged *left = a, *right = b;
    if (left->parent != right->parent)
        return left->parent < right->parent ? -1 : 1;
    return (left->version > right->version) - (left->version < right->version);
}

static void delivery_free(struct delivery *delivery) {
    arrange_free(delivery->arrange);
    free(delivery);
}

static bool add_set(struct banyan *tree, struct arrange *arrange, const struct engine_set *set) {
    bool added = arrange_add_set(arrange, set->parent, set->parent_id, set->version,
                                 (uint32_t)set->count);
    for (size_t i = 0; added && i < set->count; i++) {
        struct wire_node node = wire_node_of(&set->nodes[i]);
        added = arrange_add_child(arrange, &node, peer_address(tree, node.serial));
    }
    return added;
}

static struct delivery *delivery_new(struct banyan *tree, const struct engine_set *sets,
                                     size_t count) {
    struct delivery *delivery = calloc(1, sizeof *delivery + count * sizeof *delivery->sets);
    if (delivery == NULL)
        return NULL;
    delivery->arrange = arrange_new();
    bool made = delivery->arrange != NULL;
    for (size_t i = 0; made && i < count; i++) {
        delivery->sets[i] = (struct engine_arranged){
            .parent = sets[i].parent, .version = sets[i].version, .outcome = OUTCOME_BROKEN};
        made = add_set(tree, delivery->arrange, &sets[i]);
    }
    if (!made) {
        delivery_free(delivery);
        return NULL;
    }
    delivery->count = count;
    qsort(delivery->sets, count, sizeof *delivery->sets, compare);
    return delivery;
}

/* ---- answers ---- */

static void report(struct banyan *tree, struct delivery *delivery) {
    size_t count;
    const struct arrange_confirmed *confirmed = arrange_confirmed(delivery->arrange, &count);
    for (size_t i = 0; i < count; i++) {
        struct engine_arranged key = {.parent = confirmed[i].serial,
                                      .version = confirmed[i].version};
        struct engine_arranged *set = bsearch(&key, delivery->sets, delivery->count, sizeof key,
                                              compare);
        if (set != NULL) /* NULL: the answer names a set that was not sent */
            set->outcome = OUTCOME_OK;
    }
    engine_arranged(tree->engine, delivery->sets, delivery->count);
    delivery_free(delivery);
}

static void handle_over(struct banyan *tree, struct event *event) {
    report(tree, (struct delivery *)event);
}

static void handle_answer(struct banyan *tree, struct event *event) {
    struct piece *piece = (struct piece *)event;
    struct delivery *delivery = piece->delivery;
    char text[WIRE_TEXT_MAX];
    struct wire_reader reader;
    if (request_outcome(&piece->request, WIRE_ARRANGE, &reader, text) == OUTCOME_OK)
        arrange_answered(delivery->arrange, reader.at, (size_t)(reader.end - reader.at));
    else
        arrange_answered(delivery->arrange, NULL, 0);
    request_free(&piece->request);
    if (arrange_is_over(delivery->arrange))
        report(tree, delivery);
}

/* ---- sending ---- */

/* The argument of route, with room for its result. */
struct route {
    struct children *children;
    struct wire_node child;
};

static const struct wire_node *route(void *arg, int64_t id) {
    struct route *route = arg;
    return children_find(route->children, id, &route->child) ? &route->child : NULL;
}

static nng_msg *message_of(const struct arrange_piece *piece) {
    struct wire_head head = {.operation = WIRE_ARRANGE, .id = piece->id, .serial = piece->serial};
    struct wire_writer writer;
    nng_msg *message = message_request(&head, 4 + piece->len, &writer);
    if (message != NULL) {
        wire_put_u32(&writer, piece->count);
        wire_put_bytes(&writer, piece->bytes, piece->len);
    }
    return message;
}

/* Answers are handled later by this thread, so the delivery stays until all pieces are sent. */
static void deliver(struct banyan *tree, struct delivery *delivery) {
    struct route by = {.children = tree->children};
    struct arrange_piece next;
    while (arrange_next(delivery->arrange, 0, route, &by, &next)) {
        struct piece *piece = request_new(tree, sizeof *piece, handle_answer);
        if (piece == NULL) {
            arrange_answered(delivery->arrange, NULL, 0);
            continue;
        }
        piece->delivery = delivery;
        request_send(tree, &piece->request, next.id, message_of(&next));
    }
    if (!arrange_is_over(delivery->arrange))
        return;
    delivery->over = (struct event){.handle = handle_over, .inbox = &tree->inbox};
    event_post(&delivery->over);
}

/* The serial of the child that leads to an id; 0: none does. */
static uint64_t child_to(struct banyan *tree, int64_t id) {
    struct wire_node child;
    return children_find(tree->children, id, &child) ? child.serial : 0;
}

/* How many of the sets, from the first on, go to the same child. */
static size_t together(struct banyan *tree, const struct engine_set *sets, size_t count) {
    uint64_t child = child_to(tree, sets[0].parent_id);
    size_t same = 1;
    while (same < count && child_to(tree, sets[same].parent_id) == child)
        same++;
    return same;
}

static void discard(struct delivery *deliveries) {
    for (struct delivery *next; deliveries != NULL; deliveries = next) {
        next = deliveries->next;
        delivery_free(deliveries);
    }
}

bool sets_send(void *arg, const struct engine_set *sets, size_t count) {
    struct banyan *tree = arg;
    struct delivery *deliveries = NULL, **end = &deliveries, *next;
    for (size_t first = 0, some; first < count; first += some) {
        some = together(tree, sets + first, count - first);
        if ((*end = delivery_new(tree, sets + first, some)) == NULL) {
            discard(deliveries);
            return false;
        }
        end = &(*end)->next;
    }
    for (; deliveries != NULL; deliveries = next) {
        next = deliveries->next;
        deliver(tree, deliveries);
    }
    return true;
}
