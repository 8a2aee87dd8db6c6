#include "timers.h"

#include "state.h"

/* Requests in flight are looked at every deadline_us / WATCH_SHARE. */
enum { WATCH_SHARE = 8 };

uint64_t timer_earlier(uint64_t one_us, uint64_t other_us) {
    if (one_us == 0 || other_us == 0)
        return one_us + other_us;
    return one_us < other_us ? one_us : other_us;
}

bool timer_due(const struct engine *engine, uint64_t at_us) {
    return at_us != 0 && at_us <= engine->now_us;
}

void timer_set(struct engine *engine, uint64_t at_us) {
    engine->retry_us = timer_earlier(engine->retry_us, at_us);
}

void timer_watch(struct engine *engine) {
    if (engine->watch_us == 0)
        engine->watch_us = engine->now_us + engine->options.deadline_us / WATCH_SHARE;
}
