/*
 * loop.c: the controller's loop: what has ended is handed to the engine, then the time, then the
 * engine sends what has gathered. Now and then the controller is late.
 */
#include <inttypes.h>
#include <utlist.h>

#include "sim.h"

static enum hop hop_of(const struct reply *reply) {
    return reply->status == STATUS_OK       ? HOP_OK
           : reply->status == STATUS_BROKEN ? HOP_BROKEN
                                            : HOP_REFUSED;
}

/* ---- what has ended ---- */

static void post_exit_later(struct sim *sim, void *arg) {
    struct node *node = arg;
    shell_post(sim, &(struct posted){.kind = POST_EXITED, .serial = node->serial});
}

/* Begins to watch a process. False: it has been collected, so there is nothing to watch. */
static bool watch(struct sim *sim, struct node *node) {
    if (node->collected)
        return false;
    node->watched = true;
    if (node->dead)
        sim_in(sim, latency(sim), NULL, post_exit_later, node);
    return true;
}

static void spawned(struct sim *sim, const struct ask *ask, const struct reply *reply) {
    struct node *node = process_find(sim, ask->about);
    enum hop hop = hop_of(reply);
    const char *text = reply->text;
    if (!sim->peers[ask->about].known)
        return;
    if (hop == HOP_OK && !node->watched && !watch(sim, node)) {
        hop = HOP_REFUSED;
        text = "cannot watch the node";
    }
    sim->totals->refused_starts += hop == HOP_REFUSED;
    engine_spawned(sim->engine, ask->about, hop, reply->value, text);
}

/* The birth connection of a node that the controller has started has news. */
static void birth(struct sim *sim, uint64_t serial) {
    struct node *node = process_find(sim, serial);
    if (!sim->peers[serial].known || node->watched || node->collected)
        return;
    if (node->listens && watch(sim, node)) {
        children_add(sim, &sim->controller, node);
        engine_spawned(sim->engine, serial, HOP_OK, PID_BASE + (int64_t)serial, NULL);
        return;
    }
    node->collected = true;
    sim->totals->refused_starts++;
    engine_spawned(sim->engine, serial, HOP_REFUSED, 0, "the node ended while it was starting");
}

/* One that nobody wants any more is ended, and its exit status collected. */
static void joined(struct sim *sim, uint64_t serial) {
    struct node *node = process_find(sim, serial);
    const struct node *starter = node->starter;
    if (sim->peers[serial].known && (node->watched || watch(sim, node))) {
        engine_joined(sim->engine, serial, PID_BASE + (int64_t)serial);
        return;
    }
    if (node->collected)
        return;
    sim_trace(sim, "%" PRId64 "#%" PRIu64 " has joined, and is not wanted", node->id, serial);
    sim->totals->strays++;
    process_end(sim, node);
    if (starter->serial == 0 || starter->dead)
        node->collected = true;
    else
        shell_reap(sim, serial, starter);
}

static void asked(struct sim *sim, struct ask *ask, const struct reply *reply) {
    enum hop hop = hop_of(reply);
    switch (ask->operation) {
    case OP_SUMS:
        LL_DELETE(sim->lent, ask);
        sim->totals->resends += hop == HOP_BROKEN;
        engine_summed(sim->engine, ask->bundle, hop, ask->results, reply->text);
        break;
    case OP_SPAWN:
        spawned(sim, ask, reply);
        break;
    case OP_CHILDREN:
        engine_arranged(sim->engine, ask->serial, ask->version, hop);
        break;
    default:
        engine_reaped(sim->engine, ask->about, hop == HOP_BROKEN ? HOP_BROKEN : HOP_OK, NULL);
    }
}

static void handle(struct sim *sim, const struct posted *post) {
    struct peer *peer = &sim->peers[post->serial % MOST_NODES];
    switch (post->kind) {
    case POST_ASKED:
        asked(sim, post->ask, &post->reply);
        break;
    case POST_PROBED:
        if (post->reply.status == STATUS_OK)
            engine_probed(sim->engine, post->ask->serial);
        break;
    case POST_SURVEYED:
        engine_heard(sim->engine, post->serial, post->serials, post->count);
        engine_surveyed(sim->engine, post->serial);
        break;
    case POST_COLLECTED:
        engine_reaped(sim->engine, post->serial, hop_of(&post->reply), NULL);
        break;
    case POST_EXITED:
        if (peer->known && !peer->exited) {
            peer->exited = true;
            engine_exited(sim->engine, post->serial);
        }
        break;
    case POST_JOINED:
        joined(sim, post->serial);
        break;
    default:
        birth(sim, post->serial);
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

static void awake(struct sim *sim, void *arg) {
    struct posted *descriptors = sim->descriptors, *inbox = sim->inbox;
    (void)arg;
    if (sim->now_us != sim->wake_us)
        return; /* it woke up earlier */
    sim->wake_us = UINT64_MAX;
    sim->descriptors = sim->inbox = NULL;
    sim->descriptors_end = &sim->descriptors;
    sim->inbox_end = &sim->inbox;
    bool more = commands_feed(sim);
    handle_all(sim, descriptors);
    handle_all(sim, inbox);
    engine_tick(sim->engine, sim->now_us);
    engine_flush(sim->engine);
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
    bool descriptor = post->kind == POST_EXITED || post->kind == POST_BIRTH ||
                      post->kind == POST_JOINED;
    struct posted ***end = descriptor ? &sim->descriptors_end : &sim->inbox_end;
    struct posted *copy = sim_alloc(sim, sizeof *copy);
    *copy = *post;
    copy->next = NULL;
    **end = copy;
    *end = &copy->next;
    shell_wake(sim, sim_between(sim, 1, 30));
}

/* The controller ends: whatever is under way comes back at once. */
void shell_give_back(struct sim *sim) {
    struct ask *ask;
    while ((ask = sim->lent) != NULL) {
        LL_DELETE(sim->lent, ask);
        engine_summed(sim->engine, ask->bundle, HOP_BROKEN, NULL, NULL);
    }
}
