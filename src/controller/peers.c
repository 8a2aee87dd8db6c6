/*
 * peers.c: nodes as processes. Each is watched through a pidfd, so that its end is an event; it is
 * ended through the pidfd, so that no other process can be hit. (One that this process has started is
 * its own to end by its number until it is collected.) A process is collected, that is waited for, by
 * the process that started it, and by this one when that has ended.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controller.h"
#include "net/closer.h"

struct peer *peer_find(struct banyan *tree, uint64_t serial) {
    struct peer *peer = NULL;
    HASH_FIND(hh, tree->peers, &serial, sizeof serial, peer);
    return peer;
}

struct peer *peer_new(struct banyan *tree, const struct engine_node *node) {
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return NULL;
    peer->serial = node->serial;
    peer->node = (struct wire_node){
        .serial = node->serial, .id = node->id, .low = node->low, .high = node->high};
    peer->pidfd = peer->birth = -1;
    HASH_ADD(hh, tree->peers, serial, sizeof peer->serial, peer);
    if (peer_find(tree, peer->serial) == peer)
        return peer;
    free(peer);
    return NULL;
}

/* Without an address the node cannot be started; text says why there is none. */
bool peer_address(struct banyan *tree, struct peer *peer, char text[PROCESS_TEXT_MAX]) {
    if (peer->address[0] == '\0' && directory_make(tree, text))
        directory_address(tree, peer->serial, peer->address);
    return peer->address[0] != '\0';
}

/* With the last node goes the directory: were the controller to be killed now, nobody else would be
 * there to remove it. */
static void count_out(struct banyan *tree) {
    if (--tree->living == 0)
        directory_remove(tree);
}

/* It leaves the epoll set explicitly, since a copy that the program has forked would keep it there. */
static void close_fd(struct banyan *tree, int *fd) {
    if (*fd >= 0) {
        epoll_ctl(tree->epoll, EPOLL_CTL_DEL, *fd, NULL); /* or it was not in it */
        close(*fd);
    }
    *fd = -1;
}

void peer_drop(struct banyan *tree, struct peer *peer) {
    if (peer->probe != NULL)
        link_close(peer->probe);
    close_fd(tree, &peer->pidfd);
    close_fd(tree, &peer->birth);
    if (peer->address[0] != '\0')
        net_unlink(peer->address);
    HASH_DEL(tree->peers, peer);
    free(peer);
}

/* ---- starting ---- */

/* It has not been collected, so the pid is still its own. */
static bool open_pidfd(struct peer *peer, pid_t pid, char text[PROCESS_TEXT_MAX]) {
    peer->pidfd = pidfd_open(pid, 0);
    if (peer->pidfd < 0)
        snprintf(text, PROCESS_TEXT_MAX, "cannot watch the node: %s", strerror(errno));
    return peer->pidfd >= 0;
}

/* Starts watching the process that the pidfd is of, which the caller closes if that fails. */
static bool peer_started(struct banyan *tree, struct peer *peer, pid_t pid,
                         char text[PROCESS_TEXT_MAX]) {
    int error = loop_watch(tree, peer->pidfd, WATCH_PROCESS, peer->serial);
    if (error != 0) {
        snprintf(text, PROCESS_TEXT_MAX, "cannot watch the node: %s", strerror(error));
        return false;
    }
    peer->pid = pid;
    tree->living += peer->starting == 0; /* else it counts already */
    return true;
}

bool peer_has_pid(const struct banyan *tree, pid_t pid) {
    const struct peer *peer = tree->peers;
    while (peer != NULL && (peer->collected || (peer->pid != pid && peer->starting != pid)))
        peer = peer->hh.next;
    return peer != NULL;
}

/* Whether a process can be the node that was started: a child of the node that has done so, or, when
 * that has ended meanwhile, of this process; and no node that is known already. It will be ended by
 * and by, so it must be no other. False: text says why not. */
static bool is_child_of(struct banyan *tree, uint64_t parent, pid_t pid,
                        char text[PROCESS_TEXT_MAX]) {
    const struct peer *starter = peer_find(tree, parent);
    pid_t above = 0;
    char state;
    int error = process_look(pid, &state, &above);
    if (error != 0 && error != ENOENT && error != ESRCH) {
        snprintf(text, PROCESS_TEXT_MAX, "cannot watch the node: %s", strerror(error));
        return false;
    }
    if (!peer_has_pid(tree, pid) && above > 0 &&
        (above == getpid() || (starter != NULL && !starter->exited && above == starter->pid)))
        return true;
    snprintf(text, PROCESS_TEXT_MAX, "cannot watch the node: process %d is none that was started",
             (int)pid);
    return false;
}

/* The descriptor is taken before the look, so that the look is at the process that it is for. */
bool peer_started_by(struct banyan *tree, struct peer *peer, pid_t pid,
                     char text[PROCESS_TEXT_MAX]) {
    bool watchable = open_pidfd(peer, pid, text) && is_child_of(tree, peer->parent, pid, text) &&
                     peer_started(tree, peer, pid, text);
    if (!watchable)
        close_fd(tree, &peer->pidfd);
    return watchable;
}

