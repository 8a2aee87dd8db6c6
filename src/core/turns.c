#include "turns.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "state.h"

/* ---- commands ---- */

void turn_refuse(struct engine *engine, enum command_kind kind, void *tag, int64_t id) {
    struct answer answer = {
        .command = kind, .code = BANYAN_SYSTEM, .id = id, .text = "out of memory"};
    engine->ports.answer(engine->ports.arg, tag, &answer);
}

struct command *command_new(struct engine *engine, enum command_kind kind, void *tag, int64_t id) {
    struct command *command = calloc(1, sizeof *command);
    if (command == NULL) {
        turn_refuse(engine, kind, tag, id);
        return NULL;
    }
    command->turn = (struct turn){.kind = kind, .tag = tag, .seq = ++engine->last_seq, .id = id};
    engine->dirty = true;
    return command;
}

struct command *command_new_structural(struct engine *engine, enum command_kind kind, void *tag,
                                       int64_t id) {
    struct command *command = command_new(engine, kind, tag, id);
    if (command != NULL)
        DL_APPEND2(engine->structural, command, older, newer);
    return command;
}

void command_free(struct command *command) {
    free(command->turn.text);
    free(command->nodes);
    free(command->ids);
    free(command);
}

void turn_answer(struct engine *engine, struct turn *turn, enum banyan_code code) {
    turn->code = code;
    turn->member = NULL;
    DL_APPEND(engine->answers, turn);
}

/* Pingalls, statuses and kills may have waited for this command, so the engine settles once
 * more. */
void command_answer(struct engine *engine, struct command *command, enum banyan_code code,
                    const char *text) {
    DL_DELETE2(engine->structural, command, older, newer);
    engine->named_count -= command->has_parent;
    if (text != NULL)
        command->turn.text = strdup(text); /* NULL: the answer says "out of memory" */
    turn_answer(engine, &command->turn, code);
    engine->dirty = true;
}

/* ---- waiting ---- */

/* Whether a waiting command may change what is below the member. A refused create, or a create of
 * the member's own id, changes nothing there. */
static bool changes_below(const struct turn *turn, const struct member *member) {
    const struct command *command = (const struct command *)turn;
    return turn->kind == COMMAND_KILL ||
           (turn->kind == COMMAND_CREATE && turn->id != member->node.id && !command->refused);
}

bool turn_hides(const struct member *member, int64_t id, uint64_t seq) {
    bool open = member->stop.awaited || member->phase == PHASE_CREATING;
    return open && member->node.id != id && member->hides_from != 0 && member->hides_from < seq;
}

struct member *turn_blocker(struct engine *engine, int64_t id, uint64_t seq) {
    struct tree_node *at = engine->unsettled_count != 0 ? engine->tree.root : NULL;
    struct member *nearest = NULL;
    while (at != NULL) {
        struct member *member = member_of(at);
        bool older = member->phase != PHASE_PRESENT && member->unsettled_by < seq;
        if ((older && member->phase != PHASE_CREATING) || turn_hides(member, id, seq))
            return member;
        if (older)
            nearest = member;
        if (id == at->id)
            break;
        at = id < at->id ? at->left : at->right;
    }
    return nearest;
}

void turn_wait(struct member *member, struct turn *turn) {
    DL_APPEND(member->waiters, turn);
    if (changes_below(turn, member) && (member->hides_from == 0 || turn->seq < member->hides_from))
        member->hides_from = turn->seq;
}

struct member *turn_find_older(const struct engine *engine, int64_t id, uint64_t seq) {
    struct member *member = member_find(engine, id);
    return member != NULL && member->created_seq < seq ? member : NULL;
}

/* A subtree that is being ended counts as gone, unless commands wait there: a create among them may
 * bring a node back. */
bool turn_find(struct engine *engine, struct turn *turn, struct member **member) {
    struct member *blocker = turn_blocker(engine, turn->id, turn->seq);
    bool ending = blocker != NULL &&
                  (blocker->phase == PHASE_LEAVING || blocker->phase == PHASE_ENDING);
    *member = NULL;
    if (blocker != NULL && (!ending || blocker->waiters != NULL)) {
        turn_wait(blocker, turn);
        return false;
    }
    if (blocker == NULL)
        *member = turn_find_older(engine, turn->id, turn->seq);
    return true;
}

/* ---- going on ---- */

/* New commands come in order, and many may be released out of order at once: they are sorted when
 * the next one is taken. */
void turn_release(struct engine *engine, struct turn *turn) {
    if (engine->released != NULL && engine->released->prev->seq > turn->seq)
        engine->unsorted = true;
    DL_APPEND(engine->released, turn);
    engine->dirty = true;
}

static int compare_seqs(const struct turn *one, const struct turn *other) {
    return (one->seq > other->seq) - (one->seq < other->seq);
}

struct turn *turn_take(struct engine *engine) {
    if (engine->unsorted)
        DL_SORT(engine->released, compare_seqs);
    engine->unsorted = false;
    struct turn *turn = engine->released;
    if (turn != NULL)
        DL_DELETE(engine->released, turn);
    return turn;
}

void turns_release(struct engine *engine, struct member *member) {
    struct turn *turn;
    member->hides_from = 0;
    while ((turn = member->waiters) != NULL) {
        DL_DELETE(member->waiters, turn);
        turn_release(engine, turn);
    }
}

bool turns_older(const struct turn *list, uint64_t seq) {
    const struct turn *turn;
    DL_FOREACH(list, turn) {
        if (turn->seq < seq)
            return true;
    }
    return false;
}
