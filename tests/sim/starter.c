/*
 * starter.c: what the starter reports of the processes, as src/start does.
 *
 * The starter reads birth lines and the kernel's reports, each a moment after it is there, and puts
 * the news into one queue, which the controller empties. Of unread stops and continuations the
 * kernel reports only the latest. What a process has written to its birth line is read before the
 * kernel's report. A process is reaped when its end is read; afterwards the starter reports nothing
 * of it.
 */
#include <inttypes.h>

#include "sim.h"

enum { HANGS_MOST_US = 300000 };

static const char *const names[] = {"failed", "ready", "joined", "stopped", "continued", "ended"};

static void arrives(struct sim *sim, void *arg) {
    shell_post(sim, arg);
}

static void tell(struct sim *sim, struct node *node, enum news_kind kind) {
    struct posted *news = sim_alloc(sim, sizeof *news);
    uint64_t at_us = sim->now_us + sim_between(sim, 1, sim->profile->notice_us);
    *news = (struct posted){.kind = POST_NEWS, .news = kind, .serial = node->serial};
    sim_trace(sim, "the starter reads: #%" PRIu64 " %s", node->serial, names[kind]);
    if (sim->news_us < at_us)
        sim->news_us = at_us;
    sim_at(sim, sim->news_us, NULL, arrives, news);
}

static void read_line(struct sim *sim, void *arg) {
    struct node *node = arg;
    if (node->reaped)
        return;
    if (node->listens && !node->told_ready)
        tell(sim, node, NEWS_READY);
    node->told_ready = node->listens;
    if (node->rules.joined && !node->told_joined)
        tell(sim, node, NEWS_JOINED);
    node->told_joined = node->rules.joined;
}

void starter_line(struct sim *sim, struct node *node) {
    sim_in(sim, sim_between(sim, 1, sim->profile->notice_us), NULL, read_line, node);
}

static void read_notice(struct sim *sim, void *arg) {
    struct node *node = arg;
    if (node->reaped)
        return;
    read_line(sim, node);
    if (node->dead) {
        node->reaped = true;
        tell(sim, node, node->told_ready ? NEWS_ENDED : NEWS_FAILED);
    } else if (node->notice != NOTICE_NONE) {
        tell(sim, node, node->notice == NOTICE_STOPPED ? NEWS_STOPPED : NEWS_CONTINUED);
        node->notice = NOTICE_NONE;
    }
}

/* A process that the engine ended may hang in the kernel for a while. */
void starter_notice(struct sim *sim, struct node *node) {
    bool hangs = node->ended && sim_chance(sim, sim->profile->hangs);
    uint64_t most_us = hangs ? HANGS_MOST_US : sim->profile->notice_us;
    sim_in(sim, sim_between(sim, 1, most_us), NULL, read_notice, node);
}
