/*
 * When a status is answered, and with which nodes: the engine by hand, with ports that only note
 * what they are asked for.
 */
#include "by_hand.h"

#include <stdio.h>

/* ---- steps ---- */

static void kill_node(int64_t id, unsigned tag) {
    engine_kill(engine, &told[tag], id);
    engine_settle(engine);
}

static void status(enum engine_scope scope, int64_t id, unsigned tag) {
    engine_status(engine, &told[tag], scope, id);
    engine_settle(engine);
}

/* 10 with 5 and 20, and 3 below 5: starts 0 to 3, tags 0 to 3. */
static void four_nodes(void) {
    static const int64_t ids[] = {10, 5, 20, 3};
    for (unsigned i = 0; i < 4; i++) {
        create(ids[i], i);
        joins(i);
    }
}

/* The answer has these nodes, in this order. */
static void expect_nodes(unsigned tag, const char *ids) {
    char text[200] = "";
    size_t len = 0;
    assert_int_equal(told[tag].answers, 1);
    assert_int_equal(told[tag].answer.code, BANYAN_OK);
    assert_int_equal(told[tag].answer.command, COMMAND_STATUS);
    for (size_t i = 0; i < told[tag].answer.node_count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, i > 0 ? " %lld" : "%lld",
                                (long long)told[tag].nodes[i].id);
    assert_string_equal(text, ids);
}

/* ---- tests ---- */

static void an_empty_tree(void **state) {
    (void)state;
    status(ENGINE_ALL, 0, 10);
    expect_nodes(10, "");
    status(ENGINE_NODE, 5, 11);
    expect_code(11, BANYAN_NOT_FOUND);
    status(ENGINE_SUBTREE, 5, 12);
    expect_code(12, BANYAN_NOT_FOUND);
}

static void parents_before_children(void **state) {
    (void)state;
    four_nodes();
    status(ENGINE_ALL, 0, 10);
    expect_nodes(10, "10 5 3 20");
    const struct banyan_node *nodes = told[10].nodes;
    assert_int_equal(nodes[0].parent, -1);
    assert_int_equal(nodes[0].link, BANYAN_LINK_CONTROLLER);
    assert_int_equal(nodes[2].parent, 5);
    assert_int_equal(nodes[2].depth, 2);
    assert_int_equal(nodes[2].link, BANYAN_LINK_NODE);
    assert_int_equal(nodes[2].connected_to, 5);
    assert_int_equal(nodes[2].pid, 1003);
    assert_int_equal(nodes[2].state, BANYAN_AVAILABLE);
    assert_int_equal(nodes[2].survey_us, -1);
    assert_int_equal(nodes[2].started_us, WALL_US + 100);
    status(ENGINE_SUBTREE, 5, 11);
    expect_nodes(11, "5 3");
    status(ENGINE_NODE, 5, 12);
    expect_nodes(12, "5");
}

static void it_waits_for_creates_before_it_alone(void **state) {
    (void)state;
    four_nodes();
    create(30, 4);
    status(ENGINE_ALL, 0, 10);
    status(ENGINE_SUBTREE, 5, 11);
    status(ENGINE_NODE, 5, 12); /* nothing is unsettled on the way to it */
    status(ENGINE_NODE, 30, 13);
    create(7, 5);
    status(ENGINE_NODE, 7, 14);
    expect_open(10);
    expect_open(11);
    expect_nodes(12, "5");
    expect_open(13);
    joins(5);
    expect_nodes(14, "7");
    expect_open(10);
    joins(4);
    expect_nodes(10, "10 5 3 20 30");
    expect_nodes(11, "5 3"); /* 7 was created after it */
    expect_nodes(13, "30");
}

static void a_create_that_fails_leaves_no_record(void **state) {
    (void)state;
    four_nodes();
    create(30, 4);
    status(ENGINE_ALL, 0, 10);
    status(ENGINE_NODE, 30, 11);
    status(ENGINE_SUBTREE, 30, 12);
    create(30, 5);
    engine_start_failed(engine, serials[4], "no memory");
    engine_settle(engine);
    expect_code(4, BANYAN_SYSTEM);
    expect_nodes(10, "10 5 3 20");
    expect_code(11, BANYAN_NOT_FOUND);
    expect_code(12, BANYAN_NOT_FOUND);
    expect_open(5);
}

