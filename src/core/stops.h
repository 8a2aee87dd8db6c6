/*
 * stops: nodes that were stopped, and continued, according to the kernel.
 *
 * A stopped node is unavailable at once. A continued node is asked at once, and is available when
 * it has answered. Until then it is awaited, at most for the deadline: commands that meet it wait
 * for its answer.
 */
#ifndef BANYAN_STOPS_H
#define BANYAN_STOPS_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct member;

enum { STOP_HOW = 32 };

/* A member's piece. */
struct stop {
    bool noticed; /* the kernel reported a stop that is not handled yet */
    char how[STOP_HOW];
    bool stopped;      /* it is stopped: no continuation was reported since */
    bool held;         /* a survey found it silent and not running: a debugger may hold it */
    bool awaited;      /* it was continued, and has not answered yet */
    bool to_ask;       /* stops_settle is to ask it */
    uint64_t until_us; /* the end of the time that it is awaited */
};

/* The engine's piece. */
struct stops {
    bool noticed; /* there are members with a stop to handle */
    bool to_ask;  /* there are members to be asked */
};

/* The kernel reported that the node was stopped, or continued. how: for people; copied. */
void stop_noticed(struct engine *engine, struct member *member, const char *how);
void stop_continued(struct engine *engine, struct member *member);

/* The node missed a survey: records whether its process runs. */
void stop_judge(struct engine *engine, struct member *member);

/* Asks the kernel about an unavailable node, because it may have been continued a moment ago.
 * Returns whether the node is awaited. */
bool stop_look(struct engine *engine, struct member *member);

/* The node has answered, has ended, or its time is over: commands that waited for it go on. */
void stop_settle(struct engine *engine, struct member *member);

/* Handles stops, and asks the nodes that were continued. */
void stops_settle(struct engine *engine);

/* Stops waiting for the node if its time is over. */
void stop_due(struct engine *engine, struct member *member);

#endif
