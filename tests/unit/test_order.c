/*
 * The order of the answers: settled in any order, they come out in that of the tickets, each as
 * soon as it and all before it are there.
 *
 * order.c is compiled into this test, so that its allocations can be counted and made to fail.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

static size_t allocations, allocations_left = SIZE_MAX;

static bool may_allocate(void) {
    allocations++;
    return allocations_left > 0 && allocations_left-- > 0;
}

static void *failing_malloc(size_t size) {
    return may_allocate() ? malloc(size) : NULL;
}

static void *failing_calloc(size_t count, size_t size) {
    return may_allocate() ? calloc(count, size) : NULL;
}

#define malloc(size)        failing_malloc(size)
#define calloc(count, size) failing_calloc(count, size)
#include "cli/order.c"
#undef malloc
#undef calloc

enum { TEXT_ROOM = 4096, RANDOM_TICKETS = 40000 };

/* ---- the text of a ticket, which need not be kept ---- */

/* Mostly short; many of about the length from which on a text is kept apart. */
static size_t text_len(uint64_t ticket) {
    uint64_t kind = ticket * UINT64_C(0x9e3779b97f4a7c15) >> 40;
    if (kind % 4 == 0)
        return SHORT_TEXT - 2 + kind / 4 % 5;
    return kind % 16 == 1 ? kind / 16 % TEXT_ROOM : kind / 16 % 20;
}

/* The first ticket from there on whose text is too long for its slot. */
static uint64_t first_long(uint64_t from) {
    while (text_len(from) <= SHORT_TEXT)
        from++;
    return from;
}

static void fill_text(char *text, uint64_t ticket) {
    size_t len = text_len(ticket);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(ticket * 31 + i * 7 + (ticket >> 8));
}

/* ---- what comes out ---- */

struct printed {
    uint64_t tickets[64]; /* in a terminal's order, for the few tests that are without order */
    uint64_t count;
    uint64_t expected; /* the ticket whose text is to come next; 0: any, `settling` says which */
    uint64_t settling;
    bool wrong;
};

static void emit(void *arg, const char *text, size_t len) {
    struct printed *printed = arg;
    uint64_t ticket = printed->expected != 0 ? printed->expected++ : printed->settling;
    char right[TEXT_ROOM];
    fill_text(right, ticket);
    printed->wrong |= len != text_len(ticket) || memcmp(text, right, len) != 0;
    if (printed->count < 64)
        printed->tickets[printed->count] = ticket;
    printed->count++;
}

/* The text is gone when settle returns: what waits must have been copied. */
static bool settle(struct order *order, struct printed *printed, uint64_t ticket) {
    char *text = malloc(text_len(ticket) + 1);
    assert_non_null(text);
    fill_text(text, ticket);
    printed->settling = ticket;
    bool kept = order_settle(order, ticket, text, text_len(ticket));
    memset(text, '!', text_len(ticket) + 1);
    free(text);
    return kept;
}

static struct order *new_order(bool by_command, struct printed *printed) {
    *printed = (struct printed){.expected = by_command ? 1 : 0};
    struct order *order = order_new(by_command, emit, printed);
    assert_non_null(order);
    return order;
}

static void assert_state(const struct order *order, const struct printed *printed, uint64_t count,
                         size_t open, size_t waiting) {
    assert_false(printed->wrong);
    assert_int_equal(printed->count, count);
    assert_int_equal(order_open(order), open);
    assert_int_equal(order_waiting(order), waiting);
}

static void take(struct order *order, uint64_t first, uint64_t last) {
    for (uint64_t ticket = first; ticket <= last; ticket++)
        assert_int_equal(order_take(order), ticket);
}

/* ---- by hand ---- */

static void an_answer_in_turn_goes_out_at_once(void **state) {
    struct printed printed;
    struct order *order = new_order(true, &printed);
    (void)state;
    assert_state(order, &printed, 0, 0, 0);
    for (uint64_t ticket = 1; ticket <= 3000; ticket++) {
        assert_int_equal(order_take(order), ticket);
        assert_state(order, &printed, ticket - 1, 1, 0);
        assert_true(settle(order, &printed, ticket));
        assert_state(order, &printed, ticket, 0, 0);
    }
    order_free(order);
}

/* Long texts that wait are counted, so that the caller can bound them. */
static void long_texts_that_wait_are_counted(void **state) {
    struct printed printed;
    struct order *order = new_order(true, &printed);
    static const char text[5000];
    (void)state;
    take(order, 1, 4);
    assert_true(order_settle(order, 3, text, sizeof text));
    assert_int_equal(order_waiting_bytes(order), sizeof text);
    assert_true(order_settle(order, 2, text, 3)); /* kept with its ticket */
    assert_int_equal(order_waiting_bytes(order), sizeof text);
    assert_true(order_settle(order, 4, text, 100));
    assert_int_equal(order_waiting_bytes(order), sizeof text + 100);
    assert_true(order_settle(order, 1, text, sizeof text));
    assert_int_equal(order_waiting_bytes(order), 0);
    order_free(order);
}

