/* main.c: the program banyan-node, started by banyan, never by hand. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "language/number.h"
#include "net/place.h"
#include "node.h"
#include "start/birth.h"
#include "start/memory.h"

enum { EXIT_USAGE = 2 };

/* The controller has ended, so no process needs a socket in its directory any more. Every node
 * removes all sockets that are left; the last node removes the directory. */
static _Noreturn void leave(const struct node *node) {
    place_unlink(node->address);
    place_remove_around(node->address);
    _exit(0); /* does not wait for nng's threads */
}

static _Noreturn void fail(const struct node *node, const char *what, const char *why) {
    char text[BIRTH_TEXT_MAX];
    snprintf(text, sizeof text, "%s: %s", what, why);
    birth_write_failure(BIRTH_FD, text);
    place_unlink(node->address);
    _exit(1);
}

/* On a thread of nng. */
static void connected(void *arg, enum net_kind kind) {
    struct node *node = arg;
    pthread_mutex_lock(&node->lock);
    bool joined = rules_connected(&node->rules, kind);
    pthread_mutex_unlock(&node->lock);
    if (joined)
        birth_write_joined(BIRTH_FD);
}

static struct service *listen_at(struct node *node, enum net_kind kind, service_handler *handler) {
    char url[NET_URL_MAX];
    int error = 0;
    if (!place_url(node->address, kind, url))
        fail(node, "cannot listen", "the path of its socket is too long");
    struct service *service = service_open(kind, url, handler, connected, node, &error);
    if (service == NULL)
        fail(node, "cannot listen", nng_strerror(error));
    return service;
}

static _Noreturn void loop(struct node *node) {
    struct pollfd birth = {.fd = BIRTH_FD, .events = POLLIN};
    struct pollfd watches[] = {birth, {.fd = node->wake, .events = POLLIN}};
    for (;;) {
        int count = poll(watches, 2, -1);
        if (count < 0 && errno != EINTR)
            fail(node, "cannot wait", strerror(errno));
        if (count > 0 && watches[0].revents != 0) /* the starter writes nothing: the line ended */
            leave(node);
        if (count > 0 && watches[1].revents != 0)
            arranging_work(node);
    }
}

int main(int argc, char **argv) {
    static struct node node = {.lock = PTHREAD_MUTEX_INITIALIZER};
    int64_t serial;
    if (argc != 4 || !number_parse(argv[1], strlen(argv[1]), &node.rules.id) ||
        !number_parse(argv[2], strlen(argv[2]), &serial)) {
        fprintf(stderr, "banyan-node is started by banyan; see banyan --help\n");
        return EXIT_USAGE;
    }
    node.rules.serial = (uint64_t)serial;
    node.address = argv[3];
    memory_keep();
    birth_watch(BIRTH_FD);
    birth_survive_hangup();
    if (chdir("/") != 0) /* so that the file system of the old one can be unmounted */
        fail(&node, "cannot leave the working directory", strerror(errno));
    net_init();
    node.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    node.children = children_new();
    if (node.wake < 0 || node.children == NULL)
        fail(&node, "cannot start", "out of memory or descriptors");
    struct service *requests = listen_at(&node, NET_REQUESTS, node_request);
    struct service *surveys = listen_at(&node, NET_SURVEYS, node_survey);
    birth_write_ready(BIRTH_FD);
    service_fill(surveys); /* after `ready`, because it is not needed at once */
    service_fill(requests);
    loop(&node);
}
