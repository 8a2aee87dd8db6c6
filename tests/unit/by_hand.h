/*
 * by_hand.h: an engine that a test drives by hand, with ports that only note what they are asked for.
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
static uint64_t serials[MOST]; /* of the spawns, in their order; the engine counts them from 1 */
static size_t spawn_count;
static struct bundle *lent;
static unsigned probe_count; /* direct questions */
static bool probes_refused;

static void port_answer(void *arg, void *tag, const struct answer *answer) {
    struct told *at = tag;
    (void)arg;
    assert_true(answer->node_count <= MOST);
    at->answers++;
    at->answer = *answer;
    if (answer->node_count > 0)
        memcpy(at->nodes, answer->nodes, answer->node_count * sizeof *answer->nodes);
}

static bool port_spawn(void *arg, const struct engine_spawn *spawn) {
    (void)arg;
    serials[spawn_count++] = spawn->node.serial;
    return true;
}

static bool port_sums(void *arg, struct bundle *bundle) {
    (void)arg;
    lent = bundle;
    return true;
}

static bool port_arrange(void *arg, const struct engine_children *children) {
    (void)arg, (void)children;
    return true;
}

static void port_end(void *arg, uint64_t serial) {
    (void)arg, (void)serial;
}

static bool port_reap(void *arg, uint64_t serial, uint64_t starter) {
    (void)arg, (void)serial, (void)starter;
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

static bool port_runs(void *arg, uint64_t serial) {
    (void)arg, (void)serial;
    return true;
}

static void port_notice(void *arg, const char *line) {
    (void)arg, (void)line;
}

static void port_forget(void *arg, uint64_t serial) {
    (void)arg, (void)serial;
}

static int set_up(void **state) {
    const struct engine_ports ports = {.answer = port_answer,
                                       .spawn = port_spawn,
                                       .sums = port_sums,
                                       .buffer = port_buffer,
                                       .unbuffer = port_unbuffer,
                                       .arrange = port_arrange,
                                       .end = port_end,
                                       .reap = port_reap,
                                       .survey = port_survey,
                                       .probe = port_probe,
                                       .unprobe = port_unprobe,
                                       .runs = port_runs,
                                       .notice = port_notice,
                                       .forget = port_forget};
    (void)state;
    memset(told, 0, sizeof told);
    spawn_count = 0;
    probe_count = 0;
    probes_refused = false;
    lent = NULL;
    engine = engine_new(&(struct engine_options){.deadline_us = DEADLINE_US, .wall_us = WALL_US},
                        &ports);
    engine_time(engine, 100);
    return engine == NULL;
}

static int tear_down(void **state) {
    (void)state;
    if (lent != NULL)
        engine_summed(engine, lent, HOP_BROKEN, NULL, NULL);
    engine_free(engine);
    return 0;
}

/* ---- steps ---- */

static void create(int64_t id, unsigned tag) {
    engine_create(engine, &told[tag], id, false, 0);
}

/* The spawn of that number is done, and the node joins. */
static void joins(size_t spawn) {
    engine_spawned(engine, serials[spawn], HOP_OK, 1000 + (int64_t)spawn, NULL);
    engine_joined(engine, serials[spawn], 1000 + (int64_t)spawn);
    engine_flush(engine);
}

static void expect_code(unsigned tag, enum banyan_code code) {
    assert_int_equal(told[tag].answers, 1);
    assert_int_equal(told[tag].answer.code, code);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
