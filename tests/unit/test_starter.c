/*
 * Real processes: what is heard of them, in which order, and that nothing is left of them.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>

#include "by_script.h"
#include "random.h"

enum { MANY = 200 };

static struct hearing hearing;
static unsigned descriptors;

static int set_up(void **state) {
    (void)state;
    descriptors = open_descriptors();
    hearing_open(&hearing);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    starter_close(hearing.starter);
    need(!has_children());
    need(open_descriptors() == descriptors);
    return 0;
}

static pid_t ready_pid(uint64_t serial) {
    return await(&hearing, serial, START_READY)->pid;
}

/* ---- starts ---- */

static void a_node_becomes_ready_and_joins(void **state) {
    (void)state;
    assert_int_equal(starter_count(hearing.starter), 0);
    uint64_t serial = start_node(&hearing, "ready joined wait");
    assert_int_equal(starter_count(hearing.starter), 1);
    await(&hearing, serial, START_JOINED);
    assert_int_equal(hearing.count, 2);
    assert_int_equal(hearing.told[0].kind, START_READY);
    assert_true(hearing.told[0].pid > 0);
    assert_int_equal(hearing.told[0].pid, hearing.told[1].pid);
    assert_true(starter_runs(hearing.starter, serial));
    starter_kill(hearing.starter, serial);
    assert_string_equal(await(&hearing, serial, START_ENDED)->text, "killed by signal 9");
    assert_false(starter_runs(hearing.starter, serial));
    assert_int_equal(starter_count(hearing.starter), 0);
    starter_kill(hearing.starter, serial); /* nothing */
}

static void expect_failure(const char *program, const char *script, const char *text) {
    uint64_t serial = start_program(&hearing, program, script);
    assert_string_equal(await(&hearing, serial, START_FAILED)->text, text);
    assert_int_equal(starter_count(hearing.starter), 0);
    assert_false(has_children());
}

static void a_failure_says_why(void **state) {
    (void)state;
    const char *own = own_program(), *other = "the node says something else than that it is ready",
               *ended = "the node ended while it was starting";
    expect_failure(own, "fail=no_room exit=1", "no_room");
    expect_failure(own, "fail=no_room wait", "no_room");
    expect_failure(own, "write=hello wait", other);
    expect_failure(own, "write=hello exit=0", other);
    expect_failure(own, "joined wait", ended);
    expect_failure(own, "exit=3", ended);
    expect_failure(own, "raise=9", ended);
    expect_failure("/nothing/here", "", "cannot start /nothing/here: No such file or directory");
    expect_failure("/dev/null", "", "cannot start /dev/null: Permission denied");
}

static void a_start_that_fails_disturbs_no_other(void **state) {
    (void)state;
    uint64_t first = start_node(&hearing, "ready wait");
    for (unsigned i = 0; i < MANY; i++)
        start_program(&hearing, "/nothing/here", "");
    uint64_t last = start_node(&hearing, "ready wait");
    ready_pid(last);
    starter_kill(hearing.starter, first);
    await(&hearing, first, START_ENDED);
    assert_int_equal(starter_count(hearing.starter), 1);
}

static void a_node_inherits_only_what_it_should(void **state) {
    (void)state;
    sigset_t usr1, before;
    int kept = dup(STDERR_FILENO);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, &before);
    signal(SIGPIPE, SIG_IGN);
    uint64_t serial = start_node(&hearing, "inherit ready wait");
    while (find_told(&hearing, serial, START_READY, 0) == NULL && !is_over(&hearing, serial))
        hear_more(&hearing);
    assert_string_equal(hearing.told[0].text, "-");
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(kept);
}

