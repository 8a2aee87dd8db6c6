/*
 * How many nodes start at once, and who starts next.
 */
#include "by_hand.h"

enum { LEVELS = 5, COMPLETE = (1 << LEVELS) - 1, AT_ONCE = 16, MORE = AT_ONCE + 4 };

/* The ids 2, 4, ..., 2 * COMPLETE, level by level; beneath the lowest there is room for each odd id. */
static void complete_tree(void) {
    unsigned made = 0;
    for (int64_t step = 2 << LEVELS; step > 2; step /= 2) {
        for (int64_t id = step / 2; id <= 2 * COMPLETE; id += step) {
            create(id, made);
            joins(made++);
        }
    }
    assert_int_equal(made, COMPLETE);
    assert_int_equal(spawn_count, COMPLETE);
}

/* All of them can start at once, as far as the tree is concerned. */
static void create_more(void) {
    for (unsigned i = 0; i < MORE; i++)
        create(2 * (int64_t)i + 1, COMPLETE + i);
    engine_flush(engine);
}

static void at_most_16_start_at_once(void **state) {
    (void)state;
    complete_tree();
    create_more();
    assert_int_equal(spawn_count, COMPLETE + AT_ONCE);
    joins(COMPLETE + 3);
    assert_int_equal(spawn_count, COMPLETE + AT_ONCE + 1);
    for (size_t i = 0; i < MORE; i++)
        joins(COMPLETE + i); /* the fourth again: nothing new */
    assert_int_equal(spawn_count, COMPLETE + MORE);
    for (unsigned i = 0; i < MORE; i++)
        expect_code(COMPLETE + i, BANYAN_OK);
}

static void a_start_that_fails_lets_the_next_one_go(void **state) {
    (void)state;
    complete_tree();
    create_more();
    engine_spawned(engine, serials[COMPLETE], HOP_REFUSED, 0, "no processes are left");
    engine_flush(engine);
    expect_code(COMPLETE, BANYAN_SYSTEM);
    assert_int_equal(spawn_count, COMPLETE + AT_ONCE + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(at_most_16_start_at_once),
        TEST(a_start_that_fails_lets_the_next_one_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
