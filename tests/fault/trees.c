/*
 * trees: what banyan.h promises to the program around the library: several trees in one process,
 * other children of that process, a program that reaps what is not its own, commands from within
 * answers, commands that are not flushed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "banyan.h"

enum { WAIT_S = 60, CHAIN = 5000, NODES = 4, OWN_STATUS = 7 };

struct command {
    struct banyan *tree;
    bool answered;
    unsigned more; /* execs that are given from within answers */
    int64_t pid;
    char text[256];
};

static _Noreturn void fail(const char *what, const char *text) {
    printf("FAILED: %s: %s\n", what, text);
    exit(1);
}

static void answered(void *arg, void *tag, const struct banyan_answer *answer) {
    struct command *command = tag;
    (void)arg;
    if (command->answered)
        fail("answered twice", command->text);
    banyan_answer_text(answer, command->text, sizeof command->text);
    command->pid = banyan_answer_pid(answer);
    command->answered = command->more == 0;
    if (!command->answered) {
        command->more--;
        banyan_exec(command->tree, 1, 2, "20 22", 5, command);
    }
}

static struct banyan *open_tree(void) {
    struct banyan_options options = {.answered = answered};
    char error[256];
    struct banyan *tree = banyan_open(&options, error, sizeof error);
    if (tree == NULL)
        fail("cannot open", error);
    return tree;
}

/* Without a flush: the descriptor must be readable. */
static void wait_for(struct banyan *tree, const struct command *command, const char *text) {
    struct pollfd watch = {.fd = banyan_fd(tree), .events = POLLIN};
    time_t end = time(NULL) + WAIT_S;
    while (!command->answered) {
        if (poll(&watch, 1, WAIT_S * 1000) == 0 || time(NULL) > end)
            fail("no answer", text);
        banyan_process(tree);
    }
    if (text != NULL && strcmp(command->text, text) != 0)
        fail(text, command->text);
}

static pid_t create(struct banyan *tree, int64_t id) {
    struct command command = {.tree = tree};
    banyan_create(tree, id, BANYAN_NO_PARENT, &command);
    wait_for(tree, &command, NULL);
    if (command.pid <= 0)
        fail("create", command.text);
    return (pid_t)command.pid;
}

static void add(struct banyan *tree, int64_t id) {
    struct command command = {.tree = tree};
    char text[64];
    snprintf(text, sizeof text, "Ok:%d: 42", (int)id);
    banyan_exec(tree, id, 2, "20 22", 5, &command);
    wait_for(tree, &command, text);
}

static void ping(struct banyan *tree, const char *text) {
    struct command command = {.tree = tree};
    banyan_pingall(tree, &command);
    wait_for(tree, &command, text);
}

static void drop(struct banyan *tree, int64_t id) {
    struct command command = {.tree = tree};
    banyan_kill(tree, id, &command);
    wait_for(tree, &command, "Ok");
}

/* Ended, and for this process to reap. */
static pid_t own_child(void) {
    siginfo_t info;
    pid_t pid = fork();
    if (pid == 0)
        _exit(OWN_STATUS);
    if (pid < 0 || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0)
        fail("no child", strerror(errno));
    return pid;
}

static void several_trees_and_other_children(void) {
    struct banyan *one = open_tree(), *two = open_tree();
    pid_t child = own_child(), lost = 0;
    int status = 0;
    for (int64_t id = 1; id <= NODES; id++) {
        lost = create(one, id);
        create(two, id);
    }
    add(one, NODES);
    add(two, NODES);
    kill(lost, SIGKILL);
    ping(one, "Ok: 4");
    ping(two, "Ok: -1");
    drop(one, NODES);
    banyan_close(one);
    add(two, NODES);
    ping(two, "Ok: -1");
    banyan_close(two);
    if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != OWN_STATUS)
        fail("another child", "its exit status was taken");
    if (waitpid(-1, NULL, 0) != -1 || errno != ECHILD)
        fail("close", "a child is left");
}

static void a_program_that_reaps_all_children(void) {
    struct banyan *tree = open_tree();
    create(tree, 1);
    pid_t pid = create(tree, 2);
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) /* or the library was first: ECHILD */
        ;
    ping(tree, "Ok: 2");
    add(tree, 1);
    drop(tree, 2);
    banyan_close(tree);
}

static void commands_from_within_answers(void) {
    struct banyan *tree = open_tree();
    struct command command = {.tree = tree, .more = CHAIN};
    create(tree, 1);
    banyan_pingall(tree, &command);
    wait_for(tree, &command, "Ok:1: 42");
    /* answered at once, in a row: this must not run out of stack */
    drop(tree, 1);
    command = (struct command){.tree = tree, .more = CHAIN};
    banyan_pingall(tree, &command);
    wait_for(tree, &command, "Error:1: Not found");
    banyan_close(tree);
}

static void a_program_that_ignores_its_children(void) {
    struct banyan_options options = {.answered = answered};
    char error[256] = "";
    signal(SIGCHLD, SIG_IGN);
    if (banyan_open(&options, error, sizeof error) != NULL)
        fail("SIGCHLD is ignored", "and the library opens a tree");
    if (strcmp(error, "cannot start nodes: this program ignores SIGCHLD") != 0)
        fail("SIGCHLD is ignored", error);
    signal(SIGCHLD, SIG_DFL);
}

int main(void) {
    several_trees_and_other_children();
    a_program_that_reaps_all_children();
    commands_from_within_answers();
    a_program_that_ignores_its_children();
    printf("several trees, other children, answers that give commands: as promised\n");
    return 0;
}
