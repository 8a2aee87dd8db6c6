#include "lanes.h"

#include <utlist.h>

#include "bundles.h"
#include "patience.h"
#include "state.h"
#include "timers.h"

enum {
    BUNDLES_AHEAD = 2,      /* bundles of short execs in flight to one node */
    BREAK_FIRST_US = 1000,  /* before a bundle is sent again; doubled for each consecutive break */
    BREAK_LAST_US = 100000, /* the longest such pause */
    BREAK_DOUBLINGS = 7,
};

void lane_flush_later(struct engine *engine, struct member *member) {
    struct lane *lane = &member->lane;
    if (lane->flushing)
        return;
    lane->flushing = true;
    lane->flush_next = engine->execs.flush;
    engine->execs.flush = member;
}

void lane_add(struct engine *engine, struct member *member, struct bundle *bundle) {
    DL_APPEND(member->lane.ready, bundle);
    lane_flush_later(engine, member);
}

/* ---- sending ---- */

/* Puts the bundle first in the queue, and sets the pause before the retry. */
static void send_again(struct engine *engine, struct member *member, struct bundle *bundle) {
    struct lane *lane = &member->lane;
    DL_PREPEND(lane->ready, bundle);
    if (lane->retry_us != 0)
        return;
    uint64_t wait_us = (uint64_t)BREAK_FIRST_US
                       << (lane->breaks < BREAK_DOUBLINGS ? lane->breaks : BREAK_DOUBLINGS);
    lane->breaks++;
    lane->retry_us = engine->now_us + (wait_us < BREAK_LAST_US ? wait_us : BREAK_LAST_US);
    timer_set(engine, lane->retry_us);
}

static void count(struct lane *lane, const struct bundle *bundle, int by) {
    if (bundle_is_large(bundle))
        lane->large_lent += (unsigned)by;
    else
        lane->small_lent += (unsigned)by;
}

static void send(struct engine *engine, struct member *member, struct bundle *bundle) {
    struct lane *lane = &member->lane;
    bundle->serial = member->serial;
    bundle->id = member->node.id;
    bundle->member = member;
    bundle->sent_us = engine->now_us;
    count(lane, bundle, 1);
    DL_APPEND(lane->lent, bundle);
    timer_watch(engine);
    if (!engine->ports.sums(engine->ports.arg, bundle))
        lane_back(engine, bundle, OUTCOME_BROKEN);
}

static bool may_send(const struct lane *lane, const struct bundle *bundle) {
    return bundle_is_large(bundle) ? lane->large_lent < SLICES_AHEAD
                                   : lane->small_lent < BUNDLES_AHEAD;
}

static void flush(struct engine *engine, struct member *member) {
    struct lane *lane = &member->lane;
    struct bundle *bundle, *next;
    DL_FOREACH_SAFE(lane->ready, bundle, next) {
        if (lane->retry_us != 0)
            return; /* the port has refused */
        if (may_send(lane, bundle)) {
            DL_DELETE(lane->ready, bundle);
            send(engine, member, bundle);
        }
    }
    bundle = lane->open;
    if (bundle != NULL && lane->retry_us == 0 && may_send(lane, bundle)) {
        lane->open = NULL;
        send(engine, member, bundle);
    }
}

void lanes_flush(struct engine *engine) {
    struct member *member;
    while ((member = engine->execs.flush) != NULL) {
        engine->execs.flush = member->lane.flush_next;
        member->lane.flushing = false;
        flush(engine, member);
    }
}

/* ---- coming back ---- */

bool lane_back(struct engine *engine, struct bundle *bundle, enum outcome outcome) {
    struct member *member = bundle->member;
    if (member == NULL)
        return true;
    DL_DELETE(member->lane.lent, bundle);
    count(&member->lane, bundle, -1);
    waiting_came_back(engine, member, outcome == OUTCOME_BROKEN);
    if (outcome == OUTCOME_BROKEN) {
        send_again(engine, member, bundle);
        return false;
    }
    member->lane.breaks = 0;
    lane_flush_later(engine, member);
    return true;
}

void lane_wake(struct engine *engine, struct member *member) {
    struct lane *lane = &member->lane;
    lane->retry_us = 0;
    if (lane->ready != NULL || lane->open != NULL)
        lane_flush_later(engine, member);
}

/* ---- the end ---- */

struct bundle *lane_take(struct member *member) {
    struct lane *lane = &member->lane;
    struct bundle *bundle = lane->ready;
    if (bundle != NULL) {
        DL_DELETE(lane->ready, bundle);
    } else {
        bundle = lane->open;
        lane->open = NULL;
    }
    return bundle;
}

static void unflush(struct engine *engine, struct member *member) {
    struct member **at = &engine->execs.flush;
    if (!member->lane.flushing)
        return;
    while (*at != member)
        at = &(*at)->lane.flush_next;
    *at = member->lane.flush_next;
    member->lane.flushing = false;
}

void lane_close(struct engine *engine, struct member *member) {
    struct lane *lane = &member->lane;
    struct bundle *bundle, *next;
    DL_FOREACH_SAFE(lane->lent, bundle, next) {
        DL_DELETE(lane->lent, bundle);
        bundle->member = NULL;
    }
    lane->small_lent = lane->large_lent = 0;
    lane->retry_us = 0;
    lane->breaks = 0;
    unflush(engine, member);
}
