/*
 * loop.c: the controller's loop: what has ended is handed to the engine, then the time, then the
 * engine sends what has gathered. Now and then the controller is late.
 */
#include <inttypes.h>
#include <utlist.h>

#include "sim.h"

static enum outcome outcome_of(const struct reply *reply) {
    return reply->status == WIRE_OK       ? OUTCOME_OK
           : reply->status == WIRE_BROKEN ? OUTCOME_BROKEN
                                          : OUTCOME_REFUSED;
}

/* ---- what has ended ---- */

static void summed(struct sim *sim, struct ask *ask, const struct reply *reply) {
    enum outcome outcome = outcome_of(reply);
    LL_DELETE(sim->lent, ask);
    sim->totals->resends += outcome == OUTCOME_BROKEN;
    engine_summed(sim->engine, ask->bundle, outcome, outcome == OUTCOME_OK ? ask->results : NULL,
                  reply->text);
}

/* The answer to a question that is still wanted. */
static void probed(struct sim *sim, const struct posted *post) {
    struct peer *peer = &sim->peers[post->serial];
    if (peer->probe != post->link || post->reply.status != WIRE_OK)
        return;
    link_close(sim, peer->probe);
    peer->probe = NULL;
    sim_trace(sim, "#%" PRIu64 " has answered", post->serial);
    engine_probed(sim->engine, post->serial);
}

static void over(struct sim *sim, struct node *node) {
    node->over = true;
    node->over_us = sim->now_us;
    sim->totals->failed_starts += !node->told_ready;
}

static void hear(struct sim *sim, const struct posted *post) {
    struct node *node = process_find(sim, post->serial);
    const char *failure = node->failure != NULL ? node->failure : "killed by signal 9";
    switch (post->news) {
    case NEWS_FAILED:
        over(sim, node);
        engine_start_failed(sim->engine, node->serial, failure);
        break;
    case NEWS_READY:
        engine_ready(sim->engine, node->serial, PID_BASE + (int64_t)node->serial);
        break;
    case NEWS_JOINED:
        engine_joined(sim->engine, node->serial);
        break;
    case NEWS_STOPPED:
        engine_stopped(sim->engine, node->serial, "stopped by signal 19");
        break;
    case NEWS_CONTINUED:
        engine_continued(sim->engine, node->serial);
        break;
    default:
        over(sim, node);
        engine_ended(sim->engine, node->serial, node->serial % 8 > 0 ? "killed by signal 9" : NULL);
    }
}

static void handle(struct sim *sim, const struct posted *post) {
    switch (post->kind) {
    case POST_SUMMED:
        summed(sim, post->ask, &post->reply);
        break;
    case POST_ARRANGED:
        arrange_handle(sim, post->job, post->alone ? NULL : &post->reply);
        break;
    case POST_PROBED:
        probed(sim, post);
        break;
    case POST_SURVEYED:
        engine_heard(sim->engine, post->serial, post->serials, post->count);
        engine_surveyed(sim->engine, post->serial);
        break;
    default:
        hear(sim, post);
    }
}

/* ---- the loop ---- */

static void timer_fired(struct sim *sim, void *arg) {
    (void)arg;
    if (sim->timer_us > sim->now_us)
        return; /* it was set to another time */
    sim->timer_us = UINT64_MAX;
    shell_wake(sim, 0);
}

static void set_timer(struct sim *sim) {
    uint64_t at_us = engine_wakeup(sim->engine);
    if (at_us == sim->timer_us)
        return;
    sim->timer_us = at_us;
    if (at_us != UINT64_MAX)
        sim_at(sim, at_us > sim->now_us ? at_us : sim->now_us + 1, NULL, timer_fired, NULL);
}

static void handle_all(struct sim *sim, struct posted *post) {
    for (; post != NULL && !sim->failed; post = post->next)
        handle(sim, post);
}

static void settle(struct sim *sim) {
    sim->settling = true;
    engine_settle(sim->engine);
    sim->settling = false;
}

static void awake(struct sim *sim, void *arg) {
    struct posted *descriptors = sim->descriptors, *inbox = sim->inbox;
    (void)arg;
    if (sim->now_us != sim->wake_us)
        return; /* it woke up earlier */
    sim->wake_us = UINT64_MAX;
    sim->descriptors = sim->inbox = NULL;
    sim->descriptors_end = &sim->descriptors;
    sim->inbox_end = &sim->inbox;
    engine_time(sim->engine, sim->now_us);
    bool more = commands_feed(sim);
    handle_all(sim, descriptors);
    handle_all(sim, inbox);
    engine_tick(sim->engine, sim->now_us);
    settle(sim);
    set_timer(sim);
    if (more)
        shell_wake(sim, sim_between(sim, 5, 500));
    if (sim->profile->late_us > 0 && !sim->calm && sim_chance(sim, 2))
        sim->asleep_us = sim->now_us + sim_random(sim, sim->profile->late_us);
}

void shell_wake(struct sim *sim, uint64_t delay_us) {
    uint64_t at_us = sim->now_us + delay_us;
    if (at_us < sim->asleep_us)
        at_us = sim->asleep_us;
    if (at_us >= sim->wake_us)
        return;
    sim->wake_us = at_us;
    sim_at(sim, at_us, NULL, awake, NULL);
}

void shell_post(struct sim *sim, const struct posted *post) {
    struct posted ***end = post->kind == POST_NEWS ? &sim->descriptors_end : &sim->inbox_end;
    struct posted *copy = sim_alloc(sim, sizeof *copy);
    *copy = *post;
    copy->next = NULL;
    **end = copy;
    *end = &copy->next;
    shell_wake(sim, sim_between(sim, 1, 30));
}

/* The controller ends: whatever is in flight comes back at once. */
void shell_give_back(struct sim *sim) {
    struct ask *ask;
    while ((ask = sim->lent) != NULL) {
        LL_DELETE(sim->lent, ask);
        engine_summed(sim->engine, ask->bundle, OUTCOME_BROKEN, NULL, NULL);
    }
}
