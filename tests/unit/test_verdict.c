/*
 * The verdict: the full table, written out a second time, and what must hold of any such table.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/verdict.h"

static void every_state_and_event(void **state) {
    static const struct {
        enum verdict before;
        enum verdict_event event;
        enum verdict after;
    } cases[] = {
        {VERDICT_STARTING, EVENT_HEARD, VERDICT_AVAILABLE},
        {VERDICT_STARTING, EVENT_LATE, VERDICT_STARTING},
        {VERDICT_STARTING, EVENT_MISSED, VERDICT_STARTING},
        {VERDICT_STARTING, EVENT_RESET, VERDICT_STARTING},
        {VERDICT_STARTING, EVENT_EXITED, VERDICT_ENDED},
        {VERDICT_STARTING, EVENT_REPAIRED, VERDICT_STARTING},
        {VERDICT_AVAILABLE, EVENT_HEARD, VERDICT_AVAILABLE},
        {VERDICT_AVAILABLE, EVENT_LATE, VERDICT_AVAILABLE},
        {VERDICT_AVAILABLE, EVENT_MISSED, VERDICT_SILENT},
        {VERDICT_AVAILABLE, EVENT_RESET, VERDICT_AVAILABLE},
        {VERDICT_AVAILABLE, EVENT_EXITED, VERDICT_ENDED},
        {VERDICT_AVAILABLE, EVENT_REPAIRED, VERDICT_AVAILABLE},
        {VERDICT_SILENT, EVENT_HEARD, VERDICT_AVAILABLE},
        {VERDICT_SILENT, EVENT_LATE, VERDICT_SILENT},
        {VERDICT_SILENT, EVENT_MISSED, VERDICT_SILENT},
        {VERDICT_SILENT, EVENT_RESET, VERDICT_SILENT},
        {VERDICT_SILENT, EVENT_EXITED, VERDICT_ENDED},
        {VERDICT_SILENT, EVENT_REPAIRED, VERDICT_SILENT},
        {VERDICT_ENDED, EVENT_HEARD, VERDICT_ENDED},
        {VERDICT_ENDED, EVENT_LATE, VERDICT_ENDED},
        {VERDICT_ENDED, EVENT_MISSED, VERDICT_ENDED},
        {VERDICT_ENDED, EVENT_RESET, VERDICT_ENDED},
        {VERDICT_ENDED, EVENT_EXITED, VERDICT_ENDED},
        {VERDICT_ENDED, EVENT_REPAIRED, VERDICT_ENDED},
    };
    (void)state;
    assert_int_equal(sizeof cases / sizeof cases[0], VERDICTS * VERDICT_EVENTS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(verdict_after(cases[i].before, cases[i].event), cases[i].after);
}

/* An event that is told twice says nothing new. */
static void an_event_repeated_changes_nothing(void **state) {
    (void)state;
    for (int before = 0; before < VERDICTS; before++) {
        for (int event = 0; event < VERDICT_EVENTS; event++) {
            enum verdict once = verdict_after((enum verdict)before, (enum verdict_event)event);
            assert_in_range(once, 0, VERDICTS - 1);
            assert_int_equal(verdict_after(once, (enum verdict_event)event), once);
        }
    }
}

static void every_state_has_its_name(void **state) {
    (void)state;
    assert_string_equal(verdict_name(VERDICT_STARTING), "starting");
    assert_string_equal(verdict_name(VERDICT_AVAILABLE), "available");
    assert_string_equal(verdict_name(VERDICT_SILENT), "silent");
    assert_string_equal(verdict_name(VERDICT_ENDED), "ended");
    assert_string_equal(verdict_name(VERDICTS), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_event),
        cmocka_unit_test(an_event_repeated_changes_nothing),
        cmocka_unit_test(every_state_has_its_name),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
