/*
 * calls.c: the tags of commands. A tag is 64 bits. For a plain command they hold all that is needed
 * when it is answered, so that a million of them cost no memory; otherwise the tag points to a call
 * in a block of them.
 *
 *     bit 0       1: plain; 0: a pointer
 *     bits 1-23   by how much the number of its line is greater than its ticket: so many lines had
 *                 no command
 *     bits 24-63  its ticket
 */
#include <stdlib.h>
#include <time.h>

#include "session.h"

enum { BLOCK = 256, TICKET_AT = 24 };
_Static_assert(sizeof(void *) == sizeof(uint64_t), "a tag has 64 bits");
#define SKIPPED_END (UINT64_C(1) << (TICKET_AT - 1))
#define TICKET_END  (UINT64_C(1) << (64 - TICKET_AT))

union slot {
    struct call call;
    union slot *next;
};

struct call_block {
    struct call_block *next;
    union slot slots[BLOCK];
};

static uint64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool add_block(struct calls *calls) {
    struct call_block *block = malloc(sizeof *block);
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

static void *slot_new(struct session *session, uint64_t ticket, enum view view, bool named) {
    union slot *slot = session->calls.free;
    session->calls.free = slot->next;
    session->views += view != VIEW_NONE;
    slot->call = (struct call){.ticket = ticket,
                               .line = session->line,
                               .began_us = now_us(),
                               .entry = session->entry,
                               .view = view,
                               .named = named};
    return slot;
}

void *call_new(struct session *session, enum view view, bool named) {
    bool room = session->calls.free != NULL || add_block(&session->calls);
    uint64_t ticket = room ? order_take(session->order) : 0, skipped = session->line - ticket;
    if (ticket == 0) {
        fprintf(stderr, "banyan: out of memory\n");
        session->leaving = session->exhausted = true;
        return NULL;
    }
    if (session->json || view != VIEW_NONE || skipped >= SKIPPED_END || ticket >= TICKET_END)
        return slot_new(session, ticket, view, named);
    return (void *)(uintptr_t)(ticket << TICKET_AT | skipped << 1 | 1);
}

struct call call_take(struct session *session, void *tag) {
    uint64_t bits = (uintptr_t)tag, ticket = bits >> TICKET_AT;
    if ((bits & 1) != 0)
        return (struct call){.ticket = ticket, .line = ticket + (bits >> 1) % SKIPPED_END};
    union slot *slot = tag;
    struct call call = slot->call;
    slot->next = session->calls.free;
    session->calls.free = slot;
    session->views -= call.view != VIEW_NONE;
    return call;
}

uint64_t call_elapsed_us(const struct call *call) {
    return now_us() - call->began_us;
}

void calls_close(struct calls *calls) {
    struct call_block *block = calls->blocks, *next;
    for (; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    *calls = (struct calls){0};
}
