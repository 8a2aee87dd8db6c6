#include "rounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "facts.h"
#include "state.h"
#include "timers.h"

enum {
    SLACK_US = 20000, /* a parent waits this much longer than its children, if depth allows */
    LATE_US = 50000,  /* a deadline noticed later than this: the controller was late */
    EXTENSIONS = 3,
    RECHECK_US = 20000, /* between two looks at a process that runs and does not answer */
};

void round_joined(struct engine *engine, struct member *member) {
    member->hearing.joined_round = engine->surveys.last;
}

/* Whether the round still waits for the member: it had joined when the round began, it may be alive
 * and is not stopped, and it has answered neither this round nor a later one. */
static bool waits_for(const struct round *round, const struct member *member) {
    return member_lives(member) && !member->stop.stopped &&
           member->hearing.joined_round < round->number &&
           member->hearing.heard_round < round->number;
}

static bool waits_for_any(const struct engine *engine, const struct round *round) {
    members_each(engine, member) {
        if (waits_for(round, member))
            return true;
    }
    return false;
}

/* ---- hearing ---- */

/* Records how long the answer took, if its round is still in progress. */
static void note_time(const struct engine *engine, struct member *member, uint64_t number) {
    for (unsigned i = 0; i < engine->surveys.count; i++) {
        if (engine->surveys.rounds[i].number == number)
            member->hearing.survey_us = (int64_t)(engine->now_us -
                                                  engine->surveys.rounds[i].began_us);
    }
}

/* Records that the member answered this round. */
static void note(struct engine *engine, struct member *member, uint64_t number) {
    if (number > member->hearing.heard_round) {
        member->hearing.heard_round = number;
        note_time(engine, member, number);
    }
    engine->surveys.heard = engine->dirty = true;
}

void rounds_heard(struct engine *engine, uint64_t number, const uint64_t *serials, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct member *member = member_by_serial(engine, serials[i]);
        if (member == NULL)
            continue;
        member->hearing.heard = true;
        note(engine, member, number);
    }
}

void rounds_probed(struct engine *engine, struct member *member) {
    if (!member->hearing.asked)
        return;
    member->hearing.answered = true;
    note(engine, member, member->hearing.asked_round);
}

void rounds_surveyed(struct engine *engine, uint64_t number) {
    for (unsigned i = 0; i < engine->surveys.count; i++) {
        struct round *round = &engine->surveys.rounds[i];
        if (round->number == number && !round->direct)
            round->half_us = engine->now_us; /* so the second half begins at once */
    }
    engine->dirty = true;
}

/* A node could not be asked: the second half begins again in a moment. */
static void ask_later(const struct engine *engine, struct round *round) {
    round->direct = false;
    round->half_us = engine->now_us + RETRY_US;
}

/* The answer does not count for rounds that began after the question was asked: ask again. */
static void ask_again(struct engine *engine, struct member *member) {
    question_drop(engine, member);
    for (unsigned i = 0; i < engine->surveys.count; i++) {
        struct round *round = &engine->surveys.rounds[i];
        if (waits_for(round, member) && !question_ask(engine, member) && round->direct)
            ask_later(engine, round);
    }
}

/* A silent node has answered. The answer of a stopped node does not count: it was sent before the
 * stop. */
static void find(struct engine *engine, struct member *member) {
    if (member->state != BANYAN_SILENT || !member_lives(member))
        return;
    stop_look(engine, member);
    if (member->stop.stopped)
        return;
    fact_found(engine, member);
    stop_settle(engine, member);
}

void rounds_listen(struct engine *engine) {
    if (!engine->surveys.heard)
        return;
    engine->surveys.heard = false;
    members_each(engine, member) {
        if (member->hearing.heard || member->hearing.answered)
            find(engine, member);
        if (member->hearing.answered)
            ask_again(engine, member);
        member->hearing.heard = member->hearing.answered = false;
    }
}

/* ---- the two halves ---- */

/* Never judge a node that was not asked or had less than half the deadline, even if the controller
 * was late or out of memory. */
static void ask_directly(struct engine *engine, struct round *round) {
    uint64_t end_us = engine->now_us + engine->options.deadline_us / 2;
    bool asked = true;
    members_each(engine, member) {
        if (waits_for(round, member) && !question_ask(engine, member))
            asked = false;
    }
    round->direct = true;
    if (!asked)
        ask_later(engine, round);
    if (round->end_us < end_us)
        round->end_us = end_us;
}

/* A silent node is not in the overlay, so it is asked directly at once. Returns the largest depth
 * of the nodes that the round waits for. */
static uint64_t ask_silent(struct engine *engine, const struct round *round) {
    uint64_t depth = 0;
    members_each(engine, member) {
        stop_look(engine, member);
        if (!waits_for(round, member))
            continue;
        if (member->node.depth > depth)
            depth = member->node.depth;
        if (member->state == BANYAN_SILENT)
            question_ask(engine, member); /* if that fails, the second half asks */
    }
    return depth;
}

