/*
 * A program that embeds a starter has children of its own. Neither takes anything from the other;
 * and a program that reaps all children takes no more than the statuses.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "by_script.h"
#include "random.h"

enum { ROUNDS = 100, NODES = 20, OWN = 8 };

static struct hearing hearing;

/* ---- the host's children, and its thread that waits for them ---- */

static pid_t start_own(int status) {
    pid_t pid = fork();
    need(pid >= 0);
    if (pid == 0) {
        if (status < 0)
            raise(SIGSTOP);
        _exit(status < 0 ? 1 : status);
    }
    return pid;
}

static void need_own_exit(int expected) {
    int status;
    pid_t pid = start_own(expected);
    need(waitpid(pid, &status, 0) == pid);
    need(WIFEXITED(status) && WEXITSTATUS(status) == expected);
}

static void need_own_stop(void) {
    int status;
    pid_t pid = start_own(-1);
    need(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    kill(pid, SIGCONT);
    need(waitpid(pid, &status, WCONTINUED) == pid);
    if (WIFCONTINUED(status))
        need(waitpid(pid, &status, 0) == pid);
    need(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

/* ---- children that a handler of SIGCHLD reaps ---- */

static volatile sig_atomic_t own_pids[OWN]; /* 0: none */
static volatile sig_atomic_t own_reaped;

static void reap_own(int number) {
    int error = errno;
    (void)number;
    for (unsigned i = 0; i < OWN; i++) {
        if (own_pids[i] != 0 && waitpid(own_pids[i], NULL, WNOHANG) == own_pids[i]) {
            own_pids[i] = 0;
            own_reaped++;
        }
    }
    errno = error;
}

/* The handler must know a child before it can hear of it. */
static void start_for_handler(void) {
    sigset_t chld, before;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, &before);
    for (unsigned i = 0; i < OWN; i++) {
        if (own_pids[i] == 0)
            own_pids[i] = start_own((int)i);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void await_handler(void) {
    for (unsigned i = 0; i < OWN; i++) {
        while (own_pids[i] != 0)
            poll(NULL, 0, 1);
    }
}

/* ---- both at once ---- */

static uint64_t first_living(uint64_t first) {
    while (first <= hearing.last && is_over(&hearing, first))
        first++;
    return first;
}

/* Every node that has been killed by the test is heard of with its signal. */
static void kill_a_node(uint64_t serial) {
    const struct told *ready = await(&hearing, serial, START_READY);
    kill(ready->pid, SIGSTOP);
    await(&hearing, serial, START_STOPPED);
    kill(ready->pid, SIGCONT);
    await(&hearing, serial, START_CONTINUED);
    kill(ready->pid, SIGUSR1);
    need(strcmp(await(&hearing, serial, START_ENDED)->text, "killed by signal 10") == 0);
}

static void live_together(void) {
    struct sigaction action = {.sa_handler = reap_own, .sa_flags = SA_RESTART};
    random_start("live_together");
    sigaction(SIGCHLD, &action, NULL);
    hearing_open(&hearing);
    uint64_t first = 1;
    for (int i = 0; i < ROUNDS; i++) {
        start_node(&hearing, "ready joined wait");
        if (random_below(2) == 0)
            start_for_handler();
        need_own_exit(i);
        need_own_stop();
        if (hearing.last - first >= NODES || random_below(4) == 0)
            kill_a_node(first);
        first = first_living(first);
    }
    await_handler();
    need(own_reaped > 0);
    starter_close(hearing.starter);
    need(!has_children());
}

static void host_and_nodes_take_nothing_from_each_other(void **state) {
    (void)state;
    in_fork(live_together);
}

/* ---- a host that reaps everything ---- */

static atomic_bool reaping;

static void *reap_everything(void *arg) {
    (void)arg;
    while (atomic_load(&reaping)) {
        if (waitpid(-1, NULL, 0) < 0)
            poll(NULL, 0, 1);
    }
    return NULL;
}

static void live_with_a_reaper(void) {
    pthread_t thread;
    atomic_store(&reaping, true);
    hearing_open(&hearing);
    need(pthread_create(&thread, NULL, reap_everything, NULL) == 0);
    for (int i = 0; i < ROUNDS; i++)
        start_node(&hearing, i % 3 == 0   ? "exit=0"
                             : i % 3 == 1 ? "ready exit=0"
                                          : "ready joined wait");
    for (uint64_t serial = 3; serial <= hearing.last; serial += 3) {
        need(await(&hearing, serial, START_READY)->pid > 0);
        starter_kill(hearing.starter, serial);
    }
    for (uint64_t serial = 1; serial <= hearing.last; serial++)
        await_over(&hearing, serial);
    need(starter_count(hearing.starter) == 0);
    start_node(&hearing, "ready wait");
    await(&hearing, hearing.last, START_READY);
    starter_close(hearing.starter);
    atomic_store(&reaping, false);
    pthread_join(thread, NULL);
    need(!has_children());
}

static void nodes_that_the_host_has_reaped_are_over(void **state) {
    (void)state;
    in_fork(live_with_a_reaper);
}

/* ---- a host that takes the nodes' ends while no thread waits for the group ---- */

static void reap_all_at_once(void) {
    hearing_open(&hearing);
    pid_t own = start_own(-1); /* something to wait for in any case */
    for (int i = 0; i < NODES; i++)
        start_node(&hearing, "leave ready wait");
    for (uint64_t serial = 1; serial <= hearing.last; serial++) {
        pid_t pid = await(&hearing, serial, START_READY)->pid;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0); /* or the starter was first */
    }
    for (uint64_t serial = 1; serial <= hearing.last; serial++)
        await(&hearing, serial, START_ENDED);
    kill(own, SIGKILL);
    need(waitpid(own, NULL, 0) == own);
    starter_close(hearing.starter);
    need(!has_children());
}

static void nodes_that_no_thread_waits_for_are_found_by_their_lines(void **state) {
    (void)state;
    in_fork(reap_all_at_once);
}

int main(int argc, char **argv) {
    be_node_if_started_as_one(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_and_nodes_take_nothing_from_each_other),
        cmocka_unit_test(nodes_that_the_host_has_reaped_are_over),
        cmocka_unit_test(nodes_that_no_thread_waits_for_are_found_by_their_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
