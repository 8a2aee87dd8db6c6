/*
 * Health: the full table, written out a second time, and what must hold of any such table.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/health.h"
#include "language/answer.h"

enum { STATES = BANYAN_ENDED + 1 };

static void every_state_and_event(void **state) {
    static const struct {
        enum banyan_state before;
        enum health_event event;
        enum banyan_state after;
    } cases[] = {
        {BANYAN_STARTING, EVENT_HEARD, BANYAN_AVAILABLE},
        {BANYAN_STARTING, EVENT_MISSED, BANYAN_STARTING},
        {BANYAN_STARTING, EVENT_EXITED, BANYAN_ENDED},
        {BANYAN_AVAILABLE, EVENT_HEARD, BANYAN_AVAILABLE},
        {BANYAN_AVAILABLE, EVENT_MISSED, BANYAN_SILENT},
        {BANYAN_AVAILABLE, EVENT_EXITED, BANYAN_ENDED},
        {BANYAN_SILENT, EVENT_HEARD, BANYAN_AVAILABLE},
        {BANYAN_SILENT, EVENT_MISSED, BANYAN_SILENT},
        {BANYAN_SILENT, EVENT_EXITED, BANYAN_ENDED},
        {BANYAN_ENDED, EVENT_HEARD, BANYAN_ENDED},
        {BANYAN_ENDED, EVENT_MISSED, BANYAN_ENDED},
        {BANYAN_ENDED, EVENT_EXITED, BANYAN_ENDED},
    };
    (void)state;
    assert_int_equal(sizeof cases / sizeof cases[0], STATES * HEALTH_EVENTS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(health_after(cases[i].before, cases[i].event), cases[i].after);
}

/* An event that is told twice says nothing new. */
static void an_event_repeated_changes_nothing(void **state) {
    (void)state;
    for (int before = 0; before < STATES; before++) {
        for (int event = 0; event < HEALTH_EVENTS; event++) {
            enum banyan_state once = health_after((enum banyan_state)before,
                                                  (enum health_event)event);
            assert_in_range(once, 0, STATES - 1);
            assert_int_equal(health_after(once, (enum health_event)event), once);
        }
    }
}

static void every_state_has_its_name(void **state) {
    (void)state;
    assert_string_equal(answer_state_name(BANYAN_STARTING), "starting");
    assert_string_equal(answer_state_name(BANYAN_AVAILABLE), "available");
    assert_string_equal(answer_state_name(BANYAN_SILENT), "silent");
    assert_string_equal(answer_state_name(BANYAN_ENDED), "ended");
    assert_string_equal(answer_state_name((enum banyan_state)STATES), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_event),
        cmocka_unit_test(an_event_repeated_changes_nothing),
        cmocka_unit_test(every_state_has_its_name),
    };
    return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