static void a_kill_before_it_and_one_after_it(void **state) {
    (void)state;
    four_nodes();
    kill_node(5, 4);
    status(ENGINE_ALL, 0, 10);
    status(ENGINE_NODE, 3, 11); /* below the killed node */
    status(ENGINE_SUBTREE, 5, 12);
    kill_node(20, 5);
    expect_open(10);
    ends(3);
    expect_code(11, BANYAN_NOT_FOUND);
    expect_open(10);
    ends(1);
    expect_code(4, BANYAN_OK);
    expect_nodes(10, "10 20"); /* the kill of 20 has waited */
    expect_code(12, BANYAN_NOT_FOUND);
    expect_open(5);
    ends(2);
    expect_code(5, BANYAN_OK);
    status(ENGINE_ALL, 0, 13);
    expect_nodes(13, "10");
}

static void a_lost_node_and_who_adopted_its_child(void **state) {
    (void)state;
    four_nodes();
    ends(1);
    status(ENGINE_ALL, 0, 10);
    expect_nodes(10, "10 5 3 20");
    assert_int_equal(told[10].nodes[1].state, BANYAN_ENDED);
    assert_int_equal(told[10].nodes[1].link, BANYAN_LINK_NONE);
    assert_int_equal(told[10].nodes[2].connected_to, 10);
    assert_int_equal(told[10].nodes[2].parent, 5);
}

/* It waits for a pingall, whose survey it then knows; one node alone does not. */
static void surveys(void **state) {
    (void)state;
    four_nodes();
    engine_pingall(engine, &told[4]);
    engine_settle(engine);
    status(ENGINE_ALL, 0, 10);
    status(ENGINE_NODE, 5, 11);
    expect_open(10);
    expect_nodes(11, "5");
    assert_int_equal(told[11].nodes[0].survey_us, -1);
    engine_time(engine, 350);
    engine_heard(engine, 1, serials, 2);
    engine_tick(engine, 400);
    engine_heard(engine, 1, serials + 2, 2);
    engine_heard(engine, 1, serials, 2); /* the first answer counts */
    engine_tick(engine, 500);
    engine_settle(engine);
    expect_code(4, BANYAN_OK);
    expect_nodes(10, "10 5 3 20");
    assert_int_equal(told[10].nodes[0].survey_us, 250);
    assert_int_equal(told[10].nodes[1].survey_us, 250);
    assert_int_equal(told[10].nodes[2].survey_us, 300);
}

/* An exec is counted when it is answered with a sum. */
static void counters(void **state) {
    const struct slice_result results[] = {{.sum = 6, .count = 3}, {.sum = 1, .count = 1}};
    (void)state;
    four_nodes();
    engine_exec(engine, &told[4], 5, 3, "1 2 3", 5);
    engine_exec(engine, &told[5], 5, 2, "1", 1); /* too few */
    engine_settle(engine);
    status(ENGINE_NODE, 5, 10);
    assert_int_equal(told[10].nodes[0].execs, 0);
    assert_non_null(lent);
    struct bundle *bundle = lent;
    lent = NULL;
    engine_summed(engine, bundle, OUTCOME_OK, results, NULL);
    engine_settle(engine);
    expect_code(4, BANYAN_OK);
    expect_code(5, BANYAN_WRONG_COUNT);
    status(ENGINE_NODE, 5, 11);
    assert_int_equal(told[11].nodes[0].execs, 1);
    assert_int_equal(told[11].nodes[0].numbers, 3);
    status(ENGINE_NODE, 10, 12);
    assert_int_equal(told[12].nodes[0].execs, 0);
}

/* An explain sees a kill before it, of a node above, too. */
static void explain_after_a_kill_above(void **state) {
    (void)state;
    four_nodes();
    engine_exec(engine, &told[6], 3, 1, "1", 1);
    engine_settle(engine);
    kill_node(5, 4); /* it waits for the exec */
    expect_open(4);
    engine_explain(engine, &told[5], 3);
    engine_settle(engine);
    expect_code(5, BANYAN_NOT_FOUND);
}

/* What still waits is freed with the engine, without an answer. */
static void the_end(void **state) {
    (void)state;
    create(10, 0);
    status(ENGINE_ALL, 0, 10);
    status(ENGINE_NODE, 10, 11);
    status(ENGINE_SUBTREE, 10, 12);
    expect_open(10);
    expect_open(11);
    expect_open(12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_empty_tree),
        TEST(parents_before_children),
        TEST(it_waits_for_creates_before_it_alone),
        TEST(a_create_that_fails_leaves_no_record),
        TEST(a_kill_before_it_and_one_after_it),
        TEST(a_lost_node_and_who_adopted_its_child),
        TEST(surveys),
        TEST(counters),
        TEST(explain_after_a_kill_above),
        TEST(the_end),
    };
    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
