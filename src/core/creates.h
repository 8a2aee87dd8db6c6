/*
 * creates: create, from the command to the node that has joined.
 *
 * A create takes effect when its place depends on nothing unsettled except nodes above it that are
 * being created. The new node then gets its place below them, and its process starts. The create is
 * settled when its node has joined and every create above it is settled. If a create fails, the
 * creates below it are given new places, in the order in which they were entered; their processes
 * stay.
 *
 *     START_QUEUED -> START_BEGUN -> ready -> joined -> settled
 *
 * How it can fail: a check (the node exists, its parent does not, ...); the process cannot be
 * started, ends before it has joined, or does not answer. If a failed create may have left a
 * process, its member stays until that process has ended. Its id is not reused before, unless the
 * create had lost its place.
 */
#ifndef BANYAN_CREATES_H
#define BANYAN_CREATES_H

#include <stdbool.h>
#include <stdint.h>

#include "banyan.h"

struct command;
struct engine;
struct member;

/* A member's piece. */
struct creation {
    enum { START_NONE, START_QUEUED, START_BEGUN } start;
    bool started;          /* the start port has accepted the member */
    bool ready;            /* its process listens */
    bool joined;           /* its parent is connected to it */
    bool failed;           /* the create has failed, with the code below */
    enum banyan_code code; /* of a failed create */
    char *failure;         /* its text, with BANYAN_SYSTEM; owned; NULL: out of memory */
    uint64_t asked_us;     /* since when it has been starting or joining; 0: it is doing neither */
    struct member *prev, *next; /* in creates.queue */
    bool noted;                 /* in creates.noted */
    struct member *noted_next;
};

/* The engine's piece. */
struct creates {
    unsigned begun;       /* members in START_BEGUN */
    struct member *queue; /* in START_QUEUED, the oldest first */
    struct member *noted; /* members that may have joined or failed */
    uint64_t retry_us;    /* when to start more, after the port refused; 0: at once */
};

/* The create takes effect, waits, or is answered with an error. */
void create_go(struct engine *engine, struct command *create);

/* Answers the creates that have joined or failed, and starts more processes. */
void creates_settle(struct engine *engine);

/* Events. */
void creation_ready(struct engine *engine, struct member *member, int64_t pid);
void creation_joined(struct engine *engine, struct member *member);
/* text: with BANYAN_SYSTEM; copied. NULL: out of memory. */
void creation_failed(struct engine *engine, struct member *member, enum banyan_code code,
                     const char *text);
/* The parent is lost: the creates directly below it fail. */
void creations_lost(struct engine *engine, const struct member *parent);

/* Retries refused starts if their time has come. */
void creates_due(struct engine *engine);

#endif
