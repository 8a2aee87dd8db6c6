/*
 * What a node decides: for every request whether it is relayed, done or refused; which surveys and
 * sets are too old; when it has joined.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "node/rules.h"
#include "random.h"

enum { OWN_ID = 10, OWN_SERIAL = 3 };

static const struct rules own = {.id = OWN_ID, .serial = OWN_SERIAL};

/* ---- requests ---- */

static enum rules_request decide(enum wire_operation operation, int64_t id, uint64_t serial,
                                 size_t more) {
    uint8_t bytes[WIRE_HEAD + 8] = {0};
    const struct wire_head head = {.operation = operation, .id = id, .serial = serial};
    struct wire_head got;
    struct wire_writer writer = {.at = bytes, .end = bytes + WIRE_HEAD};
    struct wire_reader reader = {.at = bytes, .end = bytes + WIRE_HEAD + more};
    wire_put_head(&writer, &head);
    enum rules_request decided = rules_request(&own, &reader, &got);
    assert_true(got.operation == operation && got.id == id && got.serial == serial);
    assert_ptr_equal(reader.at, bytes + WIRE_HEAD);
    return decided;
}

static void requests_for_others_are_relayed(void **state) {
    (void)state;
    for (int operation = WIRE_PROBE; operation < WIRE_OPERATIONS; operation++) {
        for (size_t more = 0; more <= 8; more++) {
            assert_int_equal(decide((enum wire_operation)operation, 11, OWN_SERIAL, more),
                             RULES_RELAY);
            assert_int_equal(decide((enum wire_operation)operation, INT64_MIN, 9, more),
                             RULES_RELAY);
        }
    }
}

static void requests_for_another_incarnation_are_outdated(void **state) {
    static const uint64_t serials[] = {0, OWN_SERIAL - 1, OWN_SERIAL + 1, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof serials / sizeof serials[0]; i++)
        for (int operation = WIRE_PROBE; operation < WIRE_OPERATIONS; operation++)
            assert_int_equal(decide((enum wire_operation)operation, OWN_ID, serials[i], 0),
                             RULES_OUTDATED);
}

static void own_requests_are_done(void **state) {
    (void)state;
    for (size_t more = 0; more <= 8; more++) {
        assert_int_equal(decide(WIRE_PROBE, OWN_ID, OWN_SERIAL, more),
                         more == 0 ? RULES_ALIVE : RULES_MALFORMED);
        assert_int_equal(decide(WIRE_SUMS, OWN_ID, OWN_SERIAL, more), RULES_SUMS);
        assert_int_equal(decide(WIRE_ARRANGE, OWN_ID, OWN_SERIAL, more), RULES_ARRANGE);
        assert_int_equal(decide(WIRE_PING, OWN_ID, OWN_SERIAL, more), RULES_MALFORMED);
    }
}

static void malformed_requests_are_refused(void **state) {
    (void)state;
    random_start("malformed_requests_are_refused");
    for (size_t i = 0; i < 20000; i++) {
        size_t len = random_below(WIRE_HEAD + 4);
        uint8_t *bytes = malloc(len + 1);
        struct wire_head head;
        assert_non_null(bytes);
        for (size_t at = 0; at < len; at++)
            bytes[at + 1] = at == 0 && i % 2 == 0 ? WIRE_VERSION : (uint8_t)random_next();
        struct wire_reader reader = {.at = bytes + 1, .end = bytes + 1 + len};
        bool good = len >= WIRE_HEAD && bytes[1] == WIRE_VERSION && bytes[2] > 0 &&
                    bytes[2] < WIRE_OPERATIONS;
        assert_int_equal(rules_request(&own, &reader, &head), good ? RULES_RELAY : RULES_MALFORMED);
        free(bytes);
    }
}

/* ---- surveys ---- */

enum { SURVEY_LEN = WIRE_HEAD + 24 };

static size_t put_survey(uint8_t *bytes, enum wire_operation operation, uint64_t round,
                         uint64_t budget_us, uint64_t slack_us) {
    struct wire_writer writer = {.at = bytes, .end = bytes + SURVEY_LEN};
    wire_put_head(&writer, &(struct wire_head){.operation = operation});
    wire_put_u64(&writer, round);
    wire_put_u64(&writer, budget_us);
    wire_put_u64(&writer, slack_us);
    assert_false(writer.overflow);
    return (size_t)(writer.at - bytes);
}