/* A process that this one has started and cannot watch. */
static void end_unwatched(struct banyan *tree, struct peer *peer) {
    kill(peer->starting, SIGKILL);
    waitpid(peer->starting, NULL, 0);
    peer->starting = 0;
    close_fd(tree, &peer->birth);
    close_fd(tree, &peer->pidfd);
    count_out(tree);
}

/* The engine hears of it later, from the inbox. */
static bool post_failed(struct banyan *tree, uint64_t serial, const char *text) {
    struct event *event = event_new(tree, POST_FAILED, serial);
    if (event == NULL)
        return false;
    event->text = strdup(text);
    event_post(event);
    return true;
}

bool peer_start(struct banyan *tree, struct peer *peer) {
    char text[PROCESS_TEXT_MAX];
    struct process_spec spec = {.program = tree->program,
                                .id = peer->node.id,
                                .serial = peer->serial,
                                .address = peer->address,
                                .lifeline = tree->lifeline[0],
                                .notify = tree->notify[1]};
    if (peer_address(tree, peer, text))
        peer->starting = process_start(&spec, &peer->birth, text);
    if (peer->starting <= 0) {
        peer->starting = 0;
        if (tree->living == 0)
            directory_remove(tree);
        peer->address[0] = '\0'; /* another try is in another directory */
        return post_failed(tree, peer->serial, text);
    }
    tree->living++;
    int error = loop_watch(tree, peer->birth, WATCH_BIRTH, peer->serial);
    if (error == 0)
        return true;
    end_unwatched(tree, peer);
    snprintf(text, sizeof text, "cannot watch the node: %s", strerror(error));
    return post_failed(tree, peer->serial, text);
}

/* The birth connection of a node that this process has started has news. */
void peer_birth(struct banyan *tree, struct peer *peer) {
    char text[PROCESS_TEXT_MAX];
    struct child child = {.node = peer->node};
    if (peer->pid != 0) { /* it has joined, or ended */
        close_fd(tree, &peer->birth);
        return;
    }
    int news = process_read_birth(peer->birth, text);
    if (news == 0)
        return;
    snprintf(child.address, sizeof child.address, "%s", peer->address);
    int error = news > 0 ? children_add(tree->children, &child) : 0;
    if (error != 0)
        snprintf(text, sizeof text, "cannot connect to the node: %s", nng_strerror(error));
    if (news > 0 && error == 0 && open_pidfd(peer, peer->starting, text) &&
        peer_started(tree, peer, peer->starting, text)) {
        engine_spawned(tree->engine, peer->serial, HOP_OK, peer->pid, NULL);
    } else {
        children_remove(tree->children, peer->serial);
        end_unwatched(tree, peer);
        engine_spawned(tree->engine, peer->serial, HOP_REFUSED, 0, text);
    }
}

/* ---- ending ---- */

/* The peer itself stays: it is not forgotten before a kill. */
void peer_exited(struct banyan *tree, struct peer *peer) {
    if (peer->exited)
        return;
    close_fd(tree, &peer->pidfd);
    peer->exited = true;
    net_unlink(peer->address);
    engine_exited(tree->engine, peer->serial);
    if (peer->leaves_strays)
        strays_collect(tree);
    count_out(tree); /* last, since the directory tells its nodes from others */
}

static void port_end(void *arg, uint64_t serial) {
    struct peer *peer = peer_find(arg, serial);
    if (peer != NULL && peer->pidfd >= 0)
        pidfd_send_signal(peer->pidfd, SIGKILL, NULL, 0); /* fails only if it has ended */
}

bool peer_collect(struct banyan *tree, uint64_t serial) {
    struct peer *peer = peer_find(tree, serial);
    struct event *event = event_new(tree, POST_COLLECTED, serial);
    if (event == NULL)
        return false;
    if (peer != NULL) {
        event->collected = process_collect(peer->pid, &event->status);
        peer->collected = event->collected;
    }
    event_post(event);
    return true;
}

/* One whose process is not known by now is given up: there may be one, or will be. */
static void port_forget(void *arg, uint64_t serial) {
    struct peer *peer = peer_find(arg, serial);
    if (peer == NULL)
        return;
    if (peer->starting > 0 && peer->pid == 0)
        end_unwatched(arg, peer);
    struct peer *starter = peer_find(arg, peer->parent);
    if (starter != NULL && !peer->collected) {
        starter->leaves_strays = true;
        if (peer->pid == 0)
            ask_reap(arg, serial, starter->serial);
    }
    peer_drop(arg, peer);
}

/* ---- asking directly ---- */

static void probed(void *arg, int error, nng_msg *reply) {
    struct event *event = arg;
    event->error = error;
    event->reply = reply;
    event_post(event);
}

