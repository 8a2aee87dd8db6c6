/*
 * simulator.c: many schedules, one after the other. The environment:
 *   BANYAN_SEED=N       only the schedule with this seed
 *   BANYAN_SCHEDULES=N  how many (100000)
 *   BANYAN_FROM=N       the first seed (1)
 *   BANYAN_TRACE=1      says what happens
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim.h"

enum {
    SCHEDULES = 100000,
    BUSY_US = 3000000, /* how much longer the engine waits for a process that runs */
    LONGEST_S = 60,    /* of one schedule, which takes no millisecond usually */
};

/* ---- one schedule ---- */

static void begin(struct sim *sim) {
    struct engine_ports ports;
    sim->profile = profile_draw(sim);
    sim->options.deadline_us = sim_between(sim, 300, 1000) * 1000;
    sim->horizon_us = sim->options.deadline_us / 2 * sim_between(sim, 1, 10);
    sim->slack_us = 10 * sim->profile->latency_us + 2 * sim->profile->late_us + 10000;
    sim->notice_us = 2 * sim->profile->notice_us + sim->profile->late_us + 1000;
    sim->descriptors_end = &sim->descriptors;
    sim->inbox_end = &sim->inbox;
    sim->wake_us = sim->timer_us = UINT64_MAX;
    sim->controller = (struct node){.died_us = UINT64_MAX};
    sim->controller.deferred_end = &sim->controller.deferred;
    sim->nodes[0] = &sim->controller;
    sim->node_count = 1;
    sim->now_us = 1;
    shell_ports(sim, &ports);
    sim->engine = engine_new(&sim->options, &ports);
    if (sim->engine == NULL)
        abort();
    sim_trace(sim, "seed %" PRIu64 ", profile %s, deadline %.3f ms", sim->seed, sim->profile->name,
              (double)sim->options.deadline_us / 1000);
    commands_plan(sim);
    faults_plan(sim);
}

static void run_on(struct sim *sim, unsigned deadlines) {
    sim_run(sim, sim->now_us + deadlines * sim->options.deadline_us);
}

static bool is_answered(const struct sim *sim) {
    for (unsigned i = 0; i < sim->command_count; i++) {
        if (sim->commands[i].answers == 0)
            return false;
    }
    return true;
}

/* Creates may wait one after the other, each for a process that does not start. */
static void run_to_answers(struct sim *sim) {
    run_on(sim, 12);
    for (unsigned i = 0; i < sim->profile->ids && !is_answered(sim); i++) {
        sim_run(sim, sim->now_us + BUSY_US);
        run_on(sim, 6);
    }
}

static struct command *ask_status(struct sim *sim) {
    struct command *status = command_add(sim, COMMAND_STATUS, 0);
    status->scope = ENGINE_ALL;
    command_give(sim, status);
    return status;
}

static void look(struct sim *sim) {
    command_give(sim, command_add(sim, COMMAND_PINGALL, 0));
    run_on(sim, 3);
    struct command *status = ask_status(sim);
    for (unsigned i = 0; i < sim->place_count && !sim->failed; i++) {
        if (sim->places[i].node == NULL)
            continue;
        struct command *exec = command_add(sim, COMMAND_EXEC, sim->places[i].id);
        numbers_make(sim, exec);
        command_give(sim, exec);
    }
    run_on(sim, 3);
    if (!sim->failed)
        model_check(sim);
    if (!sim->failed)
        settled_check(sim, status);
}

/* Without a survey: what goes on has been asked, and is where it belongs. */
static void see(struct sim *sim) {
    const struct command *status = ask_status(sim);
    run_on(sim, 1);
    if (!sim->failed)
        model_check(sim);
    if (!sim->failed)
        settled_check(sim, status);
}

static void end_all(struct sim *sim) {
    for (unsigned i = 0; i < sim->place_count; i++) {
        if (sim->places[i].node != NULL && sim->places[i].parent < 0)
            command_give(sim, command_add(sim, COMMAND_KILL, sim->places[i].id));
    }
    run_on(sim, 3);
    see(sim);
    for (unsigned i = 1; i < sim->node_count && !sim->failed; i++) {
        if (sim->nodes[i] != NULL && !sim->nodes[i]->dead)
            sim_fail(sim, "process #%u has outlived everything", i);
    }
}

