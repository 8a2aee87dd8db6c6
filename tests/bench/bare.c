/* bare.c: what the measurements of bare nng share, and their table. */
#include "bare.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net/net.h"

extern char **environ;

static const struct measurement {
    const char *name, *usage;
    int arguments;
    void (*run)(char **arguments);
} measurements[] = {
    {"transfer", "FILE", 1, measure_transfer}, {"rate", "COUNT IN-FLIGHT", 2, measure_rate},
    {"ping", "COUNT", 1, measure_ping},        {"relays", "DEPTH COUNT", 2, measure_relays},
    {"start", "COUNT", 1, measure_start},      {"crowd", "COUNT one|all", 2, measure_crowd},
    {"hold", "COUNT", 1, measure_hold},        {"survey", "COUNT", 1, measure_survey},
};

static const struct role {
    const char *name;
    void (*serve)(const char *url, const char *next);
} roles[] = {
    {"count", role_count},
    {"relay", role_relay},
    {"listen", role_listen},
    {"respond", role_respond},
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* The peers inherit the read end of the first and the write end of the second. */
static int lifeline[2], ready[2];

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

_Noreturn void die(const char *what, const char *why) {
    fprintf(stderr, "bench_bare: %s: %s\n", what, why);
    _exit(1);
}

void check(int error, const char *what) {
    if (error != 0)
        die(what, nng_strerror(error));
}

unsigned parse_count(const char *text, unsigned most) {
    char *end;
    errno = 0;
    unsigned long count = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || count < 1 || count > most)
        die(text, "not a number in the range of this argument");
    return (unsigned)count;
}

/* ---- peers ---- */

static void peers_prepare(void) {
    if (pipe2(lifeline, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0)
        die("cannot make pipes", strerror(errno));
}

void peer_start(struct peer *peer, const char *role, const char *next) {
    static unsigned serial;
    posix_spawn_file_actions_t actions;
    snprintf(peer->url, sizeof peer->url, "ipc://bare.%d.%u", (int)getpid(), serial++);
    char *arguments[] = {"bench_bare", "peer", (char *)role, peer->url, (char *)next, NULL};
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, lifeline[0], STDIN_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, ready[1], STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn(&peer->pid, "/proc/self/exe", &actions, NULL, arguments, environ);
    if (error != 0)
        die("cannot start a peer", strerror(error));
    posix_spawn_file_actions_destroy(&actions);
}

void peers_wait(unsigned count) {
    char bytes[256];
    while (count > 0) {
        ssize_t len = read(ready[0], bytes, count < sizeof bytes ? count : sizeof bytes);
        if (len < 0 && errno != EINTR)
            die("cannot wait for a peer", strerror(errno));
        for (ssize_t i = 0; i < len; i++) {
            if (bytes[i] != '\n')
                die("a peer", "has failed");
        }
        count -= len > 0 ? (unsigned)len : 0;
    }
}

void peers_end(struct peer *peers, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        kill(peers[i].pid, SIGKILL);
    for (unsigned i = 0; i < count; i++) {
        waitpid(peers[i].pid, NULL, 0);
        unlink(peers[i].url + strlen("ipc://"));
    }
}

/* A peer that dies before it listens must not be waited for in vain. */
static void tell_failure(void) {
    if (write(STDOUT_FILENO, "!", 1) < 0)
        _exit(1);
}

static _Noreturn void peer_main(const struct role *role, const char *url, const char *next) {
    char byte;
    ssize_t len;
    atexit(tell_failure);
    role->serve(url, next);
    if (write(STDOUT_FILENO, "\n", 1) != 1)
        _exit(1); /* no process is left to measure it */
    do
        len = read(STDIN_FILENO, &byte, 1);
    while (len > 0 || (len < 0 && errno == EINTR));
    unlink(url + strlen("ipc://"));
    _exit(0);
}

/* ---- the program ---- */

static _Noreturn void usage(void) {
    fputs("Usage:\n", stderr);
    for (size_t i = 0; i < COUNT_OF(measurements); i++)
        fprintf(stderr, "  bench_bare %s %s\n", measurements[i].name, measurements[i].usage);
    _exit(2);
}

int main(int argc, char **argv) {
    /* Large messages are else mapped and unmapped each time; the yardstick is nng at its best. */
    mallopt(M_MMAP_THRESHOLD, 64 * MESSAGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, 256 * MESSAGE_BYTES);
    signal(SIGPIPE, SIG_IGN);
    net_init();
    for (size_t i = 0; argc >= 4 && strcmp(argv[1], "peer") == 0 && i < COUNT_OF(roles); i++) {
        if (strcmp(argv[2], roles[i].name) == 0)
            peer_main(&roles[i], argv[3], argv[4]);
    }
    for (size_t i = 0; argc >= 2 && i < COUNT_OF(measurements); i++) {
        const struct measurement *measurement = &measurements[i];
        if (strcmp(argv[1], measurement->name) == 0 && argc - 2 == measurement->arguments) {
            peers_prepare();
            measurement->run(argv + 2);
            if (fflush(stdout) != 0)
                die("cannot write", strerror(errno));
            _exit(0); /* the threads of nng are left where they are */
        }
    }
    usage();
}
