/*
 * by_hand.h: an engine that a test drives by hand, with ports that only note what they are asked
 * for.
 */
#ifndef BANYAN_BY_HAND_H
#define BANYAN_BY_HAND_H

#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "buffers.h"
#include "core/engine.h"

enum { MOST = 64, DEADLINE_US = 1000000, WALL_US = 5000000 };

/* ---- a controller that does nothing by itself ---- */

struct told {
    unsigned answers;
    struct answer answer;
    struct banyan_node nodes[MOST];
};

static struct engine *engine;
static struct told told[MOST]; /* by the tags of the commands */
static void (*when_answered)(unsigned tag, const struct answer *answer); /* NULL: nothing */
static uint64_t serials[MOST]; /* of the starts, in their order */
static size_t start_count;
static bool ended[MOST + 1];            /* by serial: the process is to end */
static size_t message_count, set_count; /* sets of children, and the messages with them */
static struct bundle *lent;
static unsigned probe_count; /* direct questions */
static bool probes_refused;
static bool halted; /* no process runs */

static void port_answer(void *arg, void *tag, const struct answer *answer) {
    struct told *at = tag;
    (void)arg;
    assert_true(answer->node_count <= MOST);
    at->answers++;
    at->answer = *answer;
    if (answer->node_count > 0)
        memcpy(at->nodes, answer->nodes, answer->node_count * sizeof *answer->nodes);
    if (when_answered != NULL)
        when_answered((unsigned)(at - told), answer);
}

static bool port_start(void *arg, const struct engine_node *node) {
    (void)arg;
    assert_true(start_count < MOST && node->serial <= MOST);
    serials[start_count++] = node->serial;
    return true;
}

static void port_end(void *arg, uint64_t serial) {
    (void)arg;
    ended[serial] = true;
}

static bool port_runs(void *arg, uint64_t serial) {
    (void)arg, (void)serial;
    return !halted;
}

static bool port_sums(void *arg, struct bundle *bundle) {
    (void)arg;
    lent = bundle;
    return true;
}

static bool port_adopt(void *arg, const struct engine_node *nodes, size_t count) {
    (void)arg, (void)nodes, (void)count;
    return true;
}

static bool port_arrange(void *arg, const struct engine_set *sets, size_t count) {
    (void)arg, (void)sets;
    message_count++;
    set_count += count;
    return true;
}

static bool port_survey(void *arg, uint64_t round, uint64_t budget_us, uint64_t slack_us) {
    (void)arg, (void)round, (void)budget_us, (void)slack_us;
    return true;
}

static bool port_probe(void *arg, uint64_t serial) {
    (void)arg, (void)serial;
    probe_count += !probes_refused;
    return !probes_refused;
}

static void port_unprobe(void *arg, uint64_t serial) {
    (void)arg, (void)serial;
}

static void port_notice(void *arg, const char *line) {
    (void)arg, (void)line;
}

static void port_forget(void *arg, uint64_t serial) {
    (void)arg, (void)serial;
}

static int set_up(void **state) {
    const struct engine_ports ports = {.answer = port_answer,
                                       .start = port_start,
                                       .end = port_end,
                                       .runs = port_runs,
                                       .buffer = port_buffer,
                                       .unbuffer = port_unbuffer,
                                       .sums = port_sums,
                                       .adopt = port_adopt,
                                       .arrange = port_arrange,
                                       .survey = port_survey,
                                       .probe = port_probe,
                                       .unprobe = port_unprobe,
                                       .notice = port_notice,
                                       .forget = port_forget};
    (void)state;
    memset(told, 0, sizeof told);
    memset(ended, 0, sizeof ended);
    when_answered = NULL;
    start_count = message_count = set_count = 0;
    probe_count = 0;
    probes_refused = halted = false;
    lent = NULL;
    engine = engine_new(&(struct engine_options){.deadline_us = DEADLINE_US, .wall_us = WALL_US},
                        &ports);
    engine_time(engine, 100);
    return engine == NULL;
}

static int tear_down(void **state) {
    (void)state;
    if (lent != NULL)
        engine_summed(engine, lent, OUTCOME_BROKEN, NULL, NULL);
    engine_free(engine);
    return 0;
}

/* ---- steps ---- */

static void create(int64_t id, unsigned tag) {
    engine_create(engine, &told[tag], id, false, 0);
    engine_settle(engine);
}

/* The process of that start is ready, and joins. */
static void joins(size_t start) {
    engine_ready(engine, serials[start], 1000 + (int64_t)start);
    engine_settle(engine);
    engine_joined(engine, serials[start]);
    engine_settle(engine);
}

/* The process of that start has ended. */
static inline void ends(size_t start) {
    engine_ended(engine, serials[start], "killed by signal 9");
    engine_settle(engine);
}

static void expect_code(unsigned tag, enum banyan_code code) {
    assert_int_equal(told[tag].answers, 1);
    assert_int_equal(told[tag].answer.code, code);
}

static inline void expect_open(unsigned tag) {
    assert_int_equal(told[tag].answers, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