/* First while some nodes are stopped or dead, then with all nodes continued, then without nodes. */
static void wind_up(struct sim *sim) {
    sim_run(sim, sim->horizon_us);
    sim->calm = true;
    run_to_answers(sim);
    if (!sim->failed)
        model_check(sim);
    if (!sim->failed)
        look(sim);
    for (unsigned i = 1; i < sim->node_count && !sim->failed; i++) {
        if (sim->nodes[i] != NULL)
            process_continue(sim, sim->nodes[i]);
    }
    run_on(sim, 3);
    if (!sim->failed)
        see(sim);
    if (!sim->failed)
        look(sim);
    if (!sim->failed)
        end_all(sim);
}

static void abandon(struct sim *sim) {
    sim_run(sim, sim_random(sim, sim->horizon_us));
    if (sim_chance(sim, 50))
        commands_close(sim);
}

static void add_totals(struct sim *sim) {
    sim->totals->schedules++;
    sim->totals->commands += sim->command_count;
    sim->totals->answers += sim->answered;
    sim->totals->steps += sim->steps;
}

/* Nothing is to be saved, so that printing in a handler does no harm. */
static uint64_t running;

static void stuck(int number) {
    (void)number;
    printf("FAILED: BANYAN_SEED=%" PRIu64 ": a call of the engine does not end\n", running);
    abort();
}

/* The engine's memory is left after a failure: it may be in any state. */
static bool run(struct sim *sim, uint64_t seed, struct totals *totals) {
    sim_reset(sim);
    sim->seed = sim->random = seed;
    sim->totals = totals;
    sim->trace = getenv("BANYAN_TRACE") != NULL;
    running = seed;
    alarm(LONGEST_S);
    begin(sim);
    if (sim->profile->abandoned)
        abandon(sim);
    else
        wind_up(sim);
    if (!sim->failed && sim->profile->abandoned)
        shell_give_back(sim);
    if (!sim->failed && sim->lent != NULL)
        sim_fail(sim, "a bundle has not come back");
    if (!sim->failed)
        engine_free(sim->engine);
    arrange_release(sim);
    add_totals(sim);
    return !sim->failed;
}

/* ---- all ---- */

static uint64_t number_from(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void print_totals(const struct totals *totals) {
    printf("%" PRIu64 " schedules, %" PRIu64 " events: %" PRIu64 " commands (%" PRIu64
           " within answers), %" PRIu64 " answers (%" PRIu64 " unavailable, %" PRIu64
           " records of nodes)\n",
           totals->schedules, totals->steps, totals->commands, totals->follows, totals->answers,
           totals->unavailable, totals->records);
    printf("%" PRIu64 " starts (%" PRIu64 " failed), %" PRIu64 " deaths, %" PRIu64
           " stops (%" PRIu64 " short), %" PRIu64 " held by a debugger, %" PRIu64
           " connections cut\n",
           totals->starts, totals->failed_starts, totals->deaths, totals->stops,
           totals->short_stops, totals->holds, totals->cuts);
    printf("%" PRIu64 " surveys, %" PRIu64 " direct questions, %" PRIu64
           " sets of children in %" PRIu64 " messages, %" PRIu64 " bundles, %" PRIu64
           " of them sent again\n",
           totals->surveys, totals->probes, totals->sets, totals->arrangements, totals->bundles,
           totals->resends);
    printf("prompt: %" PRIu64 " execs on stopped nodes, %" PRIu64
           " surveys of trees with stopped nodes, %" PRIu64 " creates\n",
           totals->prompt_stops, totals->prompt_pings, totals->prompt_creates);
}

static void schedules(void **state) {
    static struct sim sim;
    struct totals totals = {0};
    uint64_t from = number_from("BANYAN_FROM", 1),
             count = number_from("BANYAN_SCHEDULES", SCHEDULES);
    uint64_t keep_going = number_from("BANYAN_FAILURES", 1), failures = 0;
    (void)state;
    if (getenv("BANYAN_SEED") != NULL) {
        from = number_from("BANYAN_SEED", 1);
        count = 1;
    }
    printf("schedules from seed %" PRIu64 " to %" PRIu64 "\n", from, from + count - 1);
    signal(SIGALRM, stuck);
    numbers_prepare();
    for (uint64_t seed = from; seed < from + count && failures < keep_going; seed++)
        failures += !run(&sim, seed, &totals);
    alarm(0);
    sim_reset(&sim);
    sim_release(&sim);
    numbers_release();
    print_totals(&totals);
    if (failures > 0)
        fail_msg("%" PRIu64 " schedules failed; BANYAN_SEED=N BANYAN_TRACE=1 shows one", failures);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(schedules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
