/*
 * facts: what one part of the engine finds out, and others act on. Each fact is recorded here, in
 * one place; engine_settle acts on it.
 */
#ifndef BANYAN_FACTS_H
#define BANYAN_FACTS_H

#include "health.h"

struct engine;
struct member;

/* A node is lost: it has ended (EVENT_EXITED), or is stopped or silent (EVENT_MISSED). what: for
 * people; copied. Its execs and the creates below it fail, a direct question to it is dropped
 * unless it is merely silent, and the overlay is repaired. */
void fact_lost(struct engine *engine, struct member *member, enum health_event event,
               const char *what);

/* A lost node has answered again: the overlay is repaired, and the node is sent its set of
 * children, because it may have missed the last one. */
void fact_found(struct engine *engine, struct member *member);

/* The set of nodes to be connected has changed. */
void fact_changed(struct engine *engine);

#endif
