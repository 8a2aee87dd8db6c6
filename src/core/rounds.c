/*
 * rounds.c: surveys, which alone decide that a living process is unavailable.
 *
 * A survey has two halves. In the first it goes down the overlay, and every node answers for itself
 * and for those beneath it. Who is missing then may only sit behind a stopped node: so in the
 * second half each missing node is asked directly. Who has not answered when the deadline is over
 * is silent, unless its process runs: then it is the machine that is slow, and the round waits for
 * it some seconds more. The direct question to a silent node stays open: a stopped node that
 * resumes answers it at once, and is available again.
 *
 * A pingall is answered by a survey that begins after it. Besides, a request that takes long makes
 * the engine hold a survey (rounds_watch); the request itself decides nothing.
 */
#include "engine_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    SLACK_US = 20000, /* a parent waits this much longer than its children, if the depth allows */
    LATE_US = 50000,  /* a deadline noticed later than this was not the nodes' fault alone */
    EXTENSIONS = 3,
    BUSY_US = 3000000,   /* how much longer a node has whose process runs */
    RECHECK_US = 20000,  /* how often it is looked at meanwhile */
    START_DEADLINES = 3, /* until a node that neither starts nor joins is given up, and BUSY_US, */
    START_ROUNDS = 3,    /* and so many surveys */
    BROKEN_ROUNDS = 5,   /* likewise, until execs to a node that breaks every connection fail */
};

/* Whether the round still waits for the member: it was there when the round began, it is expected
 * to live on, and it has not answered this round or a later one. */
static bool waits_for(const struct round *round, const struct member *member) {
    bool living = member->state == BANYAN_AVAILABLE || member->state == BANYAN_SILENT;
    bool present = member->phase == PHASE_PRESENT || member->phase == PHASE_LEAVING;
    return living && present && member->joined_round < round->number &&
           member->heard_round < round->number;
}

static struct member *first_unheard(const struct engine *engine, const struct round *round) {
    struct tree_node *at = engine->tree.root;
    while (at != NULL && !waits_for(round, member_of(at)))
        at = tree_next(engine->tree.root, at);
    return at != NULL ? member_of(at) : NULL;
}

static void unprobe(struct engine *engine, struct member *member) {
    if (member->probed)
        engine->ports.unprobe(engine->ports.arg, member->serial);
    member->probed = false;
}

/* Its process has ended or has been told to: nobody waits for its answer. */
void rounds_exited(struct engine *engine, struct member *member) {
    unprobe(engine, member);
}

/* False: it could not be asked, for want of memory. A question that is open stays the only one; its
 * answer counts for the rounds that had begun when it was put. */
static bool probe(struct engine *engine, struct member *member) {
    if (!member->probed) {
        member->probed = engine->ports.probe(engine->ports.arg, member->serial);
        member->probed_round = engine->survey.last;
    }
    return member->probed;
}

/* How long the answer took; that to a round which is over tells nothing. */
static void note_time(const struct engine *engine, struct member *member, uint64_t round) {
    for (unsigned i = 0; i < engine->survey.count; i++) {
        if (engine->survey.rounds[i].number == round)
            member->survey_us = (int64_t)(engine->now_us - engine->survey.rounds[i].began_us);
    }
}

/* It has answered what was asked in a round. */
static void hear(struct engine *engine, struct member *member, uint64_t round) {
    bool resumed = member->state == BANYAN_SILENT && member->phase != PHASE_ENDING;
    if (round > member->heard_round) {
        member->heard_round = round;
        note_time(engine, member, round);
    }
    if (member->state == BANYAN_STARTING)
        return; /* only its join counts */
    engine_event(engine, member, EVENT_HEARD);
    if (resumed) {
        incident(engine, member, "answered again");
        engine->fault_us = engine->now_us;
        member->arrangement.stale = true; /* what it was told before may have been lost on it */
        repair(engine);
    }
}

/* ---- the two halves ---- */

/* Somebody could not be asked: the second half begins again in a moment. */
static void ask_later(const struct engine *engine, struct round *round) {
    round->direct = false;
    round->half_us = engine->now_us + RETRY_US;
}

/* Nobody is judged who has not been asked, and has not had half the deadline to answer: not even
 * when the controller is late, or has no memory to ask. */
static void ask_directly(struct engine *engine, struct round *round) {
    struct tree_node *at = engine->tree.root;
    uint64_t end_us = engine->now_us + engine->options.deadline_us / 2;
    bool asked = true;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        if (!waits_for(round, member_of(at)))
            continue;
        engine_event(engine, member_of(at), EVENT_LATE);
        if (!probe(engine, member_of(at)))
            asked = false;
    }
    round->direct = true;
    if (!asked)
        ask_later(engine, round);
    if (round->end_us < end_us)
        round->end_us = end_us;
}

