/*
 * health: which events change the state of a node. One full table, so that no pair of state and event
 * is left to chance.
 *
 * Pure; any thread.
 */
#ifndef BANYAN_HEALTH_H
#define BANYAN_HEALTH_H

#include "banyan.h"

enum health_event {
    EVENT_HEARD,    /* it has joined, or answered a survey or a question of its own */
    EVENT_LATE,     /* it missed the first half of a survey, and is asked directly */
    EVENT_MISSED,   /* it answered neither half of a survey within the deadline */
    EVENT_RESET,    /* a path to it broke; it, or any node above it, may be the reason */
    EVENT_EXITED,   /* its process has ended */
    EVENT_REPAIRED, /* those who were beneath it are connected elsewhere, or to it again */
    HEALTH_EVENTS,
};

/* The state after an event. */
enum banyan_state health_after(enum banyan_state state, enum health_event event);

#endif
