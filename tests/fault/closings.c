/*
 * closings: links to a node's address that are closed at random moments of their beginning leave no
 * descriptor open, although nng loses one in a hundred of them (see net/closer.h).
 *
 *     closings [SEED [LINKS]]
 */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/closer.h"
#include "net/link.h"
#include "net/place.h"
#include "net/service.h"

enum {
    LINKS = 10000,
    LATEST_US = 300, /* a link is connected after about 150 */
    AT_ONCE = 100,   /* that wait to be closed, at most */
    PATIENCE_US = 20000000,
};

static size_t open_descriptors(void) {
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count;
}

static void answer_nothing(void *arg, struct exchange *exchange, nng_msg *message) {
    (void)arg;
    nng_msg_free(message);
    exchange_drop(exchange);
}

static bool open_and_close(const char *url, uint64_t after_us) {
    struct link *link;
    uint64_t start_us = net_now_us();
    if (link_open(&link, url) != 0)
        return false;
    while (net_now_us() - start_us < after_us)
        ;
    link_close(link);
    return true;
}

static bool run(const char *url, unsigned links) {
    for (unsigned i = 0; i < links; i++) {
        if (!open_and_close(url, (uint64_t)rand() % LATEST_US))
            return false;
        if (i % AT_ONCE == 0)
            closer_wait();
    }
    closer_wait();
    return true;
}

int main(int argc, char **argv) {
    unsigned seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
    unsigned links = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : LINKS;
    char address[64], url[NET_URL_MAX];
    const char *directory = getenv("TMPDIR");
    int error;
    snprintf(address, sizeof address, "ipc://%.40s/%d", directory != NULL ? directory : "/tmp",
             getpid());
    net_init();
    if (!place_url(address, NET_REQUESTS, url) ||
        service_open(NET_REQUESTS, url, answer_nothing, NULL, NULL, &error) == NULL) {
        fprintf(stderr, "closings: cannot listen at %s\n", address);
        return 2;
    }
    srand(seed);
    bool ran = run(url, AT_ONCE); /* what nng and the closer open once and for all */
    size_t before = open_descriptors(), after = before + 1;
    ran = ran && run(url, links);
    for (uint64_t end_us = net_now_us() + PATIENCE_US; after > before && net_now_us() < end_us;) {
        sched_yield(); /* the listener's ends of the connections go a moment later */
        after = open_descriptors();
    }
    printf("seed %u: %u links, descriptors: %zu before, %zu after\n", seed, links, before, after);
    place_unlink(address);
    fflush(stdout);
    _exit(ran && after <= before ? 0 : 1);
}
