/*
 * by_script: for tests with real processes. The test program is the nodes' program, too: what a
 * node does stands in its address, a word for each step. And what is heard of the nodes.
 */
#ifndef BANYAN_TESTS_BY_SCRIPT_H
#define BANYAN_TESTS_BY_SCRIPT_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "start/birth.h"
#include "start/starter.h"

enum { PATIENCE_MS = 60 * 1000, PROGRAM_MAX = 4096, HEARD_MAX = 8192 };

/* ---- checks, in the test and in processes that it forks ---- */

static bool is_forked;

#define need(condition) need_at(condition, #condition, __FILE__, __LINE__)

static inline void need_at(bool condition, const char *text, const char *file, int line) {
    if (condition)
        return;
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, text);
    if (is_forked)
        _exit(1);
    _fail(file, line);
}

/* Runs it in a process of its own, which must end well. */
static inline void in_fork(void (*act)(void)) {
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    need(pid >= 0);
    if (pid == 0) {
        is_forked = true;
        act();
        _exit(0);
    }
    need(waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- a node ---- */

static inline void wait_for_end(void) {
    struct pollfd watch = {.fd = BIRTH_FD, .events = POLLIN};
    birth_watch(BIRTH_FD);
    while (poll(&watch, 1, -1) < 0 && errno == EINTR)
        ;
}

/* Without its line a node would outlive a test that is interrupted. */
static inline void pause_for_a_while(void) {
    alarm(PATIENCE_MS / 1000);
    pause();
}

static inline bool is_word(const char *word, const char *name, const char **value) {
    size_t len = strlen(name);
    *value = word + len;
    return strncmp(word, name, len) == 0;
}

/* What a node may inherit; returns what is wrong. */
static inline const char *check_inheritance(void) {
    sigset_t blocked;
    struct sigaction action;
    char path[PROGRAM_MAX] = "";
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int i = 1; i < NSIG; i++) {
        if (sigismember(&blocked, i) == 1)
            return "a signal is blocked";
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            return "a signal is ignored";
    }
    for (int i = BIRTH_FD + 1; i < 1024; i++) {
        if (fcntl(i, F_GETFD) >= 0)
            return "a descriptor is open";
    }
    for (int i = 0; i < 2; i++) {
        char link[32];
        snprintf(link, sizeof link, "/proc/self/fd/%d", i);
        if (readlink(link, path, sizeof path - 1) < 0 || strcmp(path, "/dev/null") != 0)
            return "it has the wrong standard input or output";
    }
    return NULL;
}

static inline void do_step(const char *word) {
    const char *value;
    if (is_word(word, "ready", &value))
        birth_write_ready(BIRTH_FD);
    else if (is_word(word, "joined", &value))
        birth_write_joined(BIRTH_FD);
    else if (is_word(word, "fail=", &value))
        birth_write_failure(BIRTH_FD, value);
    else if (is_word(word, "write=", &value))
        (void)!write(BIRTH_FD, value, strlen(value));
    else if (is_word(word, "survive", &value))
        birth_survive_hangup();
    else if (is_word(word, "exit=", &value))
        _exit(atoi(value));
    else if (is_word(word, "raise=", &value))
        raise(atoi(value));
    else if (is_word(word, "leave", &value))
        setpgid(0, 0);
    else if (is_word(word, "close", &value))
        close(BIRTH_FD);
    else if (is_word(word, "pause", &value))
        pause_for_a_while();
    else if (is_word(word, "wait", &value))
        wait_for_end();
    else if (is_word(word, "bye", &value))
        (void)!write(STDERR_FILENO, "x", 1);
}

static inline void be_node(const char *script) {
    char words[256];
    snprintf(words, sizeof words, "%s", script);
    const char *wrong = strstr(script, "inherit") != NULL ? check_inheritance() : NULL;
    if (wrong != NULL)
        birth_write_failure(BIRTH_FD, wrong);
    for (char *word = strtok(words, " "); wrong == NULL && word != NULL; word = strtok(NULL, " "))
        do_step(word);
    _exit(0);
}

/* To be called first in main. The arguments of a node: its program, id, serial and address. */
static inline void be_node_if_started_as_one(int argc, char **argv) {
    if (argc == 4)
        be_node(argv[3]);
}

static inline const char *own_program(void) {
    static char path[PROGRAM_MAX]; /* the starter's thread reads it */
    if (path[0] == '\0')
        need(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    return path;
}

/* ---- what is heard ---- */

struct told {
    enum start_news_kind kind;
    uint64_t serial;
    pid_t pid;
    char text[START_TEXT_MAX];
};

struct hearing {
    struct starter *starter;
    uint64_t last; /* serial */
    unsigned count;
    struct told told[HEARD_MAX];
};

static inline void hear(void *arg, const struct start_news *news) {
    struct hearing *hearing = arg;
    need(hearing->count < HEARD_MAX);
    struct told *told = &hearing->told[hearing->count++];
    *told = (struct told){.kind = news->kind, .serial = news->serial, .pid = news->pid};
    snprintf(told->text, sizeof told->text, "%s", news->text != NULL ? news->text : "-");
}

static inline void hearing_open(struct hearing *hearing) {
    hearing->count = 0;
    need(starter_open(&hearing->starter, hear, hearing) == 0);
}

static inline uint64_t start_program(struct hearing *hearing, const char *program,
                                     const char *script) {
    struct start_spec spec = {
        .program = program, .id = 7, .serial = ++hearing->last, .address = script};
    need(starter_start(hearing->starter, &spec));
    return spec.serial;
}

static inline uint64_t start_node(struct hearing *hearing, const char *script) {
    return start_program(hearing, own_program(), script);
}

/* The first news of the kind, from number `from` on. NULL: none yet. */
static inline const struct told *find_told(const struct hearing *hearing, uint64_t serial,
                                           enum start_news_kind kind, unsigned from) {
    for (unsigned i = from; i < hearing->count; i++) {
        if (hearing->told[i].serial == serial && hearing->told[i].kind == kind)
            return &hearing->told[i];
    }
    return NULL;
}

static inline void hear_more(struct hearing *hearing) {
    struct pollfd watch = {.fd = starter_fd(hearing->starter), .events = POLLIN};
    int ready;
    do
        ready = poll(&watch, 1, PATIENCE_MS);
    while (ready < 0 && errno == EINTR);
    need(ready == 1);
    starter_process(hearing->starter);
}

static inline const struct told *await_from(struct hearing *hearing, uint64_t serial,
                                            enum start_news_kind kind, unsigned from) {
    const struct told *told;
    while ((told = find_told(hearing, serial, kind, from)) == NULL)
        hear_more(hearing);
    return told;
}

static inline const struct told *await(struct hearing *hearing, uint64_t serial,
                                       enum start_news_kind kind) {
    return await_from(hearing, serial, kind, 0);
}

static inline bool is_over(const struct hearing *hearing, uint64_t serial) {
    return find_told(hearing, serial, START_ENDED, 0) != NULL ||
           find_told(hearing, serial, START_FAILED, 0) != NULL;
}

static inline void await_over(struct hearing *hearing, uint64_t serial) {
    while (!is_over(hearing, serial))
        hear_more(hearing);
}

/* ---- what is left ---- */

static inline unsigned open_descriptors(void) {
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    need(directory != NULL);
    while (readdir(directory) != NULL)
        count++;
    closedir(directory);
    return count;
}

static inline bool has_children(void) {
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

#endif
