/*
 * hostile: a peer of the same user that does everything wrong, against real nodes.
 *
 *     hostile [--seed N] [--frames N]
 *
 * Seven nodes in a tree get malformed requests and surveys (random ones, and well-formed ones with
 * something wrong), messages that break nng's own rules, connections that say nothing, too little
 * or something else, peers that never read and peers that vanish. Between the batches every node
 * must add exactly and pingall must list no node; at the end the descriptors must be what they were
 * and the memory must have stayed within BOUND.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../unit/random.h"
#include "banyan.h"
#include "hostile.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* what is freed is kept for a while */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
    BATCH = 5000,
    HANDSHAKES = 100,
    SILENT = 100,        /* connections that never say anything, at each socket of a node */
    VANISHING = 2000,    /* in all, in each batch */
    DEADLINE_MS = 20000, /* so long that no healthy node is late on a busy machine */
    BOUND_KB = SANITIZED ? 600 << 10 : 64 << 10, /* more memory than before, for each process */
};

const int node_ids[NODES] = {40, 20, 60, 10, 30, 50, 70};

static struct banyan *tree;
static char directory[] = "/tmp/banyan-hostile-XXXXXX";
static unsigned long checks;

_Noreturn void fail(const char *what) {
    printf("FAILED: %s\n", what);
    fflush(stdout);
    banyan_close(tree);
    rmdir(directory);
    exit(1);
}

uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- commands ---- */

struct command {
    bool answered;
    char text[256];
    int64_t pid;
};

static void answered(void *arg, void *tag, const struct banyan_answer *answer) {
    struct command *command = tag;
    (void)arg;
    if (command->answered)
        fail("answered twice");
    command->answered = true;
    command->pid = banyan_answer_pid(answer);
    banyan_answer_text(answer, command->text, sizeof command->text);
}

static void wait_for(struct command *commands, size_t count) {
    uint64_t end_ms = now_ms() + WAIT_MS;
    banyan_flush(tree);
    for (size_t i = 0; i < count; i++) {
        while (!commands[i].answered) {
            struct pollfd watch = {.fd = banyan_fd(tree), .events = POLLIN};
            poll(&watch, 1, 1000);
            banyan_process(tree);
            if (now_ms() > end_ms)
                fail("no answer");
        }
    }
}

static void expect(const struct command *command, const char *text) {
    if (strcmp(command->text, text) == 0)
        return;
    printf("got '%s', expected '%s'\n", command->text, text);
    fail("wrong answer");
}

/* Every node adds exactly, and no node is missing. */
static void check_all(void) {
    struct command commands[NODES + 1] = {0};
    char text[64];
    for (int i = 0; i < NODES; i++) {
        snprintf(text, sizeof text, "%d -5 9223372036854775807", node_ids[i]);
        banyan_exec(tree, node_ids[i], 3, text, strlen(text), &commands[i]);
    }
    banyan_pingall(tree, &commands[NODES]);
    wait_for(commands, NODES + 1);
    for (int i = 0; i < NODES; i++) {
        snprintf(text, sizeof text, "Ok:%d: %" PRIu64, node_ids[i],
                 (uint64_t)INT64_MAX + (uint64_t)node_ids[i] - 5);
        expect(&commands[i], text);
    }
    expect(&commands[NODES], "Ok: -1");
    checks++;
}

/* ---- what a process holds ---- */

static unsigned count_descriptors(pid_t pid) {
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *fds = opendir(path);
    if (fds == NULL)
        fail("a process is gone");
    while (readdir(fds) != NULL)
        count++;
    closedir(fds);
    return count;
}

static unsigned long memory_kb(pid_t pid) {
    char path[64], line[256];
    unsigned long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        sscanf(line, "VmRSS: %lu", &kb);
    if (status != NULL)
        fclose(status);
    return kb;
}

static struct process {
    pid_t pid;
    unsigned descriptors;
    unsigned long memory_kb;
} processes[NODES + 1]; /* the last is this one */

static void check_descriptors(void) {
    uint64_t end_ms = now_ms() + WAIT_MS;
    for (int i = 0; i <= NODES; i++) {
        unsigned count;
        while ((count = count_descriptors(processes[i].pid)) > processes[i].descriptors) {
            if (now_ms() > end_ms) {
                printf("process %d has %u descriptors, had %u\n", i, count,
                       processes[i].descriptors);
                fail("descriptors are left open");
            }
            poll(NULL, 0, 100);
        }
    }
    printf("descriptors as before: %u here, %u in the first node\n", processes[NODES].descriptors,
           processes[0].descriptors);
}

