/*
 * Nodes that are stopped and continued: what the kernel says counts at once, and a node that goes
 * on is available when it has answered.
 */
#include "by_hand.h"

static void pass_to(uint64_t now_us) {
    engine_tick(engine, now_us);
    engine_settle(engine);
}

static void exec_5(unsigned tag) {
    engine_exec(engine, &told[tag], 5, 1, "7", 1);
    engine_settle(engine);
}

/* The bundle comes back. */
static void summed(void) {
    const struct slice_result result = {.sum = 7, .count = 1};
    struct bundle *bundle = lent;
    assert_non_null(bundle);
    lent = NULL;
    engine_summed(engine, bundle, OUTCOME_OK, &result, NULL);
    engine_settle(engine);
}

/* Tag 0 creates 5. */
static void one_node(void) {
    create(5, 0);
    joins(0);
    expect_code(0, BANYAN_OK);
}

static void stop(void) {
    halted = true;
    engine_stopped(engine, serials[0], "stopped by signal 19");
    engine_settle(engine);
}

static void continue_it(void) {
    halted = false;
    engine_continued(engine, serials[0]);
    engine_settle(engine);
}

static void answers(void) {
    engine_probed(engine, serials[0]);
    engine_settle(engine);
}

/* ---- tests ---- */

static void it_is_unavailable_at_once(void **state) {
    (void)state;
    one_node();
    exec_5(1);
    expect_open(1);
    stop();
    expect_code(1, BANYAN_UNAVAILABLE);
    exec_5(2);
    expect_code(2, BANYAN_UNAVAILABLE);
    create(3, 3);
    expect_code(3, BANYAN_PARENT_UNAVAILABLE);
}

static void a_word_that_comes_late_is_none(void **state) {
    (void)state;
    one_node();
    exec_5(1);
    engine_stopped(engine, serials[0], "stopped by signal 19"); /* it goes on already */
    engine_settle(engine);
    expect_open(1);
    summed();
    expect_code(1, BANYAN_OK);
}

static void commands_wait_for_its_answer(void **state) {
    (void)state;
    one_node();
    stop();
    continue_it();
    assert_int_equal(probe_count, 1);
    exec_5(1);
    create(3, 2);
    expect_open(1);
    expect_open(2);
    assert_int_equal(start_count, 1);
    answers();
    summed();
    expect_code(1, BANYAN_OK);
    joins(1);
    expect_code(2, BANYAN_OK);
}

/* The kernel is asked when a command meets the node. */
static void a_command_comes_before_the_word(void **state) {
    (void)state;
    one_node();
    stop();
    halted = false;
    exec_5(1);
    expect_open(1);
    assert_int_equal(probe_count, 1);
    answers();
    summed();
    expect_code(1, BANYAN_OK);
}

static void they_wait_at_most_the_deadline(void **state) {
    (void)state;
    one_node();
    stop();
    continue_it();
    exec_5(1);
    create(3, 2);
    pass_to(100 + DEADLINE_US - 1);
    expect_open(1);
    expect_open(2);
    pass_to(100 + DEADLINE_US);
    expect_code(1, BANYAN_UNAVAILABLE);
    expect_code(2, BANYAN_PARENT_UNAVAILABLE);
}

static void they_do_not_wait_when_it_is_stopped_again(void **state) {
    (void)state;
    one_node();
    stop();
    continue_it();
    exec_5(1);
    stop();
    expect_code(1, BANYAN_UNAVAILABLE);
    answers(); /* it said so before */
    exec_5(2);
    expect_code(2, BANYAN_UNAVAILABLE);
}

static void no_survey_waits_for_it(void **state) {
    (void)state;
    one_node();
    create(9, 1);
    joins(1);
    stop();
    engine_pingall(engine, &told[2]);
    pass_to(200);
    expect_open(2);
    engine_heard(engine, 1, &serials[1], 1);
    engine_surveyed(engine, 1);
    engine_settle(engine);
    expect_code(2, BANYAN_OK);
    assert_int_equal(told[2].answer.id_count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(it_is_unavailable_at_once),      TEST(a_word_that_comes_late_is_none),
        TEST(commands_wait_for_its_answer),   TEST(a_command_comes_before_the_word),
        TEST(they_wait_at_most_the_deadline), TEST(they_do_not_wait_when_it_is_stopped_again),
        TEST(no_survey_waits_for_it),
    };
    return cmocka_run_group_tests_name("stops", tests, NULL, NULL);
}
