/*
 * soak: kills, stops and continues random nodes of a tree while execs, pingalls, kills and
 * creates run, and checks every answer against a model.
 *
 *     soak [--seed N] [--faults N] [--nodes N] [--deadline MS] [--kind all|kills|stops] [--stay 1]
 *          [--busy N]
 *
 * The model knows of each node what was done to it and when, in steps of the program: an answer is
 * judged by what happened between its command and itself.
 *   exec     Ok: the sum must be exact. Unavailable: only if the node was disturbed meanwhile, or
 *            had been continued and not been seen to work since.
 *   pingall  must list the nodes that were dead or stopped the whole time, and no undisturbed one.
 * Every command is answered exactly once. At the end every node is continued or created again: then
 * all must answer, and the number of open descriptors must be what it was. With --busy N, N other
 * processes take all the processors' time: the same must hold.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "banyan.h"

enum {
    NODES_MOST = 255,
    EXECS_AHEAD = 64,
    NUMBERS_MOST = 40,
    ANSWER_MS = 30000, /* without an answer for so long something is wrong */
    QUIET_MS = 20000,  /* without any event likewise */
    SETTLE_MS = 1000,  /* descriptors that stay open for so long are open for good */
};

enum state { ABSENT, RUNNING, STOPPED, DEAD };

struct node {
    enum state state;
    pid_t pid;
    bool proven;         /* seen to work since it was last disturbed */
    unsigned long since; /* the step of the last change of its state */
};

enum kind { CREATE, EXEC, PINGALL, KILL };

struct command {
    enum kind kind;
    int id;
    unsigned long given; /* the step */
    bool proven;         /* of the node, when the command was given */
    bool answered;
    long long sum;
    double given_ms;
    char was[NODES_MOST + 1]; /* pingall: the states when it was given */
};

static struct banyan *tree;
static struct node nodes[NODES_MOST + 1];
static int count = 31;
static unsigned long step, outstanding, faults_wanted = 200;
static unsigned long seed = 1, busy;
static unsigned long kills, stops, continuations, answers, sums, refusals, pings, slow_pings;
static double longest_step_ms;
static double killed_at_ms, *waits_ms, longest_ping_ms;
static size_t wait_count;
static int watched; /* the id below the last kill whose first answer is awaited; 0: none */

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static unsigned draw(unsigned below) {
    static unsigned long x;
    x = x == 0 ? seed * 2862933555777941757ul + 3037000493ul : x;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (unsigned)((x >> 20) % below);
}

static enum { ALL, KILLS, STOPS } faults;
static unsigned deadline_ms = 1000;
static bool stay; /* for a debugger: wait where something is wrong */

static _Noreturn void fail(const char *what, const struct command *command, const char *text) {
    printf("FAILED (--seed %lu): %s: command %d, node %d (state %d since step %lu), given at step "
           "%lu, now "
           "%lu: %s\n",
           seed, what, command->kind, command->id, nodes[command->id].state,
           nodes[command->id].since, command->given, step, text);
    fflush(stdout);
    while (stay)
        pause();
    for (int id = 1; id <= count; id++) { /* leave nothing behind */
        if (nodes[id].pid > 0)
            kill(nodes[id].pid, SIGKILL);
    }
    banyan_close(tree);
    exit(1);
}

static void change(int id, enum state state) {
    nodes[id].state = state;
    nodes[id].since = ++step;
    nodes[id].proven = false;
}

/* ---- answers ---- */

static void exec_answered(struct command *command, const struct banyan_answer *answer,
                          const char *text) {
    struct node *node = &nodes[command->id];
    char sum[41], expected[41];
    if (banyan_answer_code(answer) == BANYAN_OK) {
        banyan_answer_sum(answer, sum);
        snprintf(expected, sizeof expected, "%lld", command->sum);
        if (strcmp(sum, expected) != 0)
            fail("wrong sum", command, text);
        if (node->state == RUNNING && node->since < command->given)
            node->proven = true;
        if (watched == command->id && command->given_ms >= killed_at_ms) {
            waits_ms[wait_count++] = now_ms() - killed_at_ms;
            watched = 0;
        }
        sums++;
        return;
    }
    if (banyan_answer_code(answer) != BANYAN_UNAVAILABLE)
        fail("unexpected answer", command, text);
    if (command->proven && node->state == RUNNING && node->since < command->given)
        fail("a healthy node is called unavailable", command, text);
    refusals++;
}

