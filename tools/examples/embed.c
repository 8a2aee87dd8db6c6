/*
 * embed.c: banyan inside another program. Five nodes add numbers; one of them is killed, and the
 * others go on, also those below it.
 *
 *     cc -o embed embed.c $(pkg-config --cflags --libs banyan)
 *     ./embed
 *
 * or with CMake, see CMakeLists.txt. An installation that was moved passes the path of the program
 * of the nodes: ./embed $(pkg-config --variable=node_program banyan)
 */
#include <banyan.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct node {
    int64_t id;
    pid_t pid; /* 0: not created yet */
};

/* The state that the callback uses; a larger program has it in a struct of its own. */
struct work {
    struct banyan *tree;
    unsigned outstanding; /* commands that are not answered yet */
};

/* Called once for each command, with its answer and its tag. */
static void answered(void *arg, void *tag, const struct banyan_answer *answer) {
    struct work *work = arg;
    struct node *node = tag;
    char text[200];
    banyan_answer_text(answer, text, sizeof text);
    puts(text);
    if (node != NULL && node->pid == 0 && banyan_answer_code(answer) == BANYAN_OK)
        node->pid = (pid_t)banyan_answer_pid(answer);
    work->outstanding--;
}

/* The loop of a program that waits for nothing else; other programs add banyan_fd to their poll. */
static void wait_for_answers(struct work *work) {
    struct pollfd readable = {.fd = banyan_fd(work->tree), .events = POLLIN};
    banyan_flush(work->tree);
    while (work->outstanding > 0) {
        poll(&readable, 1, -1);
        banyan_process(work->tree);
    }
}

static void add(struct work *work, struct node *node, uint64_t n, const char *numbers) {
    work->outstanding++;
    banyan_exec(work->tree, node->id, n, numbers, strlen(numbers), node);
}

int main(int argc, char **argv) {
    enum { NODES = 5 };
    struct node nodes[NODES] = {{.id = 10}, {.id = 5}, {.id = 20}, {.id = 3}, {.id = 7}};
    struct work work = {.outstanding = 0};
    struct banyan_options options = {
        .answered = answered, .arg = &work, .node_program = argc > 1 ? argv[1] : NULL};
    char error[200];
    if ((work.tree = banyan_open(&options, error, sizeof error)) == NULL) {
        fprintf(stderr, "embed: %s\n", error);
        return 1;
    }
    for (int i = 0; i < NODES; i++) {
        work.outstanding++;
        banyan_create(work.tree, nodes[i].id, BANYAN_NO_PARENT, &nodes[i]);
    }
    for (int i = 0; i < NODES; i++) /* no need to wait until they are created */
        add(&work, &nodes[i], 3, "1 2 9223372036854775807");
    wait_for_answers(&work);

    if (nodes[1].pid > 0)
        kill(nodes[1].pid, SIGKILL); /* 3 and 7 are below it */
    for (int i = 0; i < NODES; i++)
        add(&work, &nodes[i], 2, "20 22");
    work.outstanding++;
    banyan_pingall(work.tree, NULL);
    wait_for_answers(&work);
    banyan_close(work.tree);
    return 0;
}
