#include "order.h"

#include <stdlib.h>
#include <string.h>

enum { SHORT_TEXT = 40, SLOTS_FIRST = 1024 };

/* Small, because hundreds of thousands may wait. */
struct slot {
    bool settled;
    uint32_t len; /* no answer comes near 4 GiB */
    union {
        char text[SHORT_TEXT];
        char *long_text; /* where len > SHORT_TEXT */
    };
};

struct order {
    bool by_command;
    order_emit *emit;
    void *arg;
    struct slot *slots; /* a ring: the slot of a ticket is ticket % room */
    size_t room;        /* a power of two */
    uint64_t first;     /* the oldest ticket whose answer is not printed */
    uint64_t last;      /* the newest ticket */
    size_t open, waiting, waiting_bytes;
};

struct order *order_new(bool by_command, order_emit *emit, void *arg) {
    struct order *order = calloc(1, sizeof *order);
    if (order == NULL)
        return NULL;
    order->by_command = by_command;
    order->emit = emit;
    order->arg = arg;
    order->first = 1;
    return order;
}

static bool is_long(const struct slot *slot) {
    return slot->settled && slot->len > SHORT_TEXT;
}

static struct slot *slot_of(const struct order *order, uint64_t ticket) {
    return &order->slots[ticket & (order->room - 1)];
}

void order_free(struct order *order) {
    if (order == NULL)
        return;
    for (uint64_t ticket = order->first; ticket <= order->last && order->by_command; ticket++) {
        struct slot *slot = slot_of(order, ticket);
        if (is_long(slot))
            free(slot->long_text);
    }
    free(order->slots);
    free(order);
}

static bool grow(struct order *order) {
    size_t room = order->room == 0 ? SLOTS_FIRST : order->room * 2;
    struct slot *slots = calloc(room, sizeof *slots);
    if (slots == NULL)
        return false;
    for (uint64_t ticket = order->first; ticket <= order->last; ticket++)
        slots[ticket & (room - 1)] = *slot_of(order, ticket);
    free(order->slots);
    order->slots = slots;
    order->room = room;
    return true;
}

uint64_t order_take(struct order *order) {
    if (order->by_command && order->last + 1 - order->first >= order->room && !grow(order))
        return 0;
    order->last++;
    order->open++;
    if (order->by_command)
        slot_of(order, order->last)->settled = false;
    return order->last;
}

static bool keep(struct slot *slot, const char *text, size_t len) {
    char *room = slot->text;
    if (len > SHORT_TEXT && (room = slot->long_text = malloc(len)) == NULL)
        return false;
    memcpy(room, text, len);
    slot->len = (uint32_t)len;
    slot->settled = true;
    return true;
}

/* Prints what waited only for the ticket before `first`. */
static void emit_settled(struct order *order) {
    while (order->first <= order->last && slot_of(order, order->first)->settled) {
        struct slot *slot = slot_of(order, order->first);
        order->emit(order->arg, is_long(slot) ? slot->long_text : slot->text, slot->len);
        if (is_long(slot)) {
            order->waiting_bytes -= slot->len;
            free(slot->long_text);
        }
        order->first++;
        order->waiting--;
    }
}

bool order_settle(struct order *order, uint64_t ticket, const char *text, size_t len) {
    if (order->by_command && ticket != order->first) {
        if (!keep(slot_of(order, ticket), text, len))
            return false;
        order->open--;
        order->waiting++;
        order->waiting_bytes += len > SHORT_TEXT ? len : 0;
        return true;
    }
    order->open--;
    order->emit(order->arg, text, len);
    if (order->by_command) {
        order->first++;
        emit_settled(order);
    }
    return true;
}

size_t order_open(const struct order *order) {
    return order->open;
}

size_t order_waiting(const struct order *order) {
    return order->waiting;
}

size_t order_waiting_bytes(const struct order *order) {
    return order->waiting_bytes;
}
