/*
 * How many nodes start at once, and which start is next; what becomes of the creates below one that
 * fails.
 */
#include "by_hand.h"

enum { AT_ONCE = 16, MORE = AT_ONCE + 4 };

/* A chain: each below the one before it. */
static void create_chain(void) {
    for (unsigned i = 0; i < MORE; i++)
        create(i + 1, i);
}

static void at_most_16_start_at_once(void **state) {
    (void)state;
    create_chain();
    assert_int_equal(start_count, AT_ONCE);
    joins(3);
    assert_int_equal(start_count, AT_ONCE + 1);
    for (size_t i = 0; i < MORE; i++)
        joins(i); /* the fourth again: nothing new */
    assert_int_equal(start_count, MORE);
    for (unsigned i = 0; i < MORE; i++)
        expect_code(i, BANYAN_OK);
}

static void a_start_that_fails_lets_the_next_one_go(void **state) {
    (void)state;
    create_chain();
    engine_start_failed(engine, serials[0], "no processes are left");
    engine_settle(engine);
    expect_code(0, BANYAN_SYSTEM);
    assert_int_equal(start_count, AT_ONCE + 1);
}

/* A message to the root has the sets of all of them, so a chain costs one walk down and not one
 * for each node. */
static void a_chain_grows_in_one_message(void **state) {
    (void)state;
    for (unsigned i = 0; i < AT_ONCE; i++)
        create(i + 1, i);
    for (size_t i = 0; i < AT_ONCE; i++)
        engine_ready(engine, serials[i], 1000 + (int64_t)i);
    engine_settle(engine);
    assert_int_equal(message_count, 1);
    assert_int_equal(set_count, AT_ONCE - 1);
    for (size_t i = 0; i < AT_ONCE; i++)
        engine_joined(engine, serials[i]);
    engine_settle(engine);
    for (unsigned i = 0; i < AT_ONCE; i++)
        expect_code(i, BANYAN_OK);
    assert_int_equal(message_count, 1);
}

/* A create does not wait for those above it to start, but for its answer they must have joined. */
static void it_is_answered_after_those_above_it(void **state) {
    (void)state;
    create(10, 0);
    create(5, 1);
    create(3, 2);
    assert_int_equal(start_count, 3);
    joins(2);
    joins(1);
    expect_open(2);
    expect_open(1);
    joins(0);
    for (unsigned tag = 0; tag < 3; tag++) {
        expect_code(tag, BANYAN_OK);
        assert_int_equal(told[tag].answer.pid, 1000 + tag);
    }
}

/* Whether it would have failed in a check is not known before those above it are settled. */
static void a_failure_is_told_after_those_above_it(void **state) {
    (void)state;
    create(10, 0);
    engine_create(engine, &told[1], 5, true, 10);
    engine_settle(engine);
    engine_start_failed(engine, serials[1], "no processes are left");
    engine_settle(engine);
    expect_open(1);
    engine_start_failed(engine, serials[0], "no processes are left");
    engine_settle(engine);
    expect_code(0, BANYAN_SYSTEM);
    expect_code(1, BANYAN_NO_SUCH_PARENT);
}

/* The place of a node that has failed falls to the next create; no process is started again. */
static void one_above_fails(void **state) {
    (void)state;
    create(10, 0);
    create(5, 1);
    create(3, 2);
    create(7, 3);
    joins(0);
    joins(2);
    engine_start_failed(engine, serials[1], "no processes are left");
    engine_settle(engine);
    expect_code(1, BANYAN_SYSTEM);
    joins(3);
    expect_code(2, BANYAN_OK);
    expect_code(3, BANYAN_OK);
    assert_int_equal(start_count, 4);
    engine_status(engine, &told[4], ENGINE_ALL, 0);
    engine_settle(engine);
    assert_int_equal(told[4].answer.node_count, 3);
    assert_int_equal(told[4].nodes[1].id, 3);
    assert_int_equal(told[4].nodes[1].parent, 10);
    assert_int_equal(told[4].nodes[2].id, 7);
    assert_int_equal(told[4].nodes[2].parent, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(at_most_16_start_at_once),
        TEST(a_start_that_fails_lets_the_next_one_go),
        TEST(a_chain_grows_in_one_message),
        TEST(it_is_answered_after_those_above_it),
        TEST(a_failure_is_told_after_those_above_it),
        TEST(one_above_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