static void begin(struct engine *engine, struct command *asking) {
    struct round *round = &engine->survey.rounds[engine->survey.count++];
    struct tree_node *at = engine->tree.root;
    uint64_t half_us = engine->options.deadline_us / 2, depth = 0;
    engine->survey.wanted = false;
    *round = (struct round){.number = ++engine->survey.last,
                            .began_us = engine->now_us,
                            .half_us = engine->now_us + half_us,
                            .end_us = engine->now_us + engine->options.deadline_us,
                            .latest_us = engine->now_us + engine->options.deadline_us + BUSY_US,
                            .asking = asking};
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        if (waits_for(round, member_of(at)) && at->depth > depth)
            depth = at->depth;
        if (waits_for(round, member_of(at)) && member_of(at)->state == BANYAN_SILENT)
            probe(engine, member_of(at)); /* else in the second half */
    }
    uint64_t slack_us = half_us / (2 * (depth + 1));
    if (first_unheard(engine, round) != NULL &&
        !engine->ports.survey(engine->ports.arg, round->number, half_us,
                              slack_us < SLACK_US ? slack_us : SLACK_US))
        ask_directly(engine, round);
}

static int compare_ids(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Who is unavailable, of the nodes that were created before the pingall. */
static void answer_ping(struct engine *engine, struct command *ping) {
    struct answer answer = {.code = BANYAN_OK};
    int64_t *ids = malloc((engine->tree.count + 1) * sizeof *ids);
    struct tree_node *at = engine->tree.root;
    if (ids == NULL)
        answer = (struct answer){.code = BANYAN_SYSTEM, .text = "out of memory"};
    for (; ids != NULL && at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        bool judged = member->state == BANYAN_SILENT || member->state == BANYAN_ENDED;
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

static void miss(struct engine *engine, struct member *member) {
    char what[HISTORY_WHAT];
    snprintf(what, sizeof what, "answered neither round of a survey within %llu ms%s",
             (unsigned long long)engine->options.deadline_us / 1000,
             member->halted ? "" : ", nor later, though its process runs");
    engine_event(engine, member, EVENT_MISSED);
    incident(engine, member, what);
    execs_fail(engine, member, BANYAN_UNAVAILABLE, NULL);
}

/* Whoever has not answered by now is silent; whoever has is not asked any more. */
static void judge(struct engine *engine, const struct round *round) {
    struct tree_node *at = engine->tree.root;
    bool changed = false;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        if (waits_for(round, member)) {
            member->halted = !engine->ports.runs(engine->ports.arg, member->serial);
            if (member->state == BANYAN_AVAILABLE) {
                miss(engine, member);
                changed = true;
            }
        } else if (member->state == BANYAN_AVAILABLE && engine->survey.count == 1) {
            unprobe(engine, member); /* no other round is under way that asks it */
        }
    }
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

/* A node that is being created, and has neither started nor joined for so long that any lost node on
 * the way would have been noticed: so it is the new one that does not answer. */
static struct member *stuck(struct engine *engine) {
    uint64_t patience_us = START_DEADLINES * engine->options.deadline_us + BUSY_US;
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

/* A node that answers every survey, while every request to it breaks its connection: it is not lost,
 * and trying again would go on for ever. */
static void give_up_broken(struct engine *engine) {
    uint64_t patience_us = START_DEADLINES * engine->options.deadline_us;
    struct tree_node *at = engine->tree.root;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        if (member->phase != PHASE_CREATING && member->execs != NULL &&
            member->rounds_waited >= BROKEN_ROUNDS &&
            engine->now_us - member->broken_us >= patience_us &&
            engine->now_us - engine->fault_us >= patience_us)
            execs_fail(engine, member, BANYAN_SYSTEM,
                       "every request to the node breaks its connection");
    }
}

/* The clock alone does not tell how long the nodes had: the controller may have been late. */
static void count_rounds(struct engine *engine) {
    struct tree_node *at = engine->tree.root;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        bool waits = member->phase == PHASE_CREATING
                         ? waits_since(member) != 0
                         : member->broken_us != 0 && member->state == BANYAN_AVAILABLE;
        member->rounds_waited = waits ? member->rounds_waited + 1 : 0;
    }
}

/* Ends the oldest round. */
static void end(struct engine *engine) {
    struct command *ping, *next, *asking = engine->survey.rounds[0].asking;
    judge(engine, &engine->survey.rounds[0]);
    engine->survey.count--;
    memmove(engine->survey.rounds, engine->survey.rounds + 1,
            engine->survey.count * sizeof *engine->survey.rounds);
    engine->survey.ended_us = engine->now_us;
    engine->unsettle = true; /* kills may have waited for the pingalls, creates for the verdict */
    DL_FOREACH_SAFE(asking, ping, next) {
        answer_ping(engine, ping);
    }
    for (struct tree_node *at = engine->tree.root; at != NULL;
         at = tree_next(engine->tree.root, at)) {
        if (member_of(at)->state == BANYAN_SILENT)
            commands_lost(engine, member_of(at));
    }
    struct member *member;
    count_rounds(engine);
    while ((member = stuck(engine)) != NULL)
        commands_stuck(engine, member);
    give_up_broken(engine);
}

/* The pingalls whose turn has come: every create and kill before them is answered. */
static struct command *take_pings(struct engine *engine) {
    struct command *ping, *next, *asking = NULL;
    DL_FOREACH_SAFE(engine->pings, ping, next) {
        if (engine->structural != NULL && engine->structural->seq < ping->seq)
            break;
        DL_DELETE(engine->pings, ping);
        DL_APPEND(asking, ping);
    }
    return asking;
}

/* Whether one of those that would be blamed only waits for a processor: it was available before, or
 * stopped and has been resumed. */
static bool waits_for_busy(struct engine *engine, const struct round *round) {
    struct tree_node *at = engine->tree.root;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        if (waits_for(round, member) && (member->state == BANYAN_AVAILABLE || member->halted) &&
            engine->ports.runs(engine->ports.arg, member->serial))
            return true;
    }
    return false;
}

/* When the controller itself was late, its nodes' answers may lie unread: they get more time. */
static bool over(struct engine *engine, struct round *round) {
    if (first_unheard(engine, round) == NULL)
        return true;
    if (!round->direct || engine->now_us < round->end_us)
        return false;
    if (engine->now_us >= round->end_us + LATE_US && round->extensions < EXTENSIONS) {
        round->extensions++;
        round->end_us = engine->now_us + engine->options.deadline_us / 2;
        return false;
    }
    if (engine->now_us >= round->latest_us || !waits_for_busy(engine, round))
        return true;
    round->end_us = engine->now_us + RECHECK_US;
    return false;
}

/* A pingall does not wait for a round that is under way, since who has answered that may be lost
 * meanwhile: it begins one of its own. Rounds end in the order in which they began. */
void rounds_settle(struct engine *engine) {
    struct command *asking;
    for (;;) {
        if (engine->survey.count < ROUNDS_MOST &&
            ((asking = take_pings(engine)) != NULL ||
             (engine->survey.wanted && engine->survey.count == 0)))
            begin(engine, asking);
        for (unsigned i = 0; i < engine->survey.count; i++) {
            struct round *round = &engine->survey.rounds[i];
            if (!round->direct && engine->now_us >= round->half_us &&
                first_unheard(engine, round) != NULL)
                ask_directly(engine, round);
        }
        if (engine->survey.count == 0 || !over(engine, &engine->survey.rounds[0]))
            return;
        end(engine);
    }
}

/* Whether a pingall that came before a command is being answered. */
bool rounds_older(const struct engine *engine, uint64_t seq) {
    for (unsigned i = 0; i < engine->survey.count; i++) {
        const struct command *first = engine->survey.rounds[i].asking;
        if (first != NULL && first->seq < seq)
            return true;
    }
    return false;
}

/* When a round has something to do next; 0: none is under way. */
uint64_t rounds_wakeup(const struct engine *engine) {
    uint64_t wakeup_us = 0;
    for (unsigned i = 0; i < engine->survey.count; i++) {
        const struct round *round = &engine->survey.rounds[i];
        if (!round->direct)
            older(&wakeup_us, round->half_us);
        else if (i == 0)
            older(&wakeup_us, round->end_us);
    }
    return wakeup_us;
}

void rounds_free(struct engine *engine) {
    struct command *ping, *next;
    for (unsigned i = 0; i < engine->survey.count; i++) {
        DL_FOREACH_SAFE(engine->survey.rounds[i].asking, ping, next) {
            free(ping);
        }
    }
}

/* ---- events ---- */

void engine_heard(struct engine *engine, uint64_t round, const uint64_t *serials, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct member *member = engine_member(engine, serials[i]);
        if (member != NULL)
            hear(engine, member, round);
    }
}

void engine_surveyed(struct engine *engine, uint64_t round) {
    for (unsigned i = 0; i < engine->survey.count; i++) {
        struct round *at = &engine->survey.rounds[i];
        if (at->number == round && !at->direct)
            at->half_us = engine->now_us; /* the second half begins with the next tick */
    }
}

void engine_probed(struct engine *engine, uint64_t serial) {
    struct member *member = engine_member(engine, serial);
    if (member == NULL || !member->probed)
        return;
    unprobe(engine, member); /* the question is answered */
    hear(engine, member, member->probed_round);
    for (unsigned i = 0; i < engine->survey.count; i++) {
        struct round *round = &engine->survey.rounds[i];
        if (round->direct && waits_for(round, member) && !probe(engine, member))
            ask_later(engine, round); /* it began after that question */
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
    if (oldest_us != 0 && engine->now_us - oldest_us >= patience_us && engine->survey.count == 0 &&
        engine->now_us - engine->survey.ended_us >= patience_us)
        engine->survey.wanted = true;
}