static void begin(struct engine *engine, struct turn *pings) {
    struct round *round = &engine->surveys.rounds[engine->surveys.count++];
    uint64_t deadline_us = engine->options.deadline_us, half_us = deadline_us / 2;
    engine->surveys.wanted = false;
    *round = (struct round){.number = ++engine->surveys.last,
                            .began_us = engine->now_us,
                            .half_us = engine->now_us + half_us,
                            .end_us = engine->now_us + deadline_us,
                            .latest_us = engine->now_us + deadline_us + ROUND_BUSY_US,
                            .pings = pings};
    uint64_t slack_us = half_us / (2 * (ask_silent(engine, round) + 1));
    if (waits_for_any(engine, round) &&
        !engine->ports.survey(engine->ports.arg, round->number, half_us,
                              slack_us < SLACK_US ? slack_us : SLACK_US))
        ask_directly(engine, round);
}

/* ---- the end of a round ---- */

static int compare_ids(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Answers with the unavailable nodes among those created before the pingall. */
static void answer_ping(struct engine *engine, struct command *ping) {
    ping->ids = malloc((engine->tree.count + 1) * sizeof *ping->ids);
    if (ping->ids == NULL) {
        turn_answer(engine, &ping->turn, BANYAN_SYSTEM);
        return;
    }
    members_each(engine, member) {
        bool judged = member->state == BANYAN_SILENT || member->state == BANYAN_ENDED;
        if (judged && (member->phase == PHASE_PRESENT || member->phase == PHASE_LEAVING) &&
            member->created_seq < ping->turn.seq)
            ping->ids[ping->id_count++] = member->node.id;
    }
    qsort(ping->ids, ping->id_count, sizeof *ping->ids, compare_ids);
    turn_answer(engine, &ping->turn, BANYAN_OK);
}

static void miss(struct engine *engine, struct member *member) {
    char what[JOURNAL_WHAT];
    snprintf(what, sizeof what, "answered neither round of a survey within %llu ms%s",
             (unsigned long long)engine->options.deadline_us / 1000,
             member->stop.held ? "" : ", nor later, though its process runs");
    fact_lost(engine, member, EVENT_MISSED, what);
}

/* A node that has not answered by now is silent. The open question of any other is dropped. */
static void judge(struct engine *engine, const struct round *round) {
    members_each(engine, member) {
        if (waits_for(round, member)) {
            stop_judge(engine, member);
            if (member->state == BANYAN_AVAILABLE)
                miss(engine, member);
        } else if (member->state == BANYAN_AVAILABLE && engine->surveys.count == 1) {
            question_drop(engine, member); /* no other round needs the answer */
        }
    }
}

/* Ends the oldest round. */
static void end(struct engine *engine) {
    struct surveys *surveys = &engine->surveys;
    struct turn *ping, *pings = surveys->rounds[0].pings;
    judge(engine, &surveys->rounds[0]);
    surveys->count--;
    memmove(surveys->rounds, surveys->rounds + 1, surveys->count * sizeof *surveys->rounds);
    surveys->ended_us = engine->now_us;
    while ((ping = pings) != NULL) {
        DL_DELETE(pings, ping);
        answer_ping(engine, (struct command *)ping);
    }
    engine->round_ended = engine->dirty = true;
}

/* Whether a missing node may only be waiting for a processor: its process runs, and it was
 * available, or was held and was let go. */
static bool waits_for_busy(struct engine *engine, const struct round *round) {
    members_each(engine, member) {
        if (waits_for(round, member) && (member->state == BANYAN_AVAILABLE || member->stop.held) &&
            engine->ports.runs(engine->ports.arg, member->serial))
            return true;
    }
    return false;
}

/* Whether the round can be judged. If the controller itself was late, answers may lie unread, so
 * the nodes get more time. */
static bool is_over(struct engine *engine, struct round *round) {
    if (!waits_for_any(engine, round))
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

/* ---- moving on ---- */

/* Takes the pingalls for which every earlier create and kill is answered. */
static struct turn *take_pings(struct engine *engine) {
    struct turn *ping, *pings = NULL;
    while ((ping = engine->pings) != NULL &&
           (engine->structural == NULL || engine->structural->turn.seq > ping->seq)) {
        DL_DELETE(engine->pings, ping);
        DL_APPEND(pings, ping);
    }
    return pings;
}

/* A pingall begins a round of its own: a node that answered the running round may have been lost
 * since. Rounds end in the order in which they began. */
void rounds_settle(struct engine *engine) {
    struct surveys *surveys = &engine->surveys;
    struct turn *pings;
    if (surveys->count < ROUNDS_MOST &&
        ((pings = take_pings(engine)) != NULL || (surveys->wanted && surveys->count == 0)))
        begin(engine, pings);
    for (unsigned i = 0; i < surveys->count; i++) {
        struct round *round = &surveys->rounds[i];
        if (!round->direct && engine->now_us >= round->half_us && waits_for_any(engine, round))
            ask_directly(engine, round);
    }
    if (surveys->count > 0 && is_over(engine, &surveys->rounds[0]))
        end(engine);
}

bool rounds_older(const struct engine *engine, uint64_t seq) {
    for (unsigned i = 0; i < engine->surveys.count; i++) {
        if (turns_older(engine->surveys.rounds[i].pings, seq))
            return true;
    }
    return false;
}

uint64_t rounds_wakeup(const struct engine *engine) {
    uint64_t wakeup_us = 0;
    for (unsigned i = 0; i < engine->surveys.count; i++) {
        const struct round *round = &engine->surveys.rounds[i];
        if (!round->direct || i == 0)
            wakeup_us = timer_earlier(wakeup_us, round->direct ? round->end_us : round->half_us);
    }
    return wakeup_us;
}