static void check_memory(void) {
    unsigned long most_kb = 0, kb;
    for (int i = 0; i <= NODES; i++) {
        kb = memory_kb(processes[i].pid);
        kb = kb > processes[i].memory_kb ? kb - processes[i].memory_kb : 0;
        if (i < NODES)
            most_kb = kb > most_kb ? kb : most_kb;
        if (kb > BOUND_KB)
            fail("too much memory");
    }
    printf("memory: a node has at most %lu KB more than at first, the controller %lu KB (bound %d "
           "KB)\n",
           most_kb, kb, BOUND_KB);
}
/* ---- the test ---- */

static void batch(int node) {
    peer_messages(node, BATCH);
    peer_handshakes(node, HANDSHAKES);
    peer_vanish(node, VANISHING);
    peer_deaf(node);
}

static bool hung_up(int fd) {
    char bytes[64];
    ssize_t len = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    return len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR);
}

/* However large the budget of a survey is, all nodes answer it. */
static void check_surveys(void) {
    static const uint64_t budgets_us[] = {UINT64_MAX, UINT64_MAX / 2, UINT64_C(0xffffffff) * 1000,
                                          UINT64_C(0x80000000) * 1000 * 1000};
    for (size_t i = 0; i < sizeof budgets_us / sizeof *budgets_us; i++) {
        if (peer_survey(0, budgets_us[i] - random_below(1000)) != NODES)
            fail("a survey with a large budget is not answered by all");
    }
}

static void start(void) {
    struct command commands[NODES] = {0};
    struct banyan_options options = {
        .answered = answered, .directory = directory, .deadline_ms = DEADLINE_MS};
    char error[256], sockets[256] = "";
    if (mkdtemp(directory) == NULL || (tree = banyan_open(&options, error, sizeof error)) == NULL)
        fail("cannot start");
    for (int i = 0; i < NODES; i++) { /* one by one, so that the serials are known */
        banyan_create(tree, node_ids[i], BANYAN_NO_PARENT, &commands[i]);
        wait_for(&commands[i], 1);
        processes[i].pid = (pid_t)commands[i].pid;
        if (processes[i].pid <= 0)
            fail(commands[i].text);
    }
    processes[NODES].pid = getpid();
    DIR *above = opendir(directory);
    for (struct dirent *entry; above != NULL && (entry = readdir(above)) != NULL;) {
        if (entry->d_name[0] != '.')
            snprintf(sockets, sizeof sockets, "%s/%.100s", directory, entry->d_name);
    }
    if (above != NULL)
        closedir(above);
    peer_sockets(sockets);
    check_all();
    for (int i = 0; i <= NODES; i++) {
        processes[i].descriptors = count_descriptors(processes[i].pid);
        processes[i].memory_kb = memory_kb(processes[i].pid);
    }
}

int main(int argc, char **argv) {
    static int silent[2 * SILENT];
    unsigned long wanted = 100000;
    uint64_t seed = (uint64_t)time(NULL);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--frames") == 0)
            wanted = strtoul(argv[i + 1], NULL, 10);
    }
    printf("hostile --seed %" PRIu64 " --frames %lu\n", seed, wanted);
    fflush(stdout);
    random_state = seed;
    signal(SIGPIPE, SIG_IGN);
    start();
    for (int i = 0; i < SILENT; i++) {
        silent[2 * i] = peer_dial(i % NODES, i % 2 == 0);
        silent[2 * i + 1] = peer_dial_well(i % NODES, i % 2 == 0);
    }
    for (int node = 0; counts.frames < wanted; node = (node + 1) % NODES) {
        batch(node);
        check_all();
    }
    for (int i = 0; i < SILENT; i++)
        close(silent[2 * i + 1]); /* the others are for the nodes to close */
    for (int i = 0; i < SILENT; i++) {
        while (!hung_up(silent[2 * i]))
            poll(NULL, 0, 10);
    }
    for (int i = 0; i < SILENT; i++)
        close(silent[2 * i]);
    check_descriptors();
    check_memory();
    check_surveys();
    check_all();
    banyan_close(tree);
    if (rmdir(directory) != 0)
        fail("something is left in the directory");
    printf("%lu bad messages, %lu connections without a handshake, %lu answers; %lu good "
           "questions among them answered, %lu checks of all nodes\n",
           counts.frames, counts.handshakes, counts.answers, counts.asked_well, checks);
    if (counts.asked_well == 0 || counts.answers < counts.frames / 4)
        fail("hardly anything was answered");
    return 0;
}
