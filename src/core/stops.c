#include "stops.h"

#include <stdio.h>

#include "facts.h"
#include "state.h"
#include "timers.h"

/* Awaited members count as unsettled, because creates that wait there may change what is below. */
static void set_awaited(struct engine *engine, struct member *member, bool awaited) {
    engine->unsettled_count += awaited;
    engine->unsettled_count -= member->stop.awaited;
    member->stop.awaited = awaited;
}

void stop_settle(struct engine *engine, struct member *member) {
    if (!member->stop.awaited)
        return;
    set_awaited(engine, member, false);
    turns_release(engine, member);
}

void stop_noticed(struct engine *engine, struct member *member, const char *how) {
    snprintf(member->stop.how, sizeof member->stop.how, "%s", how);
    member->stop.noticed = engine->stops.noticed = engine->dirty = true;
}

static void stop(struct engine *engine, struct member *member) {
    member->stop.stopped = true;
    stop_settle(engine, member);
    if (member->phase == PHASE_CREATING)
        fact_changed(engine); /* a stopped node is not to be connected */
    else if (member->state == BANYAN_AVAILABLE)
        fact_lost(engine, member, EVENT_MISSED, member->stop.how);
    else
        member->lost = engine->lost = true; /* an open question is to be dropped */
}

/* The report of a stop may be late: a node that runs again by now was never away. */
static void take_notices(struct engine *engine) {
    struct member *member, *next;
    if (!engine->stops.noticed)
        return;
    engine->stops.noticed = false;
    HASH_ITER(by_serial, engine->by_serial, member, next) { /* also those adrift */
        bool noticed = member->stop.noticed && member->state != BANYAN_ENDED;
        member->stop.noticed = false;
        if (noticed && !engine->ports.runs(engine->ports.arg, member->serial))
            stop(engine, member);
    }
}

/* The node was continued: it is asked, and awaited for the deadline. */
static void await(struct engine *engine, struct member *member) {
    member->stop.to_ask = engine->stops.to_ask = engine->dirty = true;
    set_awaited(engine, member, true);
    member->stop.until_us = engine->now_us + engine->options.deadline_us;
    timer_set(engine, member->stop.until_us);
}

void stop_continued(struct engine *engine, struct member *member) {
    member->stop.noticed = false; /* if the stop is not handled yet, it was never away */
    if (!member->stop.stopped || member->state == BANYAN_ENDED)
        return;
    member->stop.stopped = false;
    if (member->phase == PHASE_CREATING)
        fact_changed(engine);
    if (member_lives(member))
        await(engine, member);
}

void stop_judge(struct engine *engine, struct member *member) {
    member->stop.held = !engine->ports.runs(engine->ports.arg, member->serial);
}

void stops_settle(struct engine *engine) {
    take_notices(engine);
    if (!engine->stops.to_ask)
        return;
    engine->stops.to_ask = false;
    members_each(engine, member) {
        if (member->stop.to_ask && member->stop.awaited && !question_ask(engine, member))
            engine->surveys.wanted = engine->dirty = true; /* the survey asks it instead */
        member->stop.to_ask = false;
    }
}

bool stop_look(struct engine *engine, struct member *member) {
    struct stop *stop = &member->stop;
    bool held = stop->held && member->state == BANYAN_SILENT;
    if ((stop->stopped || held) && engine->ports.runs(engine->ports.arg, member->serial)) {
        stop->held = false;
        if (stop->stopped)
            stop_continued(engine, member);
        else if (member_lives(member))
            await(engine, member);
    }
    return stop->awaited;
}

void stop_due(struct engine *engine, struct member *member) {
    if (member->stop.awaited && timer_due(engine, member->stop.until_us))
        stop_settle(engine, member);
}