static void a_start_without_descriptors_fails(void **state) {
    (void)state;
    struct rlimit before, none = {.rlim_cur = 1}; /* for poll */
    getrlimit(RLIMIT_NOFILE, &before);
    none.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_NOFILE, &none);
    uint64_t serial = start_program(&hearing, "/bin/true", "");
    const char *text = await(&hearing, serial, START_FAILED)->text;
    setrlimit(RLIMIT_NOFILE, &before);
    assert_string_equal(text, "cannot start /bin/true: Too many open files");
}

static void a_program_that_ignores_its_children_has_no_starter(void **state) {
    (void)state;
    struct starter *starter;
    struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}, before;
    sigaction(SIGCHLD, &action, &before);
    assert_int_equal(starter_open(&starter, hear, &hearing), EINVAL);
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(starter_open(&starter, hear, &hearing), EINVAL);
    sigaction(SIGCHLD, &before, NULL);
}

/* ---- ends ---- */

static void expect_end(const char *script, const char *text) {
    uint64_t serial = start_node(&hearing, script);
    assert_string_equal(await(&hearing, serial, START_ENDED)->text, text);
    assert_non_null(find_told(&hearing, serial, START_READY, 0));
}

static void an_end_says_how(void **state) {
    (void)state;
    expect_end("ready exit=0", "ended with status 0");
    expect_end("ready exit=3", "ended with status 3");
    expect_end("ready joined raise=15", "killed by signal 15");
    expect_end("ready fail=late exit=4", "ended with status 4");
    expect_end("ready ready joined exit=5", "ended with status 5");
}

/* Whatever is read first: the line or the kernel's events. */
static void news_come_in_order(void **state) {
    const enum start_news_kind order[] = {START_READY, START_JOINED, START_STOPPED, START_ENDED};
    (void)state;
    for (unsigned i = 0; i < MANY / 4; i++) {
        hearing.count = 0;
        uint64_t serial = start_node(&hearing, "ready joined raise=19 wait");
        await(&hearing, serial, START_STOPPED);
        starter_kill(hearing.starter, serial);
        await(&hearing, serial, START_ENDED);
        assert_int_equal(hearing.count, 4);
        for (unsigned k = 0; k < 4; k++)
            assert_int_equal(hearing.told[k].kind, order[k]);
    }
}

static void a_node_that_closes_its_line_lives_on(void **state) {
    (void)state;
    const char *scripts[] = {"ready close pause", "ready joined close pause"};
    for (unsigned i = 0; i < 2; i++) {
        uint64_t serial = start_node(&hearing, scripts[i]);
        pid_t pid = ready_pid(serial);
        for (unsigned k = 0; k < 3; k++) /* the end of the line, and the timer */
            hear_more(&hearing);
        assert_true(starter_runs(hearing.starter, serial));
        kill(pid, SIGSTOP);
        await(&hearing, serial, START_STOPPED);
        kill(pid, SIGTERM);
        kill(pid, SIGCONT);
        assert_string_equal(await(&hearing, serial, START_ENDED)->text, "killed by signal 15");
    }
}

static void a_node_that_leaves_its_group_is_not_lost(void **state) {
    (void)state;
    uint64_t serial = start_node(&hearing, "leave ready wait");
    pid_t pid = ready_pid(serial);
    kill(pid, SIGTERM);
    assert_string_equal(await(&hearing, serial, START_ENDED)->text, "killed by signal 15");
    ready_pid(start_node(&hearing, "leave ready close pause")); /* for the end of the test */
    ready_pid(start_node(&hearing, "leave ready wait"));
}

/* ---- stops ---- */

static void a_stop_and_its_end_are_heard(void **state) {
    (void)state;
    uint64_t serial = start_node(&hearing, "ready joined wait");
    pid_t pid = ready_pid(serial);
    await(&hearing, serial, START_JOINED);
    for (unsigned i = 0; i < MANY; i++) {
        unsigned from = hearing.count;
        kill(pid, SIGSTOP);
        assert_string_equal(await_from(&hearing, serial, START_STOPPED, from)->text,
                            "stopped by signal 19");
        assert_false(starter_runs(hearing.starter, serial));
        kill(pid, SIGCONT);
        assert_true(starter_runs(hearing.starter, serial));
        starter_process(hearing.starter);
        assert_int_equal(hearing.count, from + 2);
        assert_int_equal(hearing.told[from + 1].kind, START_CONTINUED);
    }
}

