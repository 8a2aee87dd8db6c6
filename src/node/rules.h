/*
 * rules: what a node decides. Events go in, actions come out. The rules know no socket, clock or
 * thread, so the simulator runs the same rules as the program.
 *
 *   a request  for another node is relayed; a request for this node is served, unless it is for
 *              another incarnation of this id
 *   a survey   is handed on to the children and answered, unless a later one was seen: then it was
 *              queued while this process was stopped, and no process waits for its answer
 *   a set      of children is obeyed, unless a later one was seen
 *   joining    the node has joined when its parent is connected to both its sockets; before, no
 *              other process knows its address
 *
 * Pure. The caller locks where several threads use it.
 */
#ifndef BANYAN_RULES_H
#define BANYAN_RULES_H

#include "wire/wire.h"

struct rules {
    int64_t id;
    uint64_t serial;
    uint64_t set_version; /* of the latest set of children */
    uint64_t round;       /* the latest survey */
    unsigned connected;   /* bits: sockets to which a peer has been connected */
    bool joined;
};

enum rules_request {
    RULES_RELAY,     /* pass it on towards head.id, and the answer back, without decoding them */
    RULES_SUMS,      /* add the numbers up */
    RULES_ALIVE,     /* answer that it lives */
    RULES_ARRANGE,   /* take this node's set, hand the others on */
    RULES_OUTDATED,  /* for an earlier node of this id: answer WIRE_BROKEN */
    RULES_MALFORMED, /* refuse it */
};

struct rules_survey {
    uint64_t round;
    uint64_t budget_us; /* for the children, from now on; 0: do not ask them */
    uint64_t slack_us;
};

/* What to do with a request. Afterwards the reader is behind its head. */
enum rules_request rules_request(const struct rules *rules, struct wire_reader *reader,
                                 struct wire_head *head);

/* Whether to take part in a survey: not in a malformed one, nor in one that is older than the
 * latest. The same round again is answered again. */
bool rules_survey(struct rules *rules, struct wire_reader *reader, struct rules_survey *survey);

/* Whether to obey a set of this version. The same version again is obeyed again, because the first
 * attempt may have failed. */
bool rules_set(struct rules *rules, uint64_t version);

/* A peer is connected to a socket (0: requests, 1: surveys). True, once: the node has joined. */
bool rules_connected(struct rules *rules, unsigned socket);

#endif
