/*
 * The line between a node and its starter, and what its end does to the node.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>

#include "by_script.h"

static int line[2];

static int open_line(void **state) {
    (void)state;
    return birth_open(line);
}

static int close_line(void **state) {
    (void)state;
    close(line[0]);
    close(line[1]);
    return 0;
}

static void lines_arrive_whole(void **state) {
    char text[BIRTH_TEXT_MAX];
    (void)state;
    assert_int_equal(birth_read(line[0], text), BIRTH_NOTHING);
    birth_write_ready(line[1]);
    birth_write_joined(line[1]);
    birth_write_failure(line[1], "no room\nat all");
    assert_int_equal(birth_read(line[0], text), BIRTH_READY);
    assert_int_equal(birth_read(line[0], text), BIRTH_JOINED);
    assert_int_equal(birth_read(line[0], text), BIRTH_FAILED);
    assert_string_equal(text, "no room");
    assert_int_equal(birth_read(line[0], text), BIRTH_NOTHING);
}

static void a_long_failure_is_cut(void **state) {
    char text[BIRTH_TEXT_MAX], reason[2 * BIRTH_TEXT_MAX];
    (void)state;
    memset(reason, 'a', sizeof reason);
    reason[sizeof reason - 1] = '\0';
    birth_write_failure(line[1], reason);
    assert_int_equal(birth_read(line[0], text), BIRTH_FAILED);
    assert_int_equal(strspn(text, "a"), strlen(text));
    assert_true(strlen(text) > BIRTH_TEXT_MAX / 2);
}

static void other_lines_are_failures(void **state) {
    const char *lines[] = {"ready", "ready\njoined\n", "hello\n", "\xff\x01", "failed"};
    char text[BIRTH_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_true(write(line[1], lines[i], strlen(lines[i])) > 0);
        assert_int_equal(birth_read(line[0], text), BIRTH_FAILED);
        assert_string_equal(text, "the node says something else than that it is ready");
    }
}

static void the_end_comes_after_the_lines(void **state) {
    char text[BIRTH_TEXT_MAX];
    (void)state;
    birth_write_ready(line[1]);
    shutdown(line[1], SHUT_RDWR);
    birth_write_joined(line[1]); /* neither a signal nor a wait */
    assert_int_equal(birth_read(line[0], text), BIRTH_READY);
    assert_int_equal(birth_read(line[0], text), BIRTH_OVER);
    assert_int_equal(birth_read(line[0], text), BIRTH_OVER);
}

/* ---- a stopped node ---- */

static void wait_until_line_ends(void) {
    struct pollfd watch = {.fd = line[1], .events = POLLIN};
    while (poll(&watch, 1, -1) < 0 && errno == EINTR)
        ;
}

/* A child that is ready, and has stopped. */
static pid_t start_stopped(void) {
    int status;
    pid_t pid = fork();
    need(pid >= 0);
    if (pid == 0) {
        close(line[0]);
        if (!birth_watch(line[1]))
            _exit(1);
        birth_write_ready(line[1]);
        raise(SIGSTOP);
        wait_until_line_ends();
        _exit(42);
    }
    need(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    return pid;
}

static void need_status(pid_t pid, int expected) {
    int status;
    need(waitpid(pid, &status, 0) == pid);
    need(WIFEXITED(status) && WEXITSTATUS(status) == expected);
}

static void the_end_continues_a_stopped_node(void **state) {
    (void)state;
    pid_t pid = start_stopped();
    close(line[0]);
    need_status(pid, 42);
    line[0] = -1;
}

static void reading_continues_no_process(void **state) {
    char text[BIRTH_TEXT_MAX];
    siginfo_t info = {0};
    (void)state;
    pid_t pid = start_stopped();
    assert_int_equal(birth_read(line[0], text), BIRTH_READY);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WCONTINUED | WNOHANG), 0);
    assert_int_equal(info.si_pid, 0);
    close(line[0]);
    line[0] = -1;
    need_status(pid, 42);
}