static bool is_listed(const struct banyan_answer *answer, int id) {
    size_t ids_count;
    const int64_t *ids = banyan_answer_ids(answer, &ids_count);
    for (size_t i = 0; i < ids_count; i++) {
        if (ids[i] == id)
            return true;
    }
    return false;
}

static void pingall_answered(struct command *command, const struct banyan_answer *answer,
                             const char *text) {
    double took_ms = now_ms() - command->given_ms;
    if (banyan_answer_code(answer) != BANYAN_OK)
        fail("unexpected answer", command, text);
    for (int id = 1; id <= count; id++) {
        bool listed = is_listed(answer, id), same = nodes[id].since < command->given;
        command->id = id;
        if (same && !listed && (command->was[id] == DEAD || command->was[id] == STOPPED))
            fail("pingall misses a lost node", command, text);
        if (same && listed && command->was[id] == RUNNING)
            fail("pingall lists a running node", command, text);
    }
    if (took_ms > longest_ping_ms)
        longest_ping_ms = took_ms;
    slow_pings += took_ms > deadline_ms + 50;
    pings++;
}

/* Below a lost node nothing can be created; that node is created again later. */
static void create_answered(struct command *command, const struct banyan_answer *answer,
                            const char *text) {
    if (banyan_answer_code(answer) == BANYAN_OK) {
        nodes[command->id].pid = (pid_t)banyan_answer_pid(answer);
    } else if (banyan_answer_code(answer) == BANYAN_PARENT_UNAVAILABLE && !command->proven) {
        change(command->id, ABSENT);
    } else {
        fail("unexpected answer", command, text);
    }
}

static void answered(void *arg, void *tag, const struct banyan_answer *answer) {
    struct command *command = tag;
    char text[8192];
    (void)arg;
    banyan_answer_text(answer, text, sizeof text);
    step++;
    if (command->answered)
        fail("answered twice", command, text);
    command->answered = true;
    outstanding--;
    answers++;
    if (command->kind == EXEC)
        exec_answered(command, answer, text);
    else if (command->kind == PINGALL)
        pingall_answered(command, answer, text);
    else if (command->kind == CREATE)
        create_answered(command, answer, text);
    else if (banyan_answer_code(answer) != BANYAN_OK &&
             banyan_answer_code(answer) != BANYAN_NOT_FOUND)
        fail("unexpected answer", command, text);
}

/* ---- commands; answered ones are freed when all are ---- */

static struct command **given;
static size_t given_count, given_room;

static void forget_answered(void) {
    size_t kept = 0;
    for (size_t i = 0; i < given_count; i++) {
        if (given[i]->answered)
            free(given[i]);
        else
            given[kept++] = given[i];
    }
    given_count = kept;
}

static struct command *command_new(enum kind kind, int id) {
    struct command *command = calloc(1, sizeof *command);
    if (given_count == given_room)
        given = realloc(given, (given_room = given_room * 2 + 1024) * sizeof *given);
    if (command == NULL || given == NULL)
        abort();
    given[given_count++] = command;
    command->kind = kind;
    command->id = id;
    command->given = ++step;
    command->given_ms = now_ms();
    command->proven = nodes[id].proven;
    outstanding++;
    return command;
}

static void give_exec(int id) {
    char text[NUMBERS_MOST * 22], *at = text;
    unsigned n = 1 + draw(NUMBERS_MOST - 1);
    struct command *command = command_new(EXEC, id);
    for (unsigned i = 0; i < n; i++) {
        long long number = (long long)draw(2000000000) - 1000000000;
        command->sum += number;
        at += sprintf(at, "%lld ", number);
    }
    banyan_exec(tree, id, n, text, (size_t)(at - text), command);
}

static void give_pingall(void) {
    struct command *command = command_new(PINGALL, 0);
    for (int id = 1; id <= count; id++)
        command->was[id] = (char)nodes[id].state;
    banyan_pingall(tree, command);
}

static const struct command *oldest_open(void) {
    for (size_t i = 0; i < given_count; i++) {
        if (!given[i]->answered)
            return given[i];
    }
    abort();
}

static void wait_for_events(void) {
    struct pollfd watch = {.fd = banyan_fd(tree), .events = POLLIN};
    banyan_flush(tree);
    if (outstanding == 0) /* the flush has brought the last answers */
        return;
    if (poll(&watch, 1, QUIET_MS) == 0)
        fail("nothing happens any more", oldest_open(), "");
    double before_ms = now_ms();
    banyan_process(tree);
    if (now_ms() - before_ms > longest_step_ms)
        longest_step_ms = now_ms() - before_ms;
    if (outstanding > 0 && now_ms() - oldest_open()->given_ms > ANSWER_MS)
        fail("no answer", oldest_open(), "");
}

