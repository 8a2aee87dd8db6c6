#include "creates.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "facts.h"
#include "kills.h"
#include "state.h"
#include "timers.h"

/* Processes that start at the same time slow each other down. With more of them, a busy machine
 * would take so long that they would be given up. */
enum { STARTS_MOST = 16 };

/* The member may have joined or failed: creates_settle looks at it. */
static void note(struct engine *engine, struct member *member) {
    engine->dirty = true;
    if (member->creation.noted)
        return;
    member->creation.noted = true;
    member->creation.noted_next = engine->creates.noted;
    engine->creates.noted = member;
}

/* ---- starting ---- */

static void start_queue(struct engine *engine, struct member *member) {
    member->creation.start = START_QUEUED;
    DL_APPEND2(engine->creates.queue, member, creation.prev, creation.next);
}

/* Starts the first member in the queue. False: the port refuses for now. */
static bool start(struct engine *engine, struct member *member) {
    struct engine_node node = member_node(member);
    if (!engine->ports.start(engine->ports.arg, &node)) {
        engine->creates.retry_us = engine->now_us + RETRY_US;
        timer_set(engine, engine->creates.retry_us);
        return false;
    }
    DL_DELETE2(engine->creates.queue, member, creation.prev, creation.next);
    engine->creates.begun++;
    member->creation.start = START_BEGUN;
    member->creation.started = true;
    member->creation.asked_us = engine->now_us;
    timer_watch(engine);
    return true;
}

static void starts_begin(struct engine *engine) {
    struct creates *creates = &engine->creates;
    while (creates->queue != NULL && creates->begun < STARTS_MOST && creates->retry_us == 0) {
        if (!start(engine, creates->queue))
            return;
    }
}

/* The member is ready, or never will be. */
static void start_end(struct engine *engine, struct member *member) {
    struct creation *creation = &member->creation;
    if (creation->start == START_QUEUED)
        DL_DELETE2(engine->creates.queue, member, creation.prev, creation.next);
    else if (creation->start == START_BEGUN)
        engine->creates.begun--;
    creation->start = START_NONE;
    engine->dirty = true; /* another member may start */
}

void creates_due(struct engine *engine) {
    if (timer_due(engine, engine->creates.retry_us)) {
        engine->creates.retry_us = 0;
        engine->dirty = true;
    }
    timer_set(engine, engine->creates.retry_us);
}

/* ---- the place ---- */

/* The create fails in a check. If it had another place before, its process already exists: end
 * it. */
static void refuse(struct engine *engine, struct command *create, enum banyan_code code,
                   const char *text) {
    struct member *member = create->turn.member;
    command_answer(engine, create, code, text);
    if (member == NULL)
        return;
    start_end(engine, member);
    member->command = NULL;
    ending_begin(engine, member, create->turn.seq);
}

/* PARENT is not above the place, so the create fails. Which error it gets is known once it is known
 * whether PARENT exists. Later commands need not wait for that. */
static void refuse_parent(struct engine *engine, struct command *create) {
    struct member *blocker = turn_blocker(engine, create->parent, create->turn.seq);
    if (blocker != NULL) {
        turn_wait(blocker, &create->turn);
        return;
    }
    bool exists = turn_find_older(engine, create->parent, create->turn.seq) != NULL;
    refuse(engine, create, exists ? BANYAN_WRONG_PARENT : BANYAN_NO_SUCH_PARENT, NULL);
}

/* Whether PARENT is given and not above the place. */
static bool parent_is_wrong(struct engine *engine, const struct command *create) {
    const struct member *parent = turn_find_older(engine, create->parent, create->turn.seq);
    return create->has_parent && (parent == NULL || !tree_covers(&parent->node, create->turn.id));
}

/* Nothing else can change the place any more: the create takes effect. */
static void take_place(struct engine *engine, struct command *create) {
    struct member *member = create->turn.member;
    bool fresh = member == NULL;
    if (fresh)
        member = member_new(engine);
    if (member == NULL || !member_place(engine, member, create->turn.id)) {
        if (fresh && member != NULL)
            member_free(engine, member);
        refuse(engine, create, BANYAN_SYSTEM, "out of memory");
        return;
    }
    if (fresh) {
        create->turn.member = member;
        member->command = create;
        member->created_seq = create->turn.seq;
        member_set_phase(engine, member, PHASE_CREATING, create->turn.seq);
        start_queue(engine, member);
        engine->dirty = true;
        return;
    }
    waiting_reset(member);
    timer_watch(engine);  /* patience.c stops watching if no request is in flight */
    note(engine, member); /* it may have joined or failed meanwhile */
    fact_changed(engine);
}

