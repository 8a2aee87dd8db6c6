/*
 * health: which events change the state of a node. One full table, so that no pair of state and
 * event is left out.
 *
 * Pure; any thread.
 */
#ifndef BANYAN_HEALTH_H
#define BANYAN_HEALTH_H

#include "banyan.h"

enum health_event {
    EVENT_HEARD,  /* the node joined, or answered a survey or a direct question */
    EVENT_MISSED, /* the node was stopped, or answered neither half of a survey in time */
    EVENT_EXITED, /* its process ended */
    HEALTH_EVENTS,
};

/* The state after an event. */
enum banyan_state health_after(enum banyan_state state, enum health_event event);

#endif