static void answers_wait_for_those_before(void **state) {
    struct printed printed;
    struct order *order = new_order(true, &printed);
    (void)state;
    take(order, 1, 5);
    assert_state(order, &printed, 0, 5, 0);
    assert_true(settle(order, &printed, 3));
    assert_true(settle(order, &printed, 2));
    assert_true(settle(order, &printed, 5));
    assert_state(order, &printed, 0, 2, 3);
    assert_true(settle(order, &printed, 1)); /* 1 to 3 go out */
    assert_state(order, &printed, 3, 1, 1);
    take(order, 6, 6);
    assert_true(settle(order, &printed, 4));
    assert_state(order, &printed, 5, 1, 0);
    assert_true(settle(order, &printed, 6));
    assert_state(order, &printed, 6, 0, 0);
    order_free(order);
}

static void an_empty_text_is_an_answer(void **state) {
    size_t tickets = 0;
    (void)state;
    struct printed printed;
    struct order *order = new_order(true, &printed);
    for (uint64_t ticket = 1; ticket <= 200; ticket++)
        tickets += text_len(ticket) == 0;
    assert_true(tickets > 0);
    take(order, 1, 200);
    for (uint64_t ticket = 200; ticket > 0; ticket--)
        assert_true(settle(order, &printed, ticket));
    assert_state(order, &printed, 200, 0, 0);
    order_free(order);
}

static void without_order_each_goes_out_at_once(void **state) {
    static const uint64_t settled[] = {4, 1, 6, 2, 3, 5};
    struct printed printed;
    struct order *order = new_order(false, &printed);
    (void)state;
    take(order, 1, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_true(settle(order, &printed, settled[i]));
        assert_state(order, &printed, i + 1, 5 - i, 0);
        assert_int_equal(printed.tickets[i], settled[i]);
    }
    take(order, 7, 7);
    order_free(order); /* one is still open */
}

static void without_order_nothing_is_kept(void **state) {
    struct printed printed;
    struct order *order = new_order(false, &printed);
    (void)state;
    size_t before = allocations;
    take(order, 1, 5000);
    for (uint64_t ticket = 5000; ticket > 0; ticket--)
        assert_true(settle(order, &printed, ticket));
    assert_state(order, &printed, 5000, 0, 0);
    assert_int_equal(allocations, before);
    order_free(order);
}

/* ---- the ring ---- */

/* The ring grows while its oldest ticket is somewhere in its middle, with texts in it. */
static void the_ring_grows_around_its_end(void **state) {
    struct printed printed;
    struct order *order = new_order(true, &printed);
    (void)state;
    take(order, 1, 700);
    for (uint64_t ticket = 1; ticket <= 600; ticket++)
        assert_true(settle(order, &printed, ticket));
    take(order, 701, 1600);
    for (uint64_t ticket = 602; ticket <= 1600; ticket += 2)
        assert_true(settle(order, &printed, ticket));
    take(order, 1601, 9000);
    for (uint64_t ticket = 9000; ticket > 1600; ticket--)
        assert_true(settle(order, &printed, ticket));
    assert_state(order, &printed, 600, 500, 7900);
    for (uint64_t ticket = 1599; ticket > 600; ticket -= 2)
        assert_true(settle(order, &printed, ticket));
    assert_state(order, &printed, 9000, 0, 0);
    order_free(order);
}

/* All of a full ring moves when it grows, its oldest and its newest ticket too. */
static void a_full_ring_grows_with_all_that_is_in_it(void **state) {
    (void)state;
    for (uint64_t shift = 0; shift < 3; shift++) { /* where in the ring the oldest one is */
        struct printed printed;
        struct order *order = new_order(true, &printed);
        uint64_t first = 1 + shift * (SLOTS_FIRST - 1) / 2, last = first + SLOTS_FIRST - 1;
        for (uint64_t ticket = 1; ticket < first; ticket++) {
            take(order, ticket, ticket);
            assert_true(settle(order, &printed, ticket));
        }
        take(order, first, last);
        for (uint64_t ticket = first + 1; ticket <= last; ticket++)
            assert_true(settle(order, &printed, ticket));
        take(order, last + 1, last + 1);
        assert_state(order, &printed, first - 1, 2, SLOTS_FIRST - 1);
        assert_true(settle(order, &printed, first));
        assert_state(order, &printed, last, 1, 0);
        assert_true(settle(order, &printed, last + 1));
        assert_state(order, &printed, last + 1, 0, 0);
        order_free(order);
    }
}

/* However many commands there are, only what is not printed needs room. */
static void memory_follows_what_is_open(void **state) {
    struct printed printed;
    size_t before = allocations, long_texts = 0;
    struct order *order = new_order(true, &printed);
    (void)state;
    for (uint64_t ticket = 1; ticket <= 100000; ticket += 2) {
        take(order, ticket, ticket + 1);
        assert_true(settle(order, &printed, ticket + 1));
        assert_true(settle(order, &printed, ticket));
        long_texts += text_len(ticket + 1) > SHORT_TEXT;
    }
    assert_state(order, &printed, 100000, 0, 0);
    assert_int_equal(allocations - before, 2 + long_texts); /* itself and the first ring */
    order_free(order);
}

