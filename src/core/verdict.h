/*
 * verdict: what is held of a node, and which events change it. One full table, so that no pair of
 * state and event is left to chance.
 *
 * Pure; any thread.
 */
#ifndef BANYAN_VERDICT_H
#define BANYAN_VERDICT_H

enum verdict {
    VERDICT_STARTING,  /* its process is being started; nobody has heard of it */
    VERDICT_AVAILABLE, /* it answers */
    VERDICT_SILENT,    /* its process lives, but it missed a survey: stopped, say */
    VERDICT_ENDED,     /* its process has ended; final */
    VERDICTS,
};

enum verdict_event {
    EVENT_HEARD,    /* it has joined, or answered a survey or a question of its own */
    EVENT_LATE,     /* it missed the first half of a survey, and is asked directly */
    EVENT_MISSED,   /* it answered neither half of a survey within the deadline */
    EVENT_RESET,    /* a path to it broke; it, or any node above it, may be the reason */
    EVENT_EXITED,   /* its process has ended */
    EVENT_REPAIRED, /* those who were beneath it are connected elsewhere, or to it again */
    VERDICT_EVENTS,
};

/* The state after an event. */
enum verdict verdict_after(enum verdict state, enum verdict_event event);

/* A word for people: "available". */
const char *verdict_name(enum verdict state);

#endif
