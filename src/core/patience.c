#include "patience.h"

#include "state.h"
#include "timers.h"

enum {
    START_DEADLINES = 3, /* before a node that neither starts nor joins is given up */
    START_ROUNDS = 3,    /* surveys before such a node is given up */
    BROKEN_ROUNDS = 5,   /* surveys before execs to a node that breaks every connection fail */
};

void waiting_reset(struct member *member) {
    member->waiting = (struct waiting){.broken_us = 0};
}

void waiting_came_back(struct engine *engine, struct member *member, bool broken) {
    if (!broken)
        member->waiting.broken_us = 0;
    else if (member->waiting.broken_us == 0)
        member->waiting.broken_us = engine->now_us;
    if (broken)
        timer_watch(engine);
}

/* Since when the oldest request for the member has been in flight; 0: none is. */
static uint64_t waits_since(const struct member *member) {
    uint64_t oldest_us = timer_earlier(member->creation.asked_us, member->arrangement.sent_us);
    if (member->lane.lent != NULL)
        oldest_us = timer_earlier(oldest_us, member->lane.lent->sent_us);
    if (oldest_us != 0 || member->lane.retry_us != 0 || member->arrangement.retry_us != 0)
        oldest_us = timer_earlier(oldest_us, member->waiting.broken_us);
    return oldest_us;
}

void patience_watch(struct engine *engine) {
    uint64_t patience_us = engine->options.deadline_us / 2, oldest_us = 0;
    if (!timer_due(engine, engine->watch_us))
        return;
    members_each(engine, member) {
        oldest_us = timer_earlier(oldest_us, waits_since(member));
    }
    engine->watch_us = 0;
    if (oldest_us != 0)
        timer_watch(engine);
    if (oldest_us != 0 && engine->now_us - oldest_us >= patience_us && engine->surveys.count == 0 &&
        engine->now_us - engine->surveys.ended_us >= patience_us)
        engine->surveys.wanted = engine->dirty = true;
}

void patience_count(struct engine *engine) {
    members_each(engine, member) {
        bool waits = member->phase == PHASE_CREATING
                         ? waits_since(member) != 0
                         : member->waiting.broken_us != 0 && member->state == BANYAN_AVAILABLE;
        member->waiting.rounds = waits ? member->waiting.rounds + 1 : 0;
    }
}

static bool is_calm(const struct engine *engine, uint64_t patience_us) {
    return engine->now_us - engine->fault_us >= patience_us;
}

/* Of nodes that are being created below each other, only the topmost can be the cause. */
struct member *patience_unborn(struct engine *engine) {
    uint64_t patience_us = START_DEADLINES * engine->options.deadline_us + ROUND_BUSY_US;
    members_each(engine, member) {
        const struct member *above = member_of(member->node.parent);
        bool topmost = above == NULL || above->phase != PHASE_CREATING;
        if (member->phase == PHASE_CREATING && topmost && !member->creation.failed &&
            member->waiting.rounds >= START_ROUNDS &&
            engine->now_us - waits_since(member) >= patience_us && is_calm(engine, patience_us))
            return member;
    }
    return NULL;
}

struct member *patience_unreachable(struct engine *engine) {
    uint64_t patience_us = START_DEADLINES * engine->options.deadline_us;
    members_each(engine, member) {
        if (member->phase != PHASE_CREATING && member->lane.execs != NULL &&
            member->waiting.rounds >= BROKEN_ROUNDS &&
            engine->now_us - member->waiting.broken_us >= patience_us &&
            is_calm(engine, patience_us)) {
            waiting_reset(member); /* the next exec has a time of its own */
            return member;
        }
    }
    return NULL;
}