static void what_still_waits_is_freed(void **state) {
    struct printed printed;
    struct order *order = new_order(true, &printed);
    uint64_t last = first_long(2500);
    (void)state;
    order_free(order); /* never used */
    order_free(NULL);
    order = new_order(true, &printed);
    take(order, 1, last); /* a leak of a long text is found by the sanitizer */
    for (uint64_t ticket = 2; ticket <= last; ticket++)
        assert_true(settle(order, &printed, ticket));
    assert_state(order, &printed, 0, 1, (size_t)last - 1);
    order_free(order);
}

/* ---- without memory ---- */

static void without_memory_a_ticket_is_refused(void **state) {
    struct printed printed;
    (void)state;
    allocations_left = 0;
    assert_null(order_new(true, emit, &printed));
    allocations_left = SIZE_MAX;
    struct order *order = new_order(true, &printed);
    allocations_left = 0;
    assert_int_equal(order_take(order), 0);
    assert_state(order, &printed, 0, 0, 0);
    allocations_left = SIZE_MAX;
    take(order, 1, SLOTS_FIRST);
    assert_true(settle(order, &printed, 2));
    allocations_left = 0;
    assert_int_equal(order_take(order), 0);
    assert_state(order, &printed, 0, SLOTS_FIRST - 1, 1);
    allocations_left = SIZE_MAX;
    take(order, SLOTS_FIRST + 1, SLOTS_FIRST + 1);
    assert_true(settle(order, &printed, 1));
    assert_state(order, &printed, 2, SLOTS_FIRST - 1, 0);
    order_free(order);
}

static void without_memory_a_ticket_stays_open(void **state) {
    struct printed printed;
    struct order *order = new_order(true, &printed);
    uint64_t ticket = first_long(2);
    (void)state;
    take(order, 1, ticket);
    allocations_left = 0;
    assert_false(settle(order, &printed, ticket));
    assert_state(order, &printed, 0, ticket, 0);
    for (uint64_t other = 1; other < ticket; other++)
        assert_true(settle(order, &printed, other)); /* these need none */
    assert_state(order, &printed, ticket - 1, 1, 0);
    assert_true(settle(order, &printed, ticket)); /* its turn has come: no need to keep it */
    assert_state(order, &printed, ticket, 0, 0);
    allocations_left = SIZE_MAX;
    order_free(order);
}

/* ---- at random ---- */

struct pool {
    uint64_t open[RANDOM_TICKETS]; /* tickets that are taken and not settled */
    size_t count;
    bool settled[RANDOM_TICKETS + 2];
    uint64_t taken, printed; /* tickets; how many of them are to be printed by now */
};

static void settle_one(struct order *order, struct printed *printed, struct pool *pool) {
    size_t chosen = random_below(pool->count);
    uint64_t ticket = pool->open[chosen];
    pool->open[chosen] = pool->open[--pool->count];
    pool->settled[ticket] = true;
    while (pool->settled[pool->printed + 1])
        pool->printed++;
    assert_true(settle(order, printed, ticket));
}

/* The number of open ones wanders around `crowd`, so that the ring is filled to any degree. */
static void random_run(bool by_command, size_t crowd) {
    static struct pool pool;
    struct printed printed;
    struct order *order = new_order(by_command, &printed);
    memset(&pool, 0, sizeof pool);
    while (pool.taken < RANDOM_TICKETS || pool.count > 0) {
        bool more = pool.count == 0 || random_below(2 * crowd) >= pool.count;
        if (more && pool.taken < RANDOM_TICKETS) {
            assert_int_equal(order_take(order), ++pool.taken);
            pool.open[pool.count++] = pool.taken;
        } else {
            settle_one(order, &printed, &pool);
        }
        uint64_t settled = pool.taken - pool.count;
        uint64_t out = by_command ? pool.printed : settled;
        assert_state(order, &printed, out, pool.count, (size_t)(settled - out));
    }
    order_free(order);
}

static void answers_settle_at_random(void **state) {
    (void)state;
    random_start("answers_settle_at_random");
    random_run(true, 2);
    random_run(true, 40);
    random_run(true, 1500);
    random_run(true, RANDOM_TICKETS); /* most are taken before the first is settled */
    random_run(false, 40);
    print_message("5 runs of %d tickets\n", RANDOM_TICKETS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_in_turn_goes_out_at_once),
        cmocka_unit_test(answers_wait_for_those_before),
        cmocka_unit_test(long_texts_that_wait_are_counted),
        cmocka_unit_test(an_empty_text_is_an_answer),
        cmocka_unit_test(without_order_each_goes_out_at_once),
        cmocka_unit_test(without_order_nothing_is_kept),
        cmocka_unit_test(the_ring_grows_around_its_end),
        cmocka_unit_test(a_full_ring_grows_with_all_that_is_in_it),
        cmocka_unit_test(memory_follows_what_is_open),
        cmocka_unit_test(what_still_waits_is_freed),
        cmocka_unit_test(without_memory_a_ticket_is_refused),
        cmocka_unit_test(without_memory_a_ticket_stays_open),
        cmocka_unit_test(answers_settle_at_random),
    };
    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
