/*
 * rounds.c: surveys, which alone decide that a living process is unavailable.
 *
 * A survey has two halves. In the first it goes down the overlay, and every node answers for itself
 * and for those beneath it. Who is missing then may only sit behind a stopped node: so in the
 * second half each missing node is asked directly. Who has not answered when the deadline is over
 * is silent. The direct question to a silent node stays open: a stopped node that resumes answers
 * it at once, and is available again.
 *
 * A pingall is answered by a survey that begins after it. Besides, a request that takes long makes
 * the engine hold a survey (rounds_watch); the request itself decides nothing.
 */
#include "engine_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

enum {
    SLACK_US = 20000, /* a parent waits this much longer than its children, if the depth allows */
    PROBE_RETRY_US = 3000,
    LATE_US = 50000, /* a deadline noticed later than this was not the nodes' fault alone */
    EXTENSIONS = 3,
    START_DEADLINES = 3, /* until a node that neither starts nor joins is given up, */
    START_ROUNDS = 3,    /* and so many surveys */
};

static bool asked_and_unheard(const struct engine *engine, const struct member *member) {
    return engine->survey.round != 0 && member->asked_round == engine->survey.round &&
           member->heard_round != engine->survey.round;
}

static void hear(struct engine *engine, struct member *member) {
    if (!asked_and_unheard(engine, member))
        return;
    member->heard_round = engine->survey.round;
    engine->survey.unheard--;
}

/* Its process has ended or has been told to: nobody waits for its answer. */
void rounds_exited(struct engine *engine, struct member *member) {
    hear(engine, member);
    if (member->probed) {
        member->probed = false;
        engine->ports.unprobe(engine->ports.arg, member->serial);
    }
}

/* False: it could not be asked, for want of memory. */
static bool probe(struct engine *engine, struct member *member) {
    if (!member->probed)
        member->probed = engine->ports.probe(engine->ports.arg, member->serial);
    return member->probed;
}

/* ---- the two halves ---- */

/* Nobody is judged who has not been asked, and has not had half the deadline to answer: not even
 * when the controller is late, or has no memory to ask. */
static void ask_directly(struct engine *engine) {
    struct tree_node *at = engine->tree.root;
    uint64_t end_us = engine->now_us + engine->options.deadline_us / 2;
    engine->survey.direct = true;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        if (asked_and_unheard(engine, member_of(at)) && !probe(engine, member_of(at)))
            engine->survey.direct = false;
    }
    if (!engine->survey.direct)
        engine->survey.half_us = engine->now_us + PROBE_RETRY_US;
    if (engine->survey.end_us < end_us)
        engine->survey.end_us = end_us;
}

static void begin(struct engine *engine) {
    struct tree_node *at = engine->tree.root;
    uint64_t half_us = engine->options.deadline_us / 2, depth = 0;
    engine->survey.round = ++engine->survey.last;
    engine->survey.wanted = engine->survey.direct = false;
    engine->survey.half_us = engine->now_us + half_us;
    engine->survey.end_us = engine->now_us + engine->options.deadline_us;
    engine->survey.unheard = engine->survey.extensions = 0;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        bool silent = member->verdict == VERDICT_SILENT && member->phase != PHASE_ENDING;
        if (!silent && !engine_available(at))
            continue;
        if (at->depth > depth)
            depth = at->depth;
        member->asked_round = engine->survey.round;
        engine->survey.unheard++;
        if (silent)
            probe(engine, member); /* else in the second half */
    }
    uint64_t slack_us = half_us / (2 * (depth + 1));
    if (engine->survey.unheard > 0 &&
        !engine->ports.survey(engine->ports.arg, engine->survey.round, half_us,
                              slack_us < SLACK_US ? slack_us : SLACK_US))
        ask_directly(engine);
}

static int compare_ids(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Who is unavailable, of the nodes that were created before the pingall. */
static void answer_ping(struct engine *engine, struct command *ping) {
    struct answer answer = {.code = ANSWER_OK};
    int64_t *ids = malloc((engine->tree.count + 1) * sizeof *ids);
    struct tree_node *at = engine->tree.root;
    if (ids == NULL)
        answer = (struct answer){.code = ANSWER_SYSTEM, .text = "out of memory"};
    for (; ids != NULL && at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        bool judged = member->verdict == VERDICT_SILENT || member->verdict == VERDICT_ENDED;
        if (judged && member->phase != PHASE_CREATING && member->phase != PHASE_ENDING &&
            member->born < ping->seq)
            ids[answer.id_count++] = at->id;
    }
    if (ids != NULL)
        qsort(ids, answer.id_count, sizeof *ids, compare_ids);
    answer.ids = ids;
    engine_give(engine, ping, &answer);
    free(ids);
    free(ping);
}

/* Whoever has not answered by now is silent; whoever has is not asked any more. */
static void judge(struct engine *engine) {
    struct tree_node *at = engine->tree.root;
    bool changed = false;
    char missed[HISTORY_WHAT];
    snprintf(missed, sizeof missed, "answered neither round of a survey within %llu ms",
             (unsigned long long)engine->options.deadline_us / 1000);
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        if (member->asked_round != engine->survey.round)
            continue;
        if (!asked_and_unheard(engine, member)) {
            if (member->probed && member->verdict == VERDICT_AVAILABLE)
                rounds_exited(engine, member);
            continue;
        }
        if (member->verdict == VERDICT_AVAILABLE) {
            engine_event(engine, member, EVENT_MISSED);
            incident(engine, member, missed);
            execs_fail(engine, member, ANSWER_UNAVAILABLE);
            changed = true;
        }
    }
    engine->survey.round = 0;
    if (changed) {
        engine->fault_us = engine->now_us;
        repair(engine);
    }
}