static bool probe(struct banyan *tree, struct peer *peer) {
    char url[NET_URL_MAX];
    nng_msg *message;
    struct event *event = event_new(tree, POST_PROBED, peer->serial);
    if (event == NULL)
        return false;
    if (!net_url(peer->address, NET_REQUESTS, url) || link_open(&peer->probe, url) != 0) {
        event_free(event);
        return false;
    }
    if (nng_msg_alloc(&message, WIRE_HEAD) != 0) {
        event_free(event);
        link_close(peer->probe);
        peer->probe = NULL;
        return false;
    }
    struct wire_writer writer = {.at = nng_msg_body(message)};
    writer.end = writer.at + WIRE_HEAD;
    wire_put_head(
        &writer,
        &(struct wire_head){.operation = WIRE_PROBE, .id = peer->node.id, .serial = peer->serial});
    link_request(peer->probe, message, probed, event);
    return true;
}

/* False: it cannot be asked now. On a machine with no time to close what earlier surveys opened, it
 * is asked later: their connections would become ever more. */
static bool port_probe(void *arg, uint64_t serial) {
    struct peer *peer = peer_find(arg, serial);
    return peer != NULL && (peer->probe != NULL || (!closer_backed_up() && probe(arg, peer)));
}

static void port_unprobe(void *arg, uint64_t serial) {
    struct peer *peer = peer_find(arg, serial);
    if (peer == NULL || peer->probe == NULL)
        return;
    link_close(peer->probe);
    peer->probe = NULL;
}

static bool port_runs(void *arg, uint64_t serial) {
    struct peer *peer = peer_find(arg, serial);
    return peer != NULL && peer->pid != 0 && !peer->exited && process_runs(peer->pid);
}

/* ---- surveys ---- */

static void surveyed(void *arg, const uint64_t *serials, size_t count) {
    struct event *event = arg;
    event->serials = malloc((count + 1) * sizeof *serials);
    event->count = event->serials != NULL ? count : 0; /* else they are asked directly */
    if (event->count > 0)
        memcpy(event->serials, serials, count * sizeof *serials);
    event_post(event);
}

static bool port_survey(void *arg, uint64_t round, uint64_t budget_us, uint64_t slack_us) {
    struct banyan *tree = arg;
    struct event *event = event_new(tree, POST_SURVEYED, 0);
    if (event == NULL)
        return false;
    event->version = round;
    survey_start(children_surveyor(tree->children), round, net_now_us() + budget_us, slack_us,
                 surveyed, event);
    return true;
}

void peers_ports(struct engine_ports *ports) {
    ports->end = port_end;
    ports->forget = port_forget;
    ports->probe = port_probe;
    ports->unprobe = port_unprobe;
    ports->runs = port_runs;
    ports->survey = port_survey;
}

void peers_handle(struct banyan *tree, const struct event *event) {
    char how[PROCESS_TEXT_MAX];
    switch (event->kind) {
    case POST_PROBED:
        if (event->error == 0)
            engine_probed(tree->engine, event->serial);
        break;
    case POST_SURVEYED:
        engine_heard(tree->engine, event->version, event->serials, event->count);
        engine_surveyed(tree->engine, event->version);
        break;
    case POST_COLLECTED:
        if (event->collected && event->status != -1)
            process_describe(event->status, how);
        engine_reaped(tree->engine, event->serial, event->collected ? HOP_OK : HOP_BROKEN,
                      event->collected && event->status != -1 ? how : NULL);
        break;
    default:
        engine_spawned(tree->engine, event->serial, HOP_REFUSED, 0,
                       event->text != NULL ? event->text : "out of memory");
    }
}

/* ---- the end of everything ---- */

/* SIGKILL cannot be refused, so the waits here are short. Once all have ended, all that have not
 * been collected are children of this process. */
void peers_end(struct banyan *tree) {
    struct peer *peer, *next;
    for (peer = tree->peers; peer != NULL; peer = peer->hh.next) {
        if (peer->pidfd >= 0)
            pidfd_send_signal(peer->pidfd, SIGKILL, NULL, 0);
        else if (peer->pid == 0 && peer->starting > 0)
            kill(peer->starting, SIGKILL);
    }
    for (peer = tree->peers; peer != NULL; peer = peer->hh.next) {
        struct pollfd watch = {.fd = peer->pidfd, .events = POLLIN};
        while (peer->pidfd >= 0 && poll(&watch, 1, -1) < 0 && errno == EINTR)
            ;
        close_fd(tree, &peer->pidfd);
        if (peer->pid == 0 && peer->starting > 0)
            waitpid(peer->starting, NULL, 0);
    }
    for (peer = tree->peers; peer != NULL; peer = peer->hh.next) {
        if (peer->pid != 0 && !peer->collected)
            waitpid(peer->pid, NULL, 0);
    }
    HASH_ITER(hh, tree->peers, peer, next) {
        peer_drop(tree, peer);
    }
    strays_collect(tree);
}
