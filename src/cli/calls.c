#include "calls.h"

#include <stdlib.h>

enum { BLOCK = 256 };

union slot {
    struct call call;
    union slot *next;
};

struct block {
    struct block *next;
    union slot slots[BLOCK];
};

static bool add_block(struct calls *calls) {
    struct block *block = malloc(sizeof *block);
    if (block == NULL)
        return false;
    block->next = calls->blocks;
    calls->blocks = block;
    for (size_t i = BLOCK; i > 0; i--) {
        block->slots[i - 1].next = calls->free;
        calls->free = &block->slots[i - 1];
    }
    return true;
}

struct call *calls_new(struct calls *calls) {
    if (calls->free == NULL && !add_block(calls))
        return NULL;
    union slot *slot = calls->free;
    calls->free = slot->next;
    return &slot->call;
}

struct call calls_take(struct calls *calls, struct call *call) {
    struct call taken = *call;
    union slot *slot = (union slot *)call;
    slot->next = calls->free;
    calls->free = slot;
    return taken;
}

void calls_free(struct calls *calls) {
    for (struct block *block = calls->blocks, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    *calls = (struct calls){.free = NULL};
}