static bool takes_part(struct rules *rules, uint64_t round) {
    uint8_t bytes[SURVEY_LEN];
    struct rules_survey survey;
    struct wire_reader reader = {.at = bytes,
                                 .end = bytes + put_survey(bytes, WIRE_PING, round, 100, 1)};
    bool taken = rules_survey(rules, &reader, &survey);
    assert_true(!taken || (survey.round == round && rules->round == round));
    return taken;
}

static void only_older_rounds_are_ignored(void **state) {
    struct rules rules = own;
    (void)state;
    assert_true(takes_part(&rules, 5));
    assert_true(takes_part(&rules, 5));
    assert_false(takes_part(&rules, 4));
    assert_false(takes_part(&rules, 0));
    assert_int_equal(rules.round, 5);
    assert_true(takes_part(&rules, 6));
    assert_false(takes_part(&rules, 5));
    assert_true(takes_part(&rules, UINT64_MAX));
    assert_false(takes_part(&rules, UINT64_MAX - 1));
    assert_true(takes_part(&rules, 7)); /* the other round was none of the controller's */
    assert_false(takes_part(&rules, 6));
}

static void assert_budget(uint64_t budget_us, uint64_t slack_us, uint64_t left_us) {
    uint8_t bytes[SURVEY_LEN];
    struct rules rules = own;
    struct rules_survey survey;
    struct wire_reader reader = {
        .at = bytes, .end = bytes + put_survey(bytes, WIRE_PING, 1, budget_us, slack_us)};
    assert_true(rules_survey(&rules, &reader, &survey));
    assert_true(survey.budget_us == left_us);
    assert_true(survey.slack_us == slack_us);
}

static void the_children_get_less_time(void **state) {
    (void)state;
    assert_budget(500000, 5000, 495000);
    assert_budget(5001, 5000, 1);
    assert_budget(5000, 5000, 0);
    assert_budget(4999, 5000, 0);
    assert_budget(0, 0, 0);
    assert_budget(1, UINT64_MAX, 0);
    assert_budget(UINT64_MAX, 1, UINT64_MAX - 1);
}

static void malformed_surveys_are_ignored(void **state) {
    uint8_t bytes[SURVEY_LEN + 1] = {0};
    struct rules rules = own;
    struct rules_survey survey;
    struct wire_reader reader;
    (void)state;
    for (int operation = WIRE_PROBE; operation < WIRE_PING; operation++) {
        put_survey(bytes, (enum wire_operation)operation, 9, 100, 1);
        reader = (struct wire_reader){.at = bytes, .end = bytes + SURVEY_LEN};
        assert_false(rules_survey(&rules, &reader, &survey));
    }
    put_survey(bytes, WIRE_PING, 9, 100, 1);
    for (size_t len = 0; len <= SURVEY_LEN + 1; len++) {
        struct rules fresh = own;
        reader = (struct wire_reader){.at = bytes, .end = bytes + len};
        assert_int_equal(rules_survey(&fresh, &reader, &survey), len == SURVEY_LEN);
        assert_int_equal(fresh.round, len == SURVEY_LEN ? 9 : 0);
    }
    assert_int_equal(rules.round, 0);
}

/* ---- sets, joining ---- */

static void only_older_sets_are_ignored(void **state) {
    struct rules rules = own;
    (void)state;
    assert_true(rules_set(&rules, 0));
    assert_true(rules_set(&rules, 7));
    assert_true(rules_set(&rules, 7)); /* the first attempt may have failed */
    assert_false(rules_set(&rules, 6));
    assert_true(rules_set(&rules, UINT64_MAX));
    assert_false(rules_set(&rules, 8));
}

static void a_node_joins_once(void **state) {
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        struct rules rules = own;
        assert_false(rules_connected(&rules, first));
        assert_false(rules_connected(&rules, first));
        assert_false(rules.joined);
        assert_true(rules_connected(&rules, 1 - first));
        assert_true(rules.joined);
        assert_false(rules_connected(&rules, 1 - first));
        assert_false(rules_connected(&rules, first));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_for_others_are_relayed),
        cmocka_unit_test(requests_for_another_incarnation_are_outdated),
        cmocka_unit_test(own_requests_are_done),
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(only_older_rounds_are_ignored),
        cmocka_unit_test(the_children_get_less_time),
        cmocka_unit_test(malformed_surveys_are_ignored),
        cmocka_unit_test(only_older_sets_are_ignored),
        cmocka_unit_test(a_node_joins_once),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
