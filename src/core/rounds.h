/*
 * rounds: pingall, and surveys: only a survey decides that a node whose process is not stopped is
 * unavailable.
 *
 * A survey has two halves. In the first it goes down the overlay, and every node answers for itself
 * and for the nodes below it. A node still missing may merely be behind one that does not answer,
 * so in the second half each missing node is asked directly. A node that has not answered when the
 * deadline is over is silent, unless its process runs: then the machine may be slow, and the round
 * waits some seconds more. The direct question to a silent node stays open, because its answer
 * makes the node available again. A round does not wait for a node that is known to be stopped.
 *
 * A pingall is answered by a survey that begins after it. A request that takes too long also makes
 * the engine hold a survey (patience.h).
 */
#ifndef BANYAN_ROUNDS_H
#define BANYAN_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;
struct engine;
struct member;
struct turn;

enum {
    ROUNDS_MOST = 8,         /* surveys in progress at once */
    ROUND_BUSY_US = 3000000, /* extra time for a node whose process runs */
};

/* A survey in progress. */
struct round {
    uint64_t number;
    bool direct; /* the second half has begun */
    uint64_t began_us;
    uint64_t half_us, end_us; /* when the halves end */
    uint64_t latest_us;       /* until when the round waits for a node whose process runs */
    unsigned extensions; /* times that the deadline was extended because the controller was late */
    struct turn *pings;  /* the pingalls that this round answers */
};

/* The engine's piece. */
struct surveys {
    struct round rounds[ROUNDS_MOST]; /* in progress, the oldest first */
    unsigned count;
    uint64_t last;     /* number of the last round that began */
    bool wanted;       /* hold a survey even without a pingall */
    uint64_t ended_us; /* when the last round ended */
    bool heard;        /* there are answers to handle */
};

/* Handles answers: silent nodes that answered are available again. */
void rounds_listen(struct engine *engine);

/* Begins, moves on and ends surveys, and answers pingalls. */
void rounds_settle(struct engine *engine);

/* The node has joined: surveys that have begun do not wait for it. */
void round_joined(struct engine *engine, struct member *member);

/* Whether a round in progress answers a pingall older than seq. */
bool rounds_older(const struct engine *engine, uint64_t seq);

/* When a round has something to do next; 0: none is in progress. */
uint64_t rounds_wakeup(const struct engine *engine);

/* Events. */
void rounds_heard(struct engine *engine, uint64_t number, const uint64_t *serials, size_t count);
void rounds_surveyed(struct engine *engine, uint64_t number);
void rounds_probed(struct engine *engine, struct member *member);

#endif
