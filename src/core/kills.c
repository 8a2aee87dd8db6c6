/*
 * kills.c: the end of nodes: kill, and the collecting of processes that have ended.
 *
 * A kill waits for the commands before it that it would disturb; then it ends every process of the
 * subtree, and is answered when nothing is left of them. A create that failed when its process was
 * there already ends in the same way, answered before.
 */
#include "engine_state.h"

#include <stdlib.h>
#include <utlist.h>

/* ---- the end of processes ---- */

/* Who collects the exit status of an ended process: the node that started it, while that lives;
 * then the controller, which inherits the children of its nodes. */
static void reap(struct engine *engine, struct member *member) {
    struct member *starter = engine_member(engine, member->starter);
    bool orphan = starter == NULL || starter->state == BANYAN_ENDED;
    if (member->reaped || member->reaping || member->retry_us != 0 || member->state != BANYAN_ENDED)
        return;
    if (!orphan && !engine_available(&starter->node))
        return; /* stopped, or about to end */
    member->reaping = true;
    member->reaping_us = orphan ? 0 : engine->now_us;
    engine_watch(engine);
    if (!engine->ports.reap(engine->ports.arg, member->serial, orphan ? 0 : starter->serial))
        engine_reaped(engine, member->serial, HOP_BROKEN, NULL);
}

void engine_reaped(struct engine *engine, uint64_t serial, enum hop hop, const char *how) {
    struct member *member = engine_member(engine, serial);
    if (member == NULL)
        return;
    member->reaping = false;
    member->reaping_us = 0;
    member->reaped = hop == HOP_OK;
    engine_broken(engine, member, hop != HOP_OK);
    if (member->reaped)
        incident_how(member, how);
    if (hop != HOP_OK) {
        member->retry_us = engine->now_us + RETRY_US;
        engine_retry_at(engine, member->retry_us);
    } else {
        engine->unsettle = true;
    }
}

/* Nothing is left of it, except perhaps an exit status that a stopped node is to collect. */
bool member_gone(struct engine *engine, const struct member *member) {
    if (member->state != BANYAN_ENDED)
        return false;
    const struct member *starter = engine_member(engine, member->starter);
    return member->reaped || (starter != NULL && starter->state == BANYAN_SILENT);
}

/* ---- kill ---- */

void engine_kill(struct engine *engine, void *tag, int64_t id) {
    struct command *kill = command_new(engine, COMMAND_KILL, tag, id);
    if (kill == NULL)
        return;
    DL_APPEND2(engine->structural, kill, older, newer);
    kill_go(engine, kill);
}

void kill_go(struct engine *engine, struct command *kill) {
    struct member *member = engine_find(engine, kill->id);
    if (command_wait(engine, kill, kill->id) != NULL)
        return;
    if (member == NULL || command_cut_off(engine, kill->id, kill->seq)) {
        command_finish(engine, kill, BANYAN_NOT_FOUND, NULL);
        return;
    }
    kill->member = member;
    member->command = kill;
    engine_phase(engine, member, PHASE_LEAVING, kill->seq);
    DL_APPEND(engine->kills, kill);
    engine->unsettle = true;
}

static bool older_in(const struct command *list, uint64_t seq) {
    const struct command *command;
    DL_FOREACH(list, command) {
        if (command->seq < seq)
            return true;
    }
    return false;
}

/* Whether an older create names as its PARENT a node that the kill takes away. */
static bool named_as_parent(const struct engine *engine, const struct command *kill) {
    const struct command *command = engine->structural;
    for (; command != NULL && command->seq < kill->seq; command = command->newer) {
        if (command->kind == COMMAND_CREATE && command->has_parent &&
            tree_covers(&kill->member->node, command->parent))
            return true;
    }
    return false;
}

/* Whether every command that came before the kill, and that it would disturb, is answered. */
static bool kill_may_go(const struct engine *engine, const struct command *kill) {
    struct tree_node *top = &kill->member->node;
    if (older_in(engine->pings, kill->seq) || older_in(engine->statuses, kill->seq) ||
        rounds_older(engine, kill->seq) || named_as_parent(engine, kill))
        return false;
    for (struct tree_node *at = top; at != NULL; at = tree_next(top, at)) {
        const struct member *member = member_of(at);
        if (member->execs != NULL || older_in(member->waiters, kill->seq))
            return false;
        if (member->phase != PHASE_PRESENT && at != top)
            return false;
    }
    return true;
}

static void kill_end(struct engine *engine, struct command *kill) {
    struct tree_node *top = &kill->member->node;
    for (struct tree_node *at = top; at != NULL; at = tree_next(top, at)) {
        struct member *member = member_of(at);
        engine_phase(engine, member, PHASE_ENDING, kill->seq);
        rounds_exited(engine, member);
        execs_detach(engine, member);
        if (member->state != BANYAN_ENDED)
            engine->ports.end(engine->ports.arg, member->serial);
    }
    repair(engine);
}

/* Removes an ended subtree. The command answers, or has done so, and is gone. */
static void subtree_remove(struct engine *engine, struct command *command) {
    struct tree_node *at = &command->member->node, *next;
    struct command *waiters = command_waiters_take(command->member);
    DL_DELETE(engine->kills, command);
    tree_cut(&engine->tree, at);
    while (at != NULL) { /* always free a leaf, then go up */
        while (at->left != NULL || at->right != NULL)
            at = at->left != NULL ? at->left : at->right;
        next = at->parent;
        if (next != NULL && next->left == at)
            next->left = NULL;
        else if (next != NULL)
            next->right = NULL;
        engine_member_free(engine, member_of(at));
        at = next;
    }
    command_finish(engine, command, BANYAN_OK, NULL);
    engine->unsettle = true; /* a failed create was answered before; a kill may wait for its end */
    command_waiters_go(engine, waiters);
}

static bool subtree_gone(struct engine *engine, struct member *top) {
    struct tree_node *at = &top->node;
    for (; at != NULL; at = tree_next(&top->node, at)) {
        if (!member_gone(engine, member_of(at)))
            return false;
    }
    return true;
}

static void kills_settle(struct engine *engine) {
    struct command *kill, *next;
    DL_FOREACH_SAFE(engine->kills, kill, next) {
        if (kill->member->phase == PHASE_LEAVING && kill_may_go(engine, kill))
            kill_end(engine, kill);
        if (kill->member->phase == PHASE_ENDING && subtree_gone(engine, kill->member))
            subtree_remove(engine, kill);
    }
}

void commands_settle(struct engine *engine) {
    while (engine->unsettle) {
        engine->unsettle = false;
        struct tree_node *at = engine->tree.root;
        for (; at != NULL; at = tree_next(engine->tree.root, at))
            reap(engine, member_of(at));
        statuses_settle(engine); /* kills may wait for them */
        kills_settle(engine);
        starts_settle(engine);
    }
}
