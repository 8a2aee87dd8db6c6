/* main.c: the program banyan-node, started by a controller or another node, never by hand. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "language/number.h"
#include "node.h"
#include "process/process.h"

enum { EXIT_USAGE = 2, LIFELINE_MS = 200 };

/* The controller is gone, so nobody needs any socket in its directory: whoever notices removes it
 * all, and the directory. */
static void remove_directory(const char *address) {
    static const char scheme[] = "ipc://";
    char path[WIRE_ADDRESS_MAX];
    if (strncmp(address, scheme, strlen(scheme)) != 0)
        return;
    snprintf(path, sizeof path, "%s", address + strlen(scheme));
    char *slash = strrchr(path, '/');
    DIR *directory = NULL;
    if (slash != NULL) {
        *slash = '\0';
        directory = opendir(path);
    }
    if (directory == NULL)
        return; /* another node was first */
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot != NULL && (strcmp(dot, ".req") == 0 || strcmp(dot, ".srv") == 0))
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    rmdir(path); /* fails while another node removes the last of it: then that one succeeds */
}

static _Noreturn void leave(struct node *node, bool controller_gone) {
    net_unlink(node->address);
    if (controller_gone)
        remove_directory(node->address);
    _exit(0); /* nng's threads are left where they are */
}

static _Noreturn void fail(struct node *node, const char *what, int error) {
    char text[PROCESS_TEXT_MAX];
    snprintf(text, sizeof text, "%s: %s", what, nng_strerror(error));
    if (node->birth >= 0)
        process_write_birth(node->birth, text);
    net_unlink(node->address);
    _exit(1);
}

/* When the controller ends, its descriptors are closed one after the other: the lifeline may come
 * after the others. */
static bool is_controller_gone(const struct node *node) {
    struct pollfd watch = {.fd = node->lifeline, .events = POLLIN};
    return poll(&watch, 1, LIFELINE_MS) == 1;
}

/* On a thread of nng. Nobody else than the parent connects to this node before it has joined. The
 * birth connection is closed first: as long as it is open the parent may end this node, if its set of
 * children does not name it, and once the controller knows of it that only means that it is silent. */
static void connected(void *arg, enum net_kind kind) {
    static const unsigned both = 1u << NET_REQUESTS | 1u << NET_SURVEYS;
    struct node *node = arg;
    int life = NODE_UNBORN;
    if ((atomic_fetch_or(&node->connected, 1u << kind) | 1u << kind) != both ||
        !atomic_compare_exchange_strong(&node->life, &life, NODE_JOINED))
        return;
    shutdown(PROCESS_BIRTH_FD, SHUT_RDWR);
    if (!process_notify(PROCESS_NOTIFY_FD, node->serial))
        leave(node, is_controller_gone(node));
}

static void listen_at(struct node *node) {
    char url[NET_URL_MAX];
    int error = 0;
    if (!net_url(node->address, NET_REQUESTS, url))
        fail(node, "cannot listen: the path of its socket is too long", NNG_EADDRINVAL);
    if (service_open(NET_REQUESTS, url, node_request, connected, node, &error) == NULL)
        fail(node, "cannot listen for requests", error);
    net_url(node->address, NET_SURVEYS, url);
    if (service_open(NET_SURVEYS, url, node_survey, connected, node, &error) == NULL)
        fail(node, "cannot listen for surveys", error);
}

static void do_work(struct node *node) {
    uint64_t count;
    struct work *work, *next;
    if (read(node->wake, &count, sizeof count) < 0)
        return;
    pthread_mutex_lock(&node->lock);
    struct work *list = node->work;
    node->work = NULL;
    pthread_mutex_unlock(&node->lock);
    DL_FOREACH_SAFE(list, work, next) {
        starts_work(node, work);
        free(work);
    }
}

/* The births of the nodes being started are watched behind these. */
enum { WATCH_LIFELINE, WATCH_WAKE, WATCH_BIRTH, WATCH_FIRST };

static size_t fill_watches(struct node *node, struct pollfd **watches, size_t *room) {
    size_t wanted = WATCH_FIRST, count = WATCH_FIRST;
    struct start *start;
    DL_FOREACH(node->starts, start) {
        wanted++;
    }
    if (wanted > *room) {
        struct pollfd *larger = realloc(*watches, wanted * 2 * sizeof *larger);
        if (larger == NULL)
            fail(node, "cannot watch its children", NNG_ENOMEM);
        *watches = larger;
        *room = wanted * 2;
    }
    (*watches)[WATCH_LIFELINE] = (struct pollfd){.fd = node->lifeline, .events = POLLIN};
    (*watches)[WATCH_WAKE] = (struct pollfd){.fd = node->wake, .events = POLLIN};
    (*watches)[WATCH_BIRTH] = (struct pollfd){.fd = node->birth, .events = POLLIN};
    DL_FOREACH(node->starts, start) {
        (*watches)[count++] = (struct pollfd){.fd = start->birth, .events = POLLIN};
    }
    return count;
}

/* The list of starts must not have changed since fill_watches. */
static void see_births(struct node *node, const struct pollfd *watch) {
    struct start *start, *next;
    DL_FOREACH_SAFE(node->starts, start, next) {
        if ((watch++)->revents != 0)
            starts_birth(node, start);
    }
}

/* Its parent is gone, or does not want it; or it has joined. The descriptor stays open: a thread that
 * joins may be about to shut it down. */
static void see_own_birth(struct node *node) {
    int life = NODE_UNBORN;
    if (atomic_compare_exchange_strong(&node->life, &life, NODE_LEAVING))
        leave(node, is_controller_gone(node));
    node->birth = -1;
}

static _Noreturn void loop(struct node *node) {
    struct pollfd *watches = NULL;
    size_t room = 0;
    for (;;) {
        size_t count = fill_watches(node, &watches, &room);
        if (poll(watches, (nfds_t)count, -1) < 0) {
            if (errno == EINTR)
                continue;
            fail(node, "cannot wait", NNG_EINTERNAL);
        }
        if (watches[WATCH_LIFELINE].revents != 0)
            leave(node, true);
        if (watches[WATCH_BIRTH].revents != 0)
            see_own_birth(node);
        see_births(node, watches + WATCH_FIRST);
        if (watches[WATCH_WAKE].revents != 0)
            do_work(node);
    }
}

int main(int argc, char **argv) {
    static struct node node = {.birth = PROCESS_BIRTH_FD};
    int64_t serial;
    if (argc != 4 || !number_parse(argv[1], strlen(argv[1]), &node.id) ||
        !number_parse(argv[2], strlen(argv[2]), &serial)) {
        fprintf(stderr, "banyan-node is started by banyan; see banyan --help\n");
        return EXIT_USAGE;
    }
    process_keep_memory();
    node.serial = (uint64_t)serial;
    node.program = argv[0];
    node.address = argv[3];
    if (chdir("/") != 0) /* it would only keep a directory busy */
        fail(&node, "cannot leave the working directory", NNG_EINTERNAL);
    int error = net_init();
    if (error != 0)
        fail(&node, "cannot start nng", error);
    node.lifeline = process_watch_lifeline(PROCESS_LIFELINE_FD);
    node.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    node.children = children_new();
    pthread_mutex_init(&node.lock, NULL);
    if (node.wake < 0 || node.children == NULL)
        fail(&node, "cannot start", NNG_ENOMEM);
    listen_at(&node);
    process_write_birth(node.birth, NULL);
    loop(&node);
}
