/*
 * impostor: what impostor.c (its birth, its connections) and impostor_answers.c (what it answers)
 * share.
 */
#ifndef BANYAN_TESTS_IMPOSTOR_H
#define BANYAN_TESTS_IMPOSTOR_H

#include <stdint.h>

#include "wire/wire.h"

/* What it does wrong, and otherwise right. */
enum kind {
    LINE_GARBAGE,
    LINE_HALF_LINE,
    LINE_LONG,
    LINE_CONTROLS, /* cannot start, for a reason with control characters */
    LINE_NOTHING,
    LINE_NEVER,       /* says nothing, and stays */
    LINE_TWICE,       /* says twice that it is ready */
    LINE_JOINS_FIRST, /* says that it has joined, and never that it is ready */
    LINE_JOINS_EARLY, /* says that it has joined before it is connected */
    LINE_CLOSES,      /* closes its line when it is ready */
    LINE_CLOSES_LATE, /* closes its line when it has joined */
    LINE_FORKS,       /* has a child that holds its line open, and outlives it */
    LINE_FLOODS,      /* goes on writing to its line */
    DEAF,             /* says that it is ready, and does not listen */
    MUTE_HANDSHAKE,   /* never answers the handshake */
    BAD_HANDSHAKE,
    OTHER_PROTOCOL,
    HANGS_UP, /* on every request */
    SILENT,   /* to every request */
    EMPTY,
    VERSION,
    OPERATION,
    STATUS,
    SHORT,
    LONGER,
    OVERSIZED,
    LYING_LENGTH,
    OTHER_ID, /* of the request */
    NO_ID,
    TWICE,
    FLOODS, /* with answers to no question */
    LONG_TEXT,
    CONTROL_TEXT,
    UNENDED_TEXT,
    COUNT_LESS,
    COUNT_MORE,
    COUNT_HUGE,
    SUM_HUGE,
    SUM_COUNT_HUGE,
    SUM_ERROR,
    SUM_WORD,
    PING_LIES,
    PING_MANY,
    PING_GARBAGE,
    PING_SILENT,
    SETS_NONE,        /* confirms no set of children */
    SETS_OTHERS,      /* confirms sets that it was not given */
    SETS_HUGE,        /* confirms more than its answer holds */
    SETS_REFUSED,     /* refuses them */
    SETS_UNCONNECTED, /* confirms its set, and connects to no node */
    RANDOM,
    KINDS,
};

extern enum kind kind;
extern uint64_t own_serial;

/* Does what a request says, if anything, and writes the body of its answer. */
void answer(struct wire_writer *writer, enum wire_operation operation,
            const struct wire_reader *reader);

/* Does to the body of an answer what the kind wants; returns its new length. Not for answers to
 * PROBE and PING. */
size_t spoil(uint8_t *body, size_t len);

#endif
