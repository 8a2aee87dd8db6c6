/* Surveys, where one depends on another. */
#include "by_hand.h"

static void pass_to(uint64_t now_us) {
    engine_tick(engine, now_us);
    engine_settle(engine);
}

/* A question that was put for one survey does not count for the next: it is put again, later if
 * that is refused at the moment. */
static void a_question_that_is_refused_is_put_later(void **state) {
    uint64_t now_us = 1000;
    (void)state;
    create(1, 0);
    joins(0);
    for (unsigned round = 1; round <= 2; round++) { /* the second begins while the first waits */
        engine_pingall(engine, &told[round]);
        pass_to(now_us++);
        engine_surveyed(engine, round); /* no node has answered */
        pass_to(now_us++);
    }
    assert_int_equal(probe_count, 1);
    probes_refused = true;
    engine_probed(engine, serials[0]);
    pass_to(now_us++);
    expect_code(1, BANYAN_OK);
    expect_open(2);
    probes_refused = false;
    pass_to(engine_wakeup(engine));
    assert_int_equal(probe_count, 2);
    engine_probed(engine, serials[0]);
    pass_to(now_us + DEADLINE_US / 10);
    expect_code(2, BANYAN_OK);
    assert_int_equal(told[2].answer.id_count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {TEST(a_question_that_is_refused_is_put_later)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
