/*
 * starts.c: starting nodes, and changing the children, on the main thread.
 *
 * SPAWN may come twice for the same serial, when the path broke before the first answer: there is
 * at most one start for a serial. SPAWN, CHILDREN and REAP carry versions, and a SPAWN that was
 * overtaken by a later one is not obeyed: its node may have ended, and been collected. A set of
 * children tells which starts are still wanted: one that has not joined, and that a later set does not
 * name, is ended.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

#include "node.h"
#include "process/process.h"

static struct start *start_find(struct node *node, uint64_t serial) {
    struct start *start;
    DL_FOREACH(node->starts, start) {
        if (start->child.node.serial == serial)
            return start;
    }
    return NULL;
}

static void note_version(struct node *node, uint64_t version) {
    if (node->version < version)
        node->version = version;
}

static void start_free(struct node *node, struct start *start) {
    DL_DELETE(node->starts, start);
    if (start->birth >= 0)
        close(start->birth);
    free(start);
}

/* Leaves nothing of a process that has ended, or is to end. It cannot refuse, so this is short. */
static int start_end(struct node *node, struct start *start) {
    int status = -1;
    children_remove(node->children, start->child.node.serial);
    kill(start->pid, SIGKILL);
    waitpid(start->pid, &status, 0);
    net_unlink(start->child.address);
    start_free(node, start);
    return status;
}

static void answer_start(struct start *start, enum wire_status status, const char *text) {
    struct call *call = start->call;
    start->call = NULL;
    if (call == NULL)
        return;
    if (status == WIRE_OK)
        answer_u32(call, WIRE_SPAWN, (uint32_t)start->pid);
    else if (status == WIRE_REFUSED)
        answer_refused(call, WIRE_SPAWN, text);
    else
        answer_plain(call, WIRE_SPAWN, status);
}

void starts_birth(struct node *node, struct start *start) {
    char text[PROCESS_TEXT_MAX];
    if (start->ready) { /* it has joined, or ended */
        close(start->birth);
        start->birth = -1;
        return;
    }
    int news = process_read_birth(start->birth, text);
    if (news == 0)
        return;
    int error = news > 0 ? children_add(node->children, &start->child) : 0;
    if (error != 0)
        snprintf(text, sizeof text, "cannot connect to the node: %s", nng_strerror(error));
    if (news > 0 && error == 0) {
        start->ready = true;
        answer_start(start, WIRE_OK, NULL);
    } else {
        answer_start(start, WIRE_REFUSED, text);
        start_end(node, start);
    }
}

/* ---- SPAWN ---- */

static void spawn_new(struct node *node, struct call *call, const struct child *child,
                      uint64_t version) {
    char text[PROCESS_TEXT_MAX] = "out of memory";
    struct start *start = calloc(1, sizeof *start);
    struct process_spec spec = {.program = node->program,
                                .id = child->node.id,
                                .serial = child->node.serial,
                                .address = child->address,
                                .lifeline = PROCESS_LIFELINE_FD,
                                .notify = PROCESS_NOTIFY_FD};
    int pid = start != NULL ? process_start(&spec, &start->birth, text) : -1;
    if (pid < 0) {
        free(start);
        answer_refused(call, WIRE_SPAWN, text);
        return;
    }
    start->child = *child;
    start->version = version;
    start->pid = pid;
    start->call = call;
    DL_APPEND(node->starts, start);
}

static void do_spawn(struct node *node, struct call *call, struct wire_reader *reader) {
    struct child child;
    uint64_t version = wire_get_u64(reader);
    child.node = wire_get_node(reader);
    wire_get_text(reader, child.address, sizeof child.address);
    if (!wire_get_end(reader)) {
        answer_refused(call, WIRE_SPAWN, "malformed request");
        return;
    }
    struct start *start = start_find(node, child.node.serial);
    if (start == NULL && version < node->version) {
        answer_plain(call, WIRE_SPAWN, WIRE_BROKEN); /* overtaken: it may not be wanted any more */
    } else if (start == NULL) {
        note_version(node, version);
        spawn_new(node, call, &child, version);
    } else {
        answer_start(start, WIRE_BROKEN, NULL); /* whoever asked first has given up */
        start->call = call;
        if (start->ready)
            answer_start(start, WIRE_OK, NULL);
    }
}

/* ---- CHILDREN ---- */

