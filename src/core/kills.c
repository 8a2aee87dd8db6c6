#include "kills.h"

#include <utlist.h>

#include "execs.h"
#include "facts.h"
#include "state.h"

/* The node after `at` in the subtree that ends. A top that is adrift has no subtree. */
static struct member *next_in(const struct member *top, struct member *at) {
    return top->adrift ? NULL : member_of(tree_next(&top->node, &at->node));
}

/* ---- ending ---- */

static void end(struct engine *engine, struct member *member, uint64_t seq) {
    member_set_phase(engine, member, PHASE_ENDING, seq);
    arrangement_unlink(engine, member);
    if (!member->creation.started)
        member->state = BANYAN_ENDED;
    if (member->state != BANYAN_ENDED)
        engine->ports.end(engine->ports.arg, member->serial);
}

void ending_begin(struct engine *engine, struct member *member, uint64_t seq) {
    end(engine, member, seq);
    DL_APPEND2(engine->endings, member, ending_prev, ending_next);
    fact_changed(engine);
}

static void subtree_end(struct engine *engine, struct member *top) {
    uint64_t seq = top->command->turn.seq;
    for (struct member *at = top; at != NULL; at = next_in(top, at)) {
        end(engine, at, seq);
        question_drop(engine, at);
        execs_detach(engine, at);
    }
    fact_changed(engine);
}

static bool subtree_gone(struct member *top) {
    for (struct member *at = top; at != NULL; at = next_in(top, at)) {
        if (at->state != BANYAN_ENDED)
            return false;
    }
    return true;
}

/* Frees leaves first. */
static void subtree_remove(struct engine *engine, struct member *top) {
    struct tree_node *at = &top->node, *next;
    bool placed = !top->adrift;
    member_unplace(engine, top);
    if (!placed)
        at->left = at->right = at->parent = NULL;
    for (; at != NULL; at = next) {
        while (at->left != NULL || at->right != NULL)
            at = at->left != NULL ? at->left : at->right;
        next = at->parent;
        if (next != NULL && next->left == at)
            next->left = NULL;
        else if (next != NULL)
            next->right = NULL;
        turns_release(engine, member_of(at));
        member_free(engine, member_of(at));
    }
}

/* ---- kill ---- */

void kill_go(struct engine *engine, struct command *kill) {
    struct member *member;
    if (!turn_find(engine, &kill->turn, &member))
        return;
    if (member == NULL) {
        command_answer(engine, kill, BANYAN_NOT_FOUND, NULL);
        return;
    }
    kill->turn.member = member;
    member->command = kill;
    member_set_phase(engine, member, PHASE_LEAVING, kill->turn.seq);
    DL_APPEND2(engine->endings, member, ending_prev, ending_next);
    engine->dirty = true;
}

/* Whether an older create names as its PARENT a node that the kill removes. */
static bool named_as_parent(const struct engine *engine, const struct member *top, uint64_t seq) {
    const struct command *command = engine->named_count != 0 ? engine->structural : NULL;
    for (; command != NULL && command->turn.seq < seq; command = command->newer) {
        if (command->turn.kind == COMMAND_CREATE && command->has_parent &&
            tree_covers(&top->node, command->parent))
            return true;
    }
    return false;
}

/* Whether every earlier command that the kill would disturb is answered. */
static bool may_go(const struct engine *engine, struct member *top) {
    uint64_t seq = top->command->turn.seq;
    if (turns_older(engine->pings, seq) || turns_older(engine->statuses, seq) ||
        engine->released != NULL || rounds_older(engine, seq))
        return false;
    for (struct member *at = top; at != NULL; at = next_in(top, at)) {
        if (at->lane.execs != NULL || turns_older(at->waiters, seq) ||
            (at->phase != PHASE_PRESENT && at != top))
            return false;
    }
    return !named_as_parent(engine, top, seq);
}

void kills_settle(struct engine *engine) {
    struct member *top, *next;
    DL_FOREACH_SAFE2(engine->endings, top, next, ending_next) {
        if (top->phase == PHASE_LEAVING && may_go(engine, top))
            subtree_end(engine, top);
        if (top->phase != PHASE_ENDING || !subtree_gone(top))
            continue;
        DL_DELETE2(engine->endings, top, ending_prev, ending_next);
        if (top->command != NULL)
            command_answer(engine, top->command, BANYAN_OK, NULL);
        subtree_remove(engine, top);
        engine->dirty = true; /* another kill may have waited for the end of a failed create */
    }
}