/* SIGCONT at any moment, also before the stop has been heard. */
static void a_continued_node_runs_at_once(void **state) {
    (void)state;
    uint64_t serial = start_node(&hearing, "ready wait");
    pid_t pid = ready_pid(serial);
    for (unsigned i = 0; i < MANY; i++) {
        kill(pid, SIGSTOP);
        kill(pid, SIGCONT);
        assert_true(starter_runs(hearing.starter, serial));
    }
}

static void a_stop_before_ready_is_heard(void **state) {
    (void)state;
    uint64_t serial = start_node(&hearing, "raise=19 ready wait");
    pid_t pid = await(&hearing, serial, START_STOPPED)->pid;
    assert_false(starter_runs(hearing.starter, serial));
    kill(pid, SIGCONT);
    assert_int_equal(ready_pid(serial), pid);
    assert_int_equal(hearing.count, 3);
    assert_int_equal(hearing.told[1].kind, START_CONTINUED);
}

static void await_stop(uint64_t serial) {
    while (starter_runs(hearing.starter, serial))
        usleep(100);
}

/* The owner may be busy for long: the last news say how things are. */
static void many_stops_are_heard_as_the_last(void **state) {
    (void)state;
    uint64_t serial = start_node(&hearing, "ready wait");
    pid_t pid = ready_pid(serial);
    for (unsigned i = 0; i < MANY; i++) {
        kill(pid, SIGCONT);
        kill(pid, SIGSTOP);
        await_stop(serial);
    }
    starter_process(hearing.starter);
    assert_true(hearing.count <= 3);
    assert_int_equal(hearing.told[hearing.count - 1].kind, START_STOPPED);
    starter_kill(hearing.starter, serial);
    assert_string_equal(await(&hearing, serial, START_ENDED)->text, "killed by signal 9");
}

/* ---- many ---- */

static void kill_one_of(uint64_t first) {
    uint64_t serial = first + random_below((size_t)(hearing.last - first + 1));
    starter_kill(hearing.starter, serial);
}

static void many_start_while_some_are_killed(void **state) {
    (void)state;
    random_start("many_start_while_some_are_killed");
    uint64_t first = hearing.last + 1;
    for (unsigned i = 0; i < MANY; i++) {
        start_node(&hearing, random_below(8) == 0 ? "ready exit=1" : "ready joined wait");
        if (random_below(3) == 0)
            kill_one_of(first);
        if (random_below(5) == 0)
            hear_more(&hearing);
    }
    for (uint64_t serial = first; serial <= hearing.last; serial++)
        starter_kill(hearing.starter, serial);
    for (uint64_t serial = first; serial <= hearing.last; serial++)
        await_over(&hearing, serial);
    assert_int_equal(starter_count(hearing.starter), 0);
    assert_false(has_children());
}

static void queued_starts_can_be_killed(void **state) {
    (void)state;
    uint64_t first = hearing.last + 1;
    for (unsigned i = 0; i < MANY; i++)
        start_node(&hearing, "ready wait");
    for (uint64_t serial = first; serial <= hearing.last; serial++)
        starter_kill(hearing.starter, serial);
    for (uint64_t serial = first; serial <= hearing.last; serial++)
        await_over(&hearing, serial);
    assert_string_equal(await(&hearing, hearing.last, START_FAILED)->text,
                        "the node was killed before it was started");
}

static void it_closes_with_starts_in_its_queue(void **state) {
    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        start_node(&hearing, "ready joined wait");
    await(&hearing, hearing.last - MANY + 1, START_READY);
}