static void wait_for_all(void) {
    banyan_flush(tree);
    while (outstanding > 0)
        wait_for_events();
    forget_answered();
}

static void create_range(int low, int high) {
    int middle = low + (high - low) / 2;
    if (low > high)
        return;
    if (nodes[middle].state == ABSENT) {
        change(middle, RUNNING); /* first: the answer may come within the call */
        banyan_create(tree, middle, BANYAN_NO_PARENT, command_new(CREATE, middle));
    }
    create_range(low, middle - 1);
    create_range(middle + 1, high);
}

/* Ends the nodes from low to high, first `first`, which may have the others below it. */
static void end_range(int first, int low, int high) {
    banyan_kill(tree, first, command_new(KILL, first));
    for (int id = low; id <= high; id++) {
        if (id != first)
            banyan_kill(tree, id, command_new(KILL, id));
        change(id, ABSENT);
    }
    wait_for_all();
}

/* Ends a subtree of the balanced tree, whatever its nodes are, and creates it again. */
static void renew(int id) {
    int low = 1, high = count, middle;
    for (;;) {
        middle = low + (high - low) / 2;
        if (middle == id)
            break;
        if (id < middle)
            high = middle - 1;
        else
            low = middle + 1;
    }
    bool whole = true;
    end_range(id, low, high);
    create_range(low, high);
    wait_for_all();
    for (int i = low; i <= high; i++)
        whole = whole && nodes[i].state != ABSENT;
    if (!whole) /* the tree would get another shape than the model's: all of it later */
        end_range(low, low, high);
}

/* ---- faults ---- */

static void fault_kill(int id) {
    int below = id > 1 && id % 2 == 0 ? id - 1 : 0;
    kill(nodes[id].pid, SIGKILL);
    change(id, DEAD);
    kills++;
    killed_at_ms = now_ms();
    watched = below != 0 && nodes[below].state == RUNNING ? below : 0;
    if (watched != 0)
        give_exec(watched);
}

static bool is_stopped(pid_t pid) {
    char path[32], state = '?';
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file != NULL && fscanf(file, "%*d %*s %c", &state) != 1)
        state = '?';
    if (file != NULL)
        fclose(file);
    return state == 'T';
}

/* The signal goes to one thread of the process; until that thread runs, on a busy machine some
 * milliseconds later, the others go on and answer. */
static void stop(pid_t pid) {
    kill(pid, SIGSTOP);
    while (!is_stopped(pid))
        sched_yield();
}

static void fault(void) {
    int id = 1 + (int)draw((unsigned)count);
    unsigned what = draw(10);
    if (faults == KILLS)
        what = 9;
    else if (faults == STOPS)
        what = 0;
    if (nodes[id].state == STOPPED && what < 7) {
        kill(nodes[id].pid, SIGCONT);
        change(id, RUNNING);
        continuations++;
    } else if (nodes[id].state == RUNNING && what < 4) {
        stop(nodes[id].pid);
        change(id, STOPPED);
        stops++;
    } else if ((nodes[id].state == RUNNING || nodes[id].state == STOPPED) && what >= 6) {
        fault_kill(id);
    } else if (nodes[id].state == DEAD) {
        renew(id);
    }
}

static size_t open_descriptors(void) {
    size_t open_count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory != NULL && readdir(directory) != NULL)
        open_count++;
    if (directory != NULL)
        closedir(directory);
    return open_count;
}

/* Connections are closed by another thread, a moment later: so this waits until there are as few as
 * wanted, or the number has not changed for some time. */
static size_t settled_descriptors(size_t wanted) {
    size_t now = open_descriptors();
    double since_ms = now_ms();
    while (now > wanted && now_ms() - since_ms < SETTLE_MS) {
        size_t before = now;
        banyan_process(tree);
        sched_yield();
        now = open_descriptors();
        since_ms = now != before ? now_ms() : since_ms;
    }
    return now;
}

/* What the descriptors are, for a look at those that are too many. */
static void list_descriptors(const char *when) {
    char path[64], name[256];
    struct dirent *entry;
    DIR *directory = opendir("/proc/self/fd");
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        snprintf(path, sizeof path, "/proc/self/fd/%.20s", entry->d_name);
        ssize_t len = readlink(path, name, sizeof name - 1);
        if (len > 0)
            printf("%s: descriptor %s is %.*s\n", when, entry->d_name, (int)len, name);
    }
    if (directory != NULL)
        closedir(directory);
}

