/* clock.c: virtual time, chance, memory that lives as long as a schedule, and failures. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

enum { BLOCK_BYTES = 256 << 10, MOST_STEPS = 400000 };

/* ---- chance ---- */

static uint64_t next_random(struct sim *sim) { /* splitmix64 */
    uint64_t z = (sim->random += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t sim_random(struct sim *sim, uint64_t below) {
    return below > 0 ? next_random(sim) % below : 0;
}

uint64_t sim_between(struct sim *sim, uint64_t low, uint64_t high) {
    return low + sim_random(sim, high - low + 1);
}

bool sim_chance(struct sim *sim, unsigned percent) {
    return sim_random(sim, 100) < percent;
}

/* ---- memory ---- */

struct block {
    struct block *next;
    size_t used, size;
    _Alignas(16) char bytes[];
};

static struct block *block_new(struct sim *sim, size_t size) {
    struct block *block = sim->spare_blocks;
    if (size <= BLOCK_BYTES && block != NULL) {
        sim->spare_blocks = block->next;
    } else {
        size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        block = malloc(sizeof *block + room);
        if (block == NULL)
            abort();
        block->size = room;
    }
    block->used = 0;
    block->next = sim->blocks;
    sim->blocks = block;
    return block;
}

void *sim_alloc(struct sim *sim, size_t size) {
    struct block *block = sim->blocks;
    size = (size + 15) & ~(size_t)15;
    if (block == NULL || block->size - block->used < size)
        block = block_new(sim, size);
    void *at = block->bytes + block->used;
    block->used += size;
    return memset(at, 0, size);
}

struct message sim_message(struct sim *sim, const uint8_t *bytes, size_t len) {
    uint8_t *copy = sim_alloc(sim, len);
    if (len > 0)
        memcpy(copy, bytes, len);
    return (struct message){.bytes = copy, .len = len};
}

/* The blocks of usual size and the heap serve the next schedule. */
void sim_reset(struct sim *sim) {
    struct block *block = sim->blocks, *spare = sim->spare_blocks, *next;
    struct event *heap = sim->heap;
    size_t heap_room = sim->heap_room;
    for (; block != NULL; block = next) {
        next = block->next;
        if (block->size > BLOCK_BYTES) {
            free(block);
        } else {
            block->next = spare;
            spare = block;
        }
    }
    memset(sim, 0, sizeof *sim);
    sim->spare_blocks = spare;
    sim->heap = heap;
    sim->heap_room = heap_room;
}

void sim_release(struct sim *sim) {
    struct block *block = sim->spare_blocks, *next;
    for (; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(sim->heap);
}

/* ---- time ---- */

static bool before(const struct event *a, const struct event *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void heap_up(struct event *heap, size_t at) {
    struct event event = heap[at];
    while (at > 0 && before(&event, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = event;
}

static struct event heap_take(struct sim *sim) {
    struct event *heap = sim->heap, first = heap[0], last = heap[--sim->heap_count];
    size_t at = 0, count = sim->heap_count;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < count && before(&heap[child + 1], &heap[child]))
            child++;
        if (child >= count || !before(&heap[child], &last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    if (count > 0)
        heap[at] = last;
    return first;
}

void sim_at(struct sim *sim, uint64_t at_us, struct node *by, action *act, void *arg) {
    if (sim->heap_count == sim->heap_room) {
        sim->heap_room = sim->heap_room > 0 ? sim->heap_room * 2 : 256;
        sim->heap = realloc(sim->heap, sim->heap_room * sizeof *sim->heap);
        if (sim->heap == NULL)
            abort();
    }
    sim->heap[sim->heap_count] = (struct event){
        .at_us = at_us > sim->now_us ? at_us : sim->now_us,
        .order = ++sim->order,
        .by = by,
        .act = act,
        .arg = arg,
    };
    heap_up(sim->heap, sim->heap_count++);
}

void sim_in(struct sim *sim, uint64_t delay_us, struct node *by, action *act, void *arg) {
    sim_at(sim, sim->now_us + delay_us, by, act, arg);
}

static void defer(struct sim *sim, const struct event *event) {
    struct deferred *deferred = sim_alloc(sim, sizeof *deferred);
    deferred->act = event->act;
    deferred->arg = event->arg;
    *event->by->deferred_end = deferred;
    event->by->deferred_end = &deferred->next;
}

void sim_run(struct sim *sim, uint64_t until_us) {
    while (!sim->failed && sim->heap_count > 0 && sim->heap[0].at_us <= until_us) {
        struct event event = heap_take(sim);
        sim->now_us = event.at_us;
        if (++sim->steps > MOST_STEPS) {
            sim_fail(sim, "this does not come to an end");
            return;
        }
        if (event.by != NULL && event.by->dead)
            continue;
        if (event.by != NULL && (event.by->stopped || event.by->held))
            defer(sim, &event);
        else
            event.act(sim, event.arg);
    }
    sim->now_us = sim->now_us > until_us ? sim->now_us : until_us;
}

/* ---- words ---- */

void sim_trace(struct sim *sim, const char *format, ...) {
    va_list arguments;
    if (!sim->trace)
        return;
    printf("%9.3f ms  ", (double)sim->now_us / 1000);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* The first failure counts; the schedule ends with it. */
void sim_fail(struct sim *sim, const char *format, ...) {
    va_list arguments;
    if (sim->failed)
        return;
    sim->failed = true;
    printf("FAILED: BANYAN_SEED=%" PRIu64 " (profile %s) at %.3f ms: ", sim->seed,
           sim->profile->name, (double)sim->now_us / 1000);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}