static void older(uint64_t *oldest_us, uint64_t at_us) {
    if (at_us != 0 && (*oldest_us == 0 || at_us < *oldest_us))
        *oldest_us = at_us;
}

/* Since when a request that concerns the member has not been answered; 0: none is under way. */
static uint64_t waits_since(const struct member *member) {
    uint64_t oldest_us = 0;
    older(&oldest_us, member->asked_us);
    older(&oldest_us, member->reaping_us);
    older(&oldest_us, member->arrangement.sent_us);
    if (member->lent != NULL)
        older(&oldest_us, member->lent->sent_us);
    if (oldest_us != 0 || member->retry_us != 0 || member->again_us != 0 ||
        member->arrangement.retry_us != 0)
        older(&oldest_us, member->broken_us);
    return oldest_us;
}

/* A node that is being created, and has been asked to start or to join for so long that any lost
 * node on the way would have been noticed: so it is the new one that does not answer. */
static struct member *stuck(struct engine *engine) {
    uint64_t patience_us = START_DEADLINES * engine->options.deadline_us;
    struct tree_node *at = engine->tree.root;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        if (member->phase == PHASE_CREATING && member->rounds_waited >= START_ROUNDS &&
            engine->now_us - waits_since(member) >= patience_us &&
            engine->now_us - engine->fault_us >= patience_us)
            return member;
    }
    return NULL;
}

/* The clock alone does not tell how long the nodes had: the controller may have been late. */
static void count_rounds(struct engine *engine) {
    struct tree_node *at = engine->tree.root;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        bool waits = member->phase == PHASE_CREATING && waits_since(member) != 0;
        member->rounds_waited = waits ? member->rounds_waited + 1 : 0;
    }
}

static void end(struct engine *engine) {
    struct command *ping, *next;
    struct command *asking = engine->asking;
    judge(engine);
    engine->survey.ended_us = engine->now_us;
    engine->asking = NULL;
    engine->unsettle = true; /* kills may have waited for the pingalls, creates for the verdict */
    DL_FOREACH_SAFE(asking, ping, next) {
        answer_ping(engine, ping);
    }
    for (struct tree_node *at = engine->tree.root; at != NULL;
         at = tree_next(engine->tree.root, at)) {
        if (member_of(at)->verdict == VERDICT_SILENT)
            commands_lost(engine, member_of(at));
    }
    struct member *member;
    count_rounds(engine);
    while ((member = stuck(engine)) != NULL)
        commands_stuck(engine, member);
}

/* The pingalls whose turn has come: every create and kill before them is answered. */
static void take_pings(struct engine *engine) {
    struct command *ping, *next;
    DL_FOREACH_SAFE(engine->pings, ping, next) {
        if (engine->structural != NULL && engine->structural->seq < ping->seq)
            break;
        DL_DELETE(engine->pings, ping);
        DL_APPEND(engine->asking, ping);
    }
}

/* When the controller itself was late, its nodes' answers may lie unread: they get more time. */
static bool over(struct engine *engine) {
    if (engine->survey.unheard == 0)
        return true;
    if (engine->now_us < engine->survey.end_us)
        return false;
    if (engine->now_us < engine->survey.end_us + LATE_US || engine->survey.extensions == EXTENSIONS)
        return true;
    engine->survey.extensions++;
    engine->survey.end_us = engine->now_us + engine->options.deadline_us / 2;
    return false;
}

void rounds_settle(struct engine *engine) {
    for (;;) {
        if (engine->survey.round == 0) {
            take_pings(engine);
            if (engine->asking == NULL && !engine->survey.wanted)
                return;
            begin(engine);
        }
        if (engine->survey.unheard > 0 && !engine->survey.direct &&
            engine->now_us >= engine->survey.half_us)
            ask_directly(engine);
        if (!over(engine))
            return;
        end(engine);
    }
}

/* ---- events ---- */

void engine_heard(struct engine *engine, uint64_t round, const uint64_t *serials, size_t count) {
    for (size_t i = 0; round == engine->survey.round && i < count; i++) {
        struct member *member = engine_member(engine, serials[i]);
        if (member != NULL)
            hear(engine, member);
    }
}

void engine_surveyed(struct engine *engine, uint64_t round) {
    if (round == engine->survey.round && !engine->survey.direct)
        engine->survey.half_us = engine->now_us; /* the second half begins with the next tick */
}

void engine_probed(struct engine *engine, uint64_t serial) {
    struct member *member = engine_member(engine, serial);
    if (member == NULL || !member->probed)
        return;
    rounds_exited(engine, member); /* the question is answered */
    bool resumed = member->verdict == VERDICT_SILENT;
    engine_event(engine, member, EVENT_HEARD);
    if (resumed) {
        incident(engine, member, "answered again");
        engine->fault_us = engine->now_us;
        member->arrangement.stale = true; /* what it was told before may have been lost on it */
        repair(engine);
    }
}

/* ---- requests that take long ---- */

/* When the oldest request that is under way was sent; 0: none is. */
static uint64_t oldest_request(const struct engine *engine) {
    uint64_t oldest_us = 0;
    struct tree_node *at = engine->tree.root;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        older(&oldest_us, waits_since(member_of(at)));
    }
    return oldest_us;
}

void rounds_watch(struct engine *engine) {
    uint64_t patience_us = engine->options.deadline_us / 2;
    uint64_t oldest_us = oldest_request(engine);
    engine->watch_us = oldest_us != 0 ? engine->now_us + patience_us / 4 : 0;
    if (oldest_us != 0 && engine->now_us - oldest_us >= patience_us && engine->survey.round == 0 &&
        engine->now_us - engine->survey.ended_us >= patience_us)
        engine->survey.wanted = true;
}