static void check_all_answer(void) {
    for (int id = 1; id <= count; id++)
        nodes[id].proven = true;
    ++step;
    give_pingall();
    for (int id = 1; id <= count; id++)
        give_exec(id);
    wait_for_all();
}

static void heal(void) {
    for (int id = 1; id <= count; id++) {
        if (nodes[id].state == STOPPED) {
            kill(nodes[id].pid, SIGCONT);
            change(id, RUNNING);
        }
    }
    give_pingall(); /* afterwards every continued node has answered */
    wait_for_all();
    for (int id = 1; id <= count; id++) {
        if (nodes[id].state == DEAD)
            renew(id);
    }
    create_range(1, count);
    wait_for_all();
}

static int compare_doubles(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static long resident_kib(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL && fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void report(size_t descriptors_before, long memory_before) {
    qsort(waits_ms, wait_count, sizeof *waits_ms, compare_doubles);
    printf("seed %lu: %lu kills, %lu stops, %lu continuations; %lu answers: %lu sums, %lu "
           "unavailable, "
           "%lu pingalls (longest %.0f ms, %lu beyond the deadline and 50 ms)\n",
           seed, kills, stops, continuations, answers, sums, refusals, pings, longest_ping_ms,
           slow_pings);
    if (wait_count > 0)
        printf("from a kill to the first answer from below: median %.2f ms, longest %.2f ms, of "
               "%zu\n",
               waits_ms[wait_count / 2], waits_ms[wait_count - 1], wait_count);
    printf("longest step of the controller's loop: %.1f ms\n", longest_step_ms);
    printf("resident memory: %ld KiB before, %ld KiB after\n", memory_before, resident_kib());
    printf("descriptors: %zu before, %zu after\n", descriptors_before, open_descriptors());
}

/* Processes that want all the processors: overload. They end with this one. */
static bool start_busy_loops(void) {
    pid_t self = getpid();
    for (unsigned long i = 0; i < busy; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return false;
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            while (getppid() == self)
                ;
            _exit(0);
        }
    }
    return true;
}

static void parse(int argc, char **argv) {
    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned long value = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0)
            seed = value;
        else if (strcmp(argv[i], "--faults") == 0)
            faults_wanted = value;
        else if (strcmp(argv[i], "--deadline") == 0)
            deadline_ms = (unsigned)value;
        else if (strcmp(argv[i], "--kind") == 0)
            faults = strcmp(argv[i + 1], "kills") == 0   ? KILLS
                     : strcmp(argv[i + 1], "stops") == 0 ? STOPS
                                                         : ALL;
        else if (strcmp(argv[i], "--busy") == 0)
            busy = value;
        else if (strcmp(argv[i], "--stay") == 0)
            stay = value != 0;
        else if (strcmp(argv[i], "--nodes") == 0 && value >= 1 && value <= NODES_MOST)
            count = (int)value;
    }
}

int main(int argc, char **argv) {
    char error[256];
    parse(argc, argv);
    struct banyan_options options = {
        .answered = answered, .deadline_ms = deadline_ms, .node_program = getenv("BANYAN_NODE")};
    waits_ms = calloc(faults_wanted + 1, sizeof *waits_ms);
    tree = banyan_open(&options, error, sizeof error);
    if (tree == NULL || waits_ms == NULL || !start_busy_loops()) {
        fprintf(stderr, "soak: %s\n", tree == NULL ? error : "cannot start");
        return 2;
    }
    create_range(1, count);
    wait_for_all();
    check_all_answer();
    size_t descriptors = settled_descriptors(0);
    long memory = resident_kib();
    while (kills + stops + continuations < faults_wanted) {
        forget_answered();
        for (int i = 0; i < EXECS_AHEAD && outstanding < EXECS_AHEAD; i++) {
            int id = 1 + (int)draw((unsigned)count); /* may be answered at once, if it is dead */
            if (nodes[id].state != ABSENT)
                give_exec(id);
        }
        if (draw(20) == 0)
            give_pingall();
        if (draw(4) == 0)
            fault();
        if (outstanding > 0)
            wait_for_events();
    }
    wait_for_all();
    heal();
    check_all_answer();
    bool flat = settled_descriptors(descriptors) <= descriptors;
    report(descriptors, memory);
    if (!flat)
        list_descriptors("after");
    banyan_close(tree);
    free(waits_ms);
    free(given);
    return flat ? 0 : 1;
}
