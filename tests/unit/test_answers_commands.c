/*
 * Commands that a program gives when it is told an answer: they take effect after all older ones,
 * and a program that goes on giving them does not fill the stack.
 */
#include "by_hand.h"

enum { RETRIES = 200000 };

/* ---- a newer command does not overtake an older one ---- */

static void create_5_again(unsigned tag, const struct answer *answer) {
    (void)answer;
    if (tag == 1)
        engine_create(engine, &told[3], 5, false, 0);
}

/* The kill's answer lets the older create go, and makes the program give a newer one. */
static void the_older_create_comes_first(void **state) {
    (void)state;
    create(5, 0);
    joins(0);
    when_answered = create_5_again;
    engine_kill(engine, &told[1], 5);
    create(5, 2);
    expect_open(1);
    expect_open(2);
    assert_true(ended[serials[0]]);
    ends(0);
    expect_code(1, BANYAN_OK);
    expect_open(2);
    expect_open(3);
    assert_int_equal(start_count, 2);
    joins(1);
    expect_code(2, BANYAN_OK);
    assert_int_equal(told[2].answer.pid, 1001);
    expect_code(3, BANYAN_EXISTS);
}

static void kill_5_again(unsigned tag, const struct answer *answer) {
    (void)answer;
    if (tag == 1)
        engine_kill(engine, &told[4], 5);
}

/* The same with commands of several kinds. */
static void all_older_ones_come_first(void **state) {
    (void)state;
    create(5, 0);
    joins(0);
    when_answered = kill_5_again;
    engine_kill(engine, &told[1], 5);
    engine_exec(engine, &told[2], 5, 1, "1", 1);
    engine_create(engine, &told[3], 5, false, 0);
    engine_settle(engine);
    ends(0);
    expect_code(1, BANYAN_OK);
    expect_code(2, BANYAN_NOT_FOUND);
    expect_open(3);
    expect_open(4);
    joins(1);
    expect_code(3, BANYAN_OK);
    assert_true(ended[serials[1]]);
    expect_open(4);
    ends(1);
    expect_code(4, BANYAN_OK);
}

/* ---- a program that tries again at once ---- */

static unsigned retries, depth;
static const char *lowest, *highest; /* on the stack */

static void note_stack(void) {
    const char here = 0, *at = &here;
    uintptr_t address = (uintptr_t)at;
    if (lowest == NULL || address < (uintptr_t)lowest)
        lowest = (const char *)address;
    if (highest == NULL || address > (uintptr_t)highest)
        highest = (const char *)address;
}

static void exec_again(unsigned tag, const struct answer *answer) {
    if (answer->command != COMMAND_EXEC)
        return;
    assert_int_equal(answer->code, BANYAN_UNAVAILABLE);
    assert_int_equal(depth, 0);
    depth++;
    note_stack();
    if (++retries < RETRIES) {
        engine_exec(engine, &told[tag], 5, 1, "1", 1);
        engine_settle(engine); /* does nothing here */
    }
    depth--;
}

static void a_program_that_tries_again_at_once(void **state) {
    (void)state;
    create(5, 0);
    joins(0);
    ends(0);
    retries = depth = 0;
    lowest = highest = NULL;
    when_answered = exec_again;
    engine_exec(engine, &told[1], 5, 1, "1", 1);
    for (int settled = 0; settled < RETRIES; settled++) {
        assert_int_equal(retries, settled); /* one answer each time: events come in between */
        engine_settle(engine);
        assert_true(retries == RETRIES || engine_wakeup(engine) != UINT64_MAX);
    }
    assert_int_equal(retries, RETRIES);
    assert_int_equal(told[1].answers, RETRIES);
    assert_true(highest - lowest < 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(the_older_create_comes_first),
        TEST(all_older_ones_come_first),
        TEST(a_program_that_tries_again_at_once),
    };
    return cmocka_run_group_tests_name("answers_commands", tests, NULL, NULL);
}