static void a_killed_starter_continues_a_stopped_node(void **state) {
    (void)state;
    pid_t pid = start_stopped(), holder = fork();
    need(holder >= 0);
    if (holder == 0) {
        for (;;)
            pause();
    }
    close(line[0]);
    line[0] = -1;
    kill(holder, SIGKILL);
    need(waitpid(holder, NULL, 0) == holder);
    need_status(pid, 42);
}

static void programs_of_a_node_do_not_keep_the_line(void **state) {
    (void)state;
    assert_int_equal(fcntl(line[1], F_SETFD, 0), 0);
    assert_true(birth_watch(line[1]));
    assert_int_equal(fcntl(line[1], F_GETFD), FD_CLOEXEC);
}

/* ---- a starter that ends while a node is stopped ---- */

enum { NODES = 3 };

static struct hearing hearing;
static int farewells[2]; /* nodes write to standard error when they have ended in order */

/* A session of its own: the group is orphaned then, wherever its processes go to. */
static void start_nodes_and_stop_one(void) {
    pid_t pid = 0;
    setsid();
    dup2(farewells[1], STDERR_FILENO);
    hearing_open(&hearing);
    for (unsigned i = 0; i < NODES; i++)
        pid = await(&hearing, start_node(&hearing, "survive ready wait bye"), START_READY)->pid;
    kill(pid, SIGSTOP);
    await(&hearing, hearing.last, START_STOPPED);
}

static void stop_one_and_exit(void) {
    start_nodes_and_stop_one();
}

static void stop_one_and_be_killed(void) {
    start_nodes_and_stop_one();
    kill(getpid(), SIGKILL);
}

/* The pipe ends when the last node has. */
static void need_farewells(void) {
    char byte;
    unsigned count = 0;
    struct pollfd watch = {.fd = farewells[0], .events = POLLIN};
    close(farewells[1]);
    while (poll(&watch, 1, PATIENCE_MS) == 1 && read(farewells[0], &byte, 1) == 1)
        count += byte == 'x';
    close(farewells[0]);
    need(count == NODES);
}

static void run_host(void (*act)(void)) {
    need(pipe2(farewells, O_CLOEXEC) == 0);
    pid_t host = fork();
    need(host >= 0);
    if (host == 0) {
        is_forked = true;
        act();
        _exit(0);
    }
    need(waitpid(host, NULL, 0) == host);
    need_farewells();
}

static void nodes_survive_the_end_of_their_starter(void **state) {
    (void)state;
    run_host(stop_one_and_exit);
    run_host(stop_one_and_be_killed);
}

static void a_hangup_from_elsewhere_ends_a_node(void **state) {
    (void)state;
    hearing_open(&hearing);
    uint64_t serial = start_node(&hearing, "survive ready wait");
    kill(await(&hearing, serial, START_READY)->pid, SIGHUP);
    assert_string_equal(await(&hearing, serial, START_ENDED)->text, "killed by signal 1");
    starter_close(hearing.starter);
}

#define on_a_line(test) cmocka_unit_test_setup_teardown(test, open_line, close_line)

int main(int argc, char **argv) {
    be_node_if_started_as_one(argc, argv);
    const struct CMUnitTest tests[] = {
        on_a_line(lines_arrive_whole),
        on_a_line(a_long_failure_is_cut),
        on_a_line(other_lines_are_failures),
        on_a_line(the_end_comes_after_the_lines),
        on_a_line(the_end_continues_a_stopped_node),
        on_a_line(reading_continues_no_process),
        on_a_line(a_killed_starter_continues_a_stopped_node),
        on_a_line(programs_of_a_node_do_not_keep_the_line),
        cmocka_unit_test(nodes_survive_the_end_of_their_starter),
        cmocka_unit_test(a_hangup_from_elsewhere_ends_a_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