static void it_closes_with_stopped_nodes_and_news(void **state) {
    (void)state;
    pid_t pid = ready_pid(start_node(&hearing, "ready wait"));
    start_node(&hearing, "exit=0");
    kill(pid, SIGSTOP);
    await_stop(hearing.last - 1);
}

/* ---- groups ---- */

static void an_empty_group_is_followed_by_another(void **state) {
    (void)state;
    for (unsigned i = 0; i < MANY / 4; i++) {
        uint64_t serial = start_node(&hearing, "ready wait");
        pid_t pid = ready_pid(serial);
        if (i % 2 == 0) { /* else the next start can meet the death */
            starter_kill(hearing.starter, serial);
            await(&hearing, serial, START_ENDED);
        } else {
            kill(pid, SIGKILL);
        }
    }
    for (uint64_t serial = hearing.last - MANY / 4 + 1; serial <= hearing.last; serial++) {
        starter_kill(hearing.starter, serial);
        await(&hearing, serial, START_ENDED);
    }
}

static void nodes_share_a_group_of_their_own(void **state) {
    (void)state;
    pid_t first = ready_pid(start_node(&hearing, "ready wait")),
          second = ready_pid(start_node(&hearing, "ready wait"));
    assert_int_equal(getpgid(first), first);
    assert_int_equal(getpgid(second), first);
    assert_int_not_equal(getpgid(0), first);
}

static struct hearing forked;

static void begin_a_session_between_two_starts(void) {
    hearing_open(&forked);
    uint64_t first = start_node(&forked, "ready wait");
    pid_t old = await(&forked, first, START_READY)->pid;
    need(setsid() == getpid());
    uint64_t second = start_node(&forked, "ready wait"), third = start_node(&forked, "ready wait");
    pid_t new = await(&forked, second, START_READY)->pid;
    pid_t newer = await(&forked, third, START_READY)->pid;
    need(getpgid(new) == new &&getpgid(newer) == new &&getpgid(old) == old);
    kill(old, SIGSTOP);
    kill(newer, SIGSTOP);
    await(&forked, first, START_STOPPED);
    await(&forked, third, START_STOPPED);
    kill(old, SIGKILL);
    kill(newer, SIGKILL);
    await(&forked, first, START_ENDED);
    await(&forked, third, START_ENDED);
    uint64_t fourth = start_node(&forked, "ready wait");
    need(getpgid(await(&forked, fourth, START_READY)->pid) == new);
    starter_close(forked.starter);
    need(!has_children());
}

static void a_new_session_has_a_new_group(void **state) {
    (void)state;
    in_fork(begin_a_session_between_two_starts);
}

#define with_starter(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv) {
    be_node_if_started_as_one(argc, argv);
    const struct CMUnitTest tests[] = {
        with_starter(a_node_becomes_ready_and_joins),
        with_starter(a_failure_says_why),
        with_starter(a_start_that_fails_disturbs_no_other),
        with_starter(a_node_inherits_only_what_it_should),
        with_starter(a_start_without_descriptors_fails),
        with_starter(a_program_that_ignores_its_children_has_no_starter),
        with_starter(an_end_says_how),
        with_starter(news_come_in_order),
        with_starter(a_node_that_closes_its_line_lives_on),
        with_starter(a_node_that_leaves_its_group_is_not_lost),
        with_starter(a_stop_and_its_end_are_heard),
        with_starter(a_continued_node_runs_at_once),
        with_starter(a_stop_before_ready_is_heard),
        with_starter(many_stops_are_heard_as_the_last),
        with_starter(many_start_while_some_are_killed),
        with_starter(queued_starts_can_be_killed),
        with_starter(it_closes_with_starts_in_its_queue),
        with_starter(it_closes_with_stopped_nodes_and_news),
        with_starter(an_empty_group_is_followed_by_another),
        with_starter(nodes_share_a_group_of_their_own),
        cmocka_unit_test(a_new_session_has_a_new_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