/* Whether a start has neither joined nor ended: its birth connection is still open at both ends. */
static bool is_unborn(const struct start *start) {
    char byte;
    return start->birth >= 0 && recv(start->birth, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

static bool is_named(uint64_t serial, const struct child *nodes, uint32_t count,
                     struct wire_reader starting) {
    for (uint32_t i = 0; i < count; i++) {
        if (nodes[i].node.serial == serial)
            return true;
    }
    while (starting.at < starting.end) {
        if (wire_get_u64(&starting) == serial)
            return true;
    }
    return false;
}

/* Adds the nodes that are connected already and, to the controller's knowledge, have not joined yet:
 * those that the set says are being started, or that were started after it was made. There must be
 * room. */
static uint32_t keep_starting(const struct node *node, struct child *nodes, uint32_t count,
                              struct wire_reader starting) {
    static const struct wire_reader nothing;
    const struct start *start;
    uint32_t named = count;
    DL_FOREACH(node->starts, start) {
        uint64_t serial = start->child.node.serial;
        if (start->ready && !is_named(serial, nodes, named, nothing) &&
            (start->version > node->set_version || is_named(serial, NULL, 0, starting)))
            nodes[count++] = start->child;
    }
    return count;
}

static void end_unwanted(struct node *node, const struct child *nodes, uint32_t count,
                         struct wire_reader starting) {
    struct start *start, *next;
    DL_FOREACH_SAFE(node->starts, start, next) {
        if (start->version < node->set_version && is_unborn(start) &&
            !is_named(start->child.node.serial, nodes, count, starting)) {
            answer_start(start, WIRE_BROKEN, NULL);
            start_end(node, start);
        }
    }
}

/* nodes gets room for the present starts besides. */
static bool get_children(const struct node *node, struct wire_reader *reader, struct child **nodes,
                         uint32_t *count, struct wire_reader *starting) {
    const struct start *start;
    size_t room = 1;
    *nodes = NULL;
    *count = wire_get_u32(reader);
    uint32_t more = wire_get_u32(reader);
    if (*count > (size_t)(reader->end - reader->at) / WIRE_NODE)
        return false;
    DL_FOREACH(node->starts, start) {
        room++;
    }
    if ((*nodes = calloc(*count + room, sizeof **nodes)) == NULL)
        return false;
    for (uint32_t i = 0; i < *count; i++) {
        (*nodes)[i].node = wire_get_node(reader);
        wire_get_text(reader, (*nodes)[i].address, sizeof(*nodes)[i].address);
    }
    starting->at = wire_get_bytes(reader, (size_t)more * 8);
    starting->end = reader->at;
    starting->bad = false;
    return wire_get_end(reader);
}

static void do_children(struct node *node, struct call *call, struct wire_reader *reader) {
    struct child *nodes;
    struct wire_reader starting;
    uint32_t count;
    uint64_t version = wire_get_u64(reader);
    if (!get_children(node, reader, &nodes, &count, &starting)) {
        answer_refused(call, WIRE_CHILDREN, "malformed request, or out of memory");
    } else if (version < node->set_version) {
        answer_plain(call, WIRE_CHILDREN, WIRE_OK); /* a later one is in force */
    } else {
        node->set_version = version;
        note_version(node, version);
        count = keep_starting(node, nodes, count, starting);
        int error = children_set(node->children, nodes, count);
        end_unwanted(node, nodes, count, starting);
        if (error == 0)
            answer_plain(call, WIRE_CHILDREN, WIRE_OK);
        else
            answer_refused(call, WIRE_CHILDREN, nng_strerror(error));
    }
    free(nodes);
}

/* ---- REAP ---- */

static void do_reap(struct node *node, struct call *call, struct wire_reader *reader) {
    uint64_t version = wire_get_u64(reader);
    uint64_t serial = wire_get_u64(reader);
    struct start *start = start_find(node, serial);
    int status = -1; /* not known, perhaps collected before and the answer lost */
    if (!wire_get_end(reader)) {
        answer_refused(call, WIRE_REAP, "malformed request");
        return;
    }
    note_version(node, version);
    if (start != NULL) {
        answer_start(start, WIRE_BROKEN, NULL);
        status = start_end(node, start);
    }
    answer_u32(call, WIRE_REAP, (uint32_t)status);
}

void starts_work(struct node *node, struct work *work) {
    const uint8_t *body = nng_msg_body(work->message);
    struct wire_reader reader = {.at = body, .end = body + nng_msg_len(work->message)};
    struct wire_head head;
    wire_get_head(&reader, &head); /* good: it was read before */
    if (work->operation == WIRE_SPAWN)
        do_spawn(node, work->call, &reader);
    else if (work->operation == WIRE_CHILDREN)
        do_children(node, work->call, &reader);
    else if (work->operation == WIRE_REAP)
        do_reap(node, work->call, &reader);
    else
        answer_refused(work->call, work->operation, "no such operation");
    nng_msg_free(work->message);
}