void create_go(struct engine *engine, struct command *create) {
    struct turn *turn = &create->turn;
    if (create->refused) {
        refuse_parent(engine, create);
        return;
    }
    struct member *blocker = turn_blocker(engine, turn->id, turn->seq);
    bool below = blocker != NULL && blocker->phase == PHASE_CREATING &&
                 blocker->node.id != turn->id && !turn_hides(blocker, turn->id, turn->seq);
    if (blocker != NULL && (!below || parent_is_wrong(engine, create))) {
        turn_wait(blocker, turn);
        return;
    }
    if (member_find(engine, turn->id) != NULL) {
        refuse(engine, create, BANYAN_EXISTS, NULL);
        return;
    }
    struct tree_place place = tree_place(&engine->tree, turn->id);
    if (parent_is_wrong(engine, create)) {
        create->place = place.parent != NULL ? place.parent->id : 0;
        create->refused = true;
        refuse_parent(engine, create);
        return;
    }
    struct member *parent = member_of(place.parent);
    if (parent != NULL && parent->phase != PHASE_CREATING && !member_available(parent)) {
        if (stop_look(engine, parent))
            turn_wait(parent, turn);
        else
            refuse(engine, create, BANYAN_PARENT_UNAVAILABLE, NULL);
        return;
    }
    take_place(engine, create);
}

/* ---- the end of a create ---- */

static bool waits_above(const struct member *member) {
    const struct tree_node *above = member->node.parent;
    return above != NULL && ((const struct member *)above)->phase == PHASE_CREATING;
}

static void settle(struct engine *engine, struct member *member) {
    struct command *create = member->command;
    stop_look(engine, member); /* it may have been continued a moment ago */
    waiting_reset(member);
    member->command = NULL;
    member->creation.asked_us = 0;
    member_set_phase(engine, member, PHASE_PRESENT, 0);
    member->state = health_after(member->state, EVENT_HEARD);
    round_joined(engine, member);
    report_joined(engine, member);
    create->pid = member->pid;
    command_answer(engine, create, BANYAN_OK, NULL);
    turns_release(engine, member);
    if (member->stop.stopped)
        fact_lost(engine, member, EVENT_MISSED, member->stop.how);
    for (int i = 0; i < 2; i++) {
        struct tree_node *child = i == 0 ? member->node.left : member->node.right;
        if (child == NULL || member_of(child)->phase != PHASE_CREATING)
            continue;
        waiting_reset(member_of(child)); /* so far it was not its fault */
        note(engine, member_of(child));
    }
}

/* Answers the create. Nothing is below its node any more. */
static void end_failed(struct engine *engine, struct member *member) {
    struct command *create = member->command;
    struct creation *creation = &member->creation;
    start_end(engine, member);
    member->command = NULL;
    command_answer(engine, create, creation->code, creation->failure);
    free(creation->failure);
    creation->failure = NULL;
    ending_begin(engine, member, member->created_seq);
}

/* The creates below the failed one look for new places, in the order of entry. No place would help
 * those that have failed, too; but a wrong PARENT is the better answer. */
static void cut_adrift(struct engine *engine, struct member *top) {
    struct tree_node *tops[] = {top->node.left, top->node.right};
    for (int i = 0; i < 2; i++) {
        struct tree_node *at = tops[i], *next;
        if (at == NULL)
            continue;
        tree_cut(&engine->tree, at);
        for (; at != NULL; at = next) {
            struct member *member = member_of(at);
            next = tree_next(tops[i], at);
            arrangement_unlink(engine, member);
            member->adrift = true;
            turns_release(engine, member);
            if (member->creation.failed && !member->command->has_parent)
                end_failed(engine, member);
            else
                turn_release(engine, &member->command->turn);
        }
    }
}

static void fail(struct engine *engine, struct member *member) {
    cut_adrift(engine, member);
    end_failed(engine, member);
}

void creates_settle(struct engine *engine) {
    struct member *member;
    while ((member = engine->creates.noted) != NULL) {
        engine->creates.noted = member->creation.noted_next;
        member->creation.noted = false;
        if (member->phase != PHASE_CREATING || member->adrift || waits_above(member))
            continue; /* noted again when it has a place, or the create above is settled */
        if (member->creation.failed)
            fail(engine, member);
        else if (member->creation.joined)
            settle(engine, member);
    }
    starts_begin(engine);
}

/* ---- events ---- */

void creation_ready(struct engine *engine, struct member *member, int64_t pid) {
    if (member->phase != PHASE_CREATING || member->creation.ready)
        return;
    member->pid = pid;
    member->creation.ready = true;
    start_end(engine, member);
    member->creation.asked_us = engine->now_us; /* now it is to join */
    timer_watch(engine);
    fact_changed(engine);
}

void creation_joined(struct engine *engine, struct member *member) {
    if (member->phase != PHASE_CREATING)
        return;
    member->creation.joined = true;
    note(engine, member);
}

void creation_failed(struct engine *engine, struct member *member, enum banyan_code code,
                     const char *text) {
    if (member->phase != PHASE_CREATING || member->creation.failed)
        return;
    member->creation.failed = true;
    member->creation.code = code;
    member->creation.failure = text != NULL ? strdup(text) : NULL;
    member->creation.asked_us = 0;
    note(engine, member);
}

void creations_lost(struct engine *engine, const struct member *parent) {
    struct tree_node *children[] = {parent->node.left, parent->node.right};
    for (int i = 0; i < 2; i++) {
        if (children[i] != NULL)
            creation_failed(engine, member_of(children[i]), BANYAN_PARENT_UNAVAILABLE, NULL);
    }
}
