#include "facts.h"

#include "state.h"

void fact_changed(struct engine *engine) {
    engine->changed = true;
    engine->dirty = true;
}

void fact_lost(struct engine *engine, struct member *member, enum health_event event,
               const char *what) {
    member->state = health_after(member->state, event);
    incident(engine, member, what);
    member->lost = engine->lost = true;
    engine->fault_us = engine->now_us;
    fact_changed(engine);
}

void fact_found(struct engine *engine, struct member *member) {
    member->state = health_after(member->state, EVENT_HEARD);
    incident(engine, member, "answered again");
    arrangement_resend(member);
    engine->fault_us = engine->now_us;
    fact_changed(engine);
}
