#include "execs.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "bundles.h"
#include "state.h"

enum {
    EXECS_LEAST =
        16000,        /* pending execs that make the engine busy; a processor's cache holds them */
    EXECS_EACH = 256, /* more of them for each node, so that messages are well filled */
    EXECS_IN_ALL = 100000,        /* the most pending execs, however many nodes there are */
    SMALL_BYTES_IN_ALL = 8 << 20, /* the most text of pending short execs */
    RING = SLICES_AHEAD + 1,      /* slices of one exec that can be out; stream_end adds one */
};

struct slice_done {
    bool here;
    struct slice_result result;
    char word[ANSWER_WORD_MAX];
};

struct slice_done *exec_ring_new(void) {
    return calloc(RING, sizeof(struct slice_done));
}

/* ---- life ---- */

struct exec *exec_new(struct engine *engine, void *tag, int64_t id, uint64_t n, bool file) {
    struct exec *exec = engine->execs.spare;
    if (exec != NULL) {
        engine->execs.spare = exec->here_next;
        memset(exec, 0, sizeof *exec);
    } else if ((exec = calloc(1, sizeof *exec)) == NULL) {
        turn_refuse(engine, COMMAND_EXEC, tag, id);
        return NULL;
    }
    exec->turn = (struct turn){
        .kind = COMMAND_EXEC, .tag = tag, .seq = ++engine->last_seq, .id = id};
    exec->engine = engine;
    exec->n = n;
    exec->file = file;
    engine->execs.count++;
    return exec;
}

static void drop_held(struct exec *exec) {
    exec->engine->execs.held_bytes -= exec->text_len;
    free(exec->text);
    exec->text = NULL;
    exec->text_len = 0;
}

static void drop_input(struct exec *exec) {
    struct bundle *bundle, *next;
    if (exec->filling != NULL)
        bundle_free(exec->engine, exec->filling);
    exec->filling = NULL;
    DL_FOREACH_SAFE(exec->held, bundle, next) {
        exec->out -= bundle->slice_count;
        bundle_free(exec->engine, bundle);
    }
    exec->held = NULL;
    drop_held(exec);
}

void exec_release(struct exec *exec) {
    struct engine *engine = exec->engine;
    if (!exec->reported || exec->open_end || exec->out > 0)
        return;
    if (exec->streamed)
        DL_DELETE2(engine->execs.streams, exec, stream_prev, stream_next);
    free(exec->done);
    exec->here_next = engine->execs.spare;
    engine->execs.spare = exec;
}

/* ---- the answer ---- */

static void answer(struct exec *exec, enum banyan_code code) {
    struct engine *engine = exec->engine;
    struct member *member = exec->turn.member;
    exec->answered = true;
    if (member != NULL) {
        DL_DELETE2(member->lane.execs, exec, here_prev, here_next);
        if (member->lane.execs == NULL && engine->unsettled_count != 0)
            engine->dirty = true; /* a kill may have waited for this exec */
    }
    drop_input(exec);
    turn_answer(engine, &exec->turn, code);
}

static void set_text(struct exec *exec, const char *text, size_t len) {
    free(exec->turn.text);
    exec->turn.text = text != NULL ? strndup(text, len) : NULL;
}

void exec_refuse(struct exec *exec, enum banyan_code code, const char *text) {
    set_text(exec, text, text != NULL ? strlen(text) : 0);
    answer(exec, code);
}

void exec_fail(struct exec *exec, const char *text) {
    if (exec->answered || exec->failed)
        return;
    if (exec->turn.member != NULL) {
        exec_refuse(exec, BANYAN_SYSTEM, text);
        return;
    }
    set_text(exec, text, strlen(text));
    exec->failed = true;
}

void exec_conclude(struct exec *exec) {
    struct member *member = exec->turn.member;
    if (exec->count != exec->n) {
        answer(exec, BANYAN_WRONG_COUNT);
        return;
    }
    report_sum(member, exec->count);
    answer(exec, BANYAN_OK);
}

/* Answers with the first wrong number. */
static void conclude_wrong(struct exec *exec, const struct slice_result *wrong) {
    size_t shown = wrong->word_len < ANSWER_WORD_MAX ? wrong->word_len : ANSWER_WORD_MAX;
    exec->word_len = wrong->word_len;
    exec->turn.text = malloc(shown + 1);
    if (exec->turn.text != NULL && shown > 0)
        memcpy(exec->turn.text, wrong->word, shown);
    answer(exec, exec->turn.text != NULL ? wrong->error : BANYAN_SYSTEM);
}

void exec_answer_of(const struct exec *exec, struct answer *result) {
    const char *text = exec->turn.text;
    *result = (struct answer){.sum = exec->sum,
                              .expected = exec->n,
                              .got = exec->count,
                              .position = exec->count + 1,
                              .word = text,
                              .word_len = exec->word_len,
                              .text = text != NULL ? text : "out of memory"};
}

void exec_reported(struct exec *exec) {
    exec->engine->execs.count--;
    free(exec->turn.text);
    exec->turn.text = NULL;
    exec->reported = true;
    exec_release(exec);
}

/* ---- results ---- */

static void add(struct exec *exec, const struct slice_result *result) {
    exec->added++;
    exec->count += result->count;
    exec->sum += result->sum;
    if (result->error != BANYAN_OK)
        conclude_wrong(exec, result);
    else if (!exec->open_end && exec->added == exec->cut)
        exec_conclude(exec);
}

/* Keeps the result of a slice that came back before an earlier slice. */
static void keep(struct exec *exec, uint32_t number, const struct slice_result *result) {
    struct slice_done *done = &exec->done[number % RING];
    size_t shown = result->word_len < sizeof done->word ? result->word_len : sizeof done->word;
    done->here = true;
    done->result = *result;
    if (result->word != NULL)
        memcpy(done->word, result->word, shown);
    done->result.word = done->word;
}

static void slice_back(struct exec *exec, uint32_t number, const struct slice_result *result) {
    if (exec->answered)
        return;
    if (number != exec->added) {
        keep(exec, number, result);
        return;
    }
    add(exec, result);
    while (!exec->answered && exec->done != NULL && exec->done[exec->added % RING].here) {
        struct slice_done *done = &exec->done[exec->added % RING];
        done->here = false;
        add(exec, &done->result);
    }
}

/* The slices of a bundle are no longer out. */
static void bundle_done(struct engine *engine, struct bundle *bundle) {
    for (uint32_t i = 0; i < bundle->slice_count; i++) {
        struct exec *exec = bundle->slices[i].exec;
        exec->out--;
        exec_release(exec);
    }
    bundle_free(engine, bundle);
}

void execs_back(struct engine *engine, struct bundle *bundle, enum outcome outcome,
                const struct slice_result *results, const char *text) {
    bool wanted = bundle->member != NULL;
    if (!lane_back(engine, bundle, outcome))
        return;
    for (uint32_t i = 0; wanted && i < bundle->slice_count; i++) {
        struct slice *slice = &bundle->slices[i];
        if (outcome == OUTCOME_OK)
            slice_back(slice->exec, slice->number, &results[i]);
        else if (!slice->exec->answered)
            exec_refuse(slice->exec, BANYAN_SYSTEM, text);
    }
    bundle_done(engine, bundle);
}

/* ---- sending ---- */

static void add_slice(struct exec *exec, struct bundle *bundle, size_t len) {
    struct slice slice = {
        .exec = exec, .number = exec->cut++, .len = (uint32_t)len, .file = exec->file};
    bundle_add_slice(bundle, &slice);
    exec->out++;
}

/* Adds a short exec to the bundle of the others for its node. False: out of memory. */
static bool gather(struct exec *exec, const char *text, size_t len) {
    struct engine *engine = exec->engine;
    struct member *member = exec->turn.member;
    struct bundle *open = member->lane.open;
    if (open != NULL && open->text_len + len > BUNDLE_BYTES) {
        member->lane.open = NULL;
        lane_add(engine, member, open);
        open = NULL;
    }
    if (open == NULL && (open = bundle_new(engine, len)) == NULL)
        return false;
    if (!bundle_grow(open, len)) {
        if (open != member->lane.open) /* the open bundle holds other execs, too */
            bundle_free(engine, open);
        return false;
    }
    memcpy(open->text + open->text_len, text, len);
    open->text_len += len;
    add_slice(exec, open, len);
    if (bundle_is_large(open)) {
        lane_add(engine, member, open);
        return true;
    }
    engine->execs.small_bytes += len;
    member->lane.open = open;
    lane_flush_later(engine, member);
    return true;
}

void exec_pass_on(struct exec *exec, struct bundle *bundle, size_t len) {
    struct member *member = exec->turn.member;
    add_slice(exec, bundle, len);
    if (member != NULL)
        lane_add(exec->engine, member, bundle);
    else
        DL_APPEND(exec->held, bundle);
}

/* ---- entry ---- */

/* Finds the node, and makes the checks that need no numbers. True: the exec is at its node. False:
 * it waits, or is answered. */
static bool exec_locate(struct exec *exec) {
    struct engine *engine = exec->engine;
    struct member *member;
    if (engine->unsettled_count == 0)
        member = turn_find_older(engine, exec->turn.id, exec->turn.seq);
    else if (!turn_find(engine, &exec->turn, &member))
        return false;
    if (member == NULL) {
        exec_refuse(exec, BANYAN_NOT_FOUND, NULL);
    } else if (!member_available(member)) {
        if (stop_look(engine, member))
            turn_wait(member, &exec->turn);
        else
            exec_refuse(exec, BANYAN_UNAVAILABLE, NULL);
    } else if (exec->n < 1 || exec->n > ANSWER_N_MAX) {
        exec_refuse(exec, BANYAN_BAD_N, NULL);
    } else {
        exec->turn.member = member;
        DL_APPEND2(member->lane.execs, exec, here_prev, here_next);
        return true;
    }
    return false;
}

bool exec_enter(struct exec *exec) {
    if (exec->engine->released == NULL && !exec->engine->settling)
        return exec_locate(exec);
    turn_release(exec->engine, &exec->turn); /* older commands come first */
    return false;
}

/* Sends the slices or the text that were kept while the exec waited. */
static void send_held(struct exec *exec) {
    struct bundle *bundle, *next;
    DL_FOREACH_SAFE(exec->held, bundle, next) {
        DL_DELETE(exec->held, bundle);
        lane_add(exec->engine, exec->turn.member, bundle);
    }
    if (exec->text == NULL)
        return;
    bool gathered = gather(exec, exec->text, exec->text_len);
    drop_held(exec);
    if (!gathered)
        exec_refuse(exec, BANYAN_SYSTEM, NULL);
}

void exec_go(struct engine *engine, struct exec *exec) {
    (void)engine;
    if (!exec_locate(exec))
        return;
    if (exec->failed)
        answer(exec, BANYAN_SYSTEM);
    else
        send_held(exec);
    if (!exec->answered && !exec->open_end && exec->cut == 0)
        exec_conclude(exec);
}

/* Keeps the text of an exec that must wait. */
static void hold(struct exec *exec, const char *text, size_t len) {
    exec->text = malloc(len + 1);
    if (exec->text == NULL) {
        exec->failed = true;
        return;
    }
    memcpy(exec->text, text, len);
    exec->text_len = len;
    exec->engine->execs.held_bytes += len;
}

void exec_give(struct engine *engine, void *tag, int64_t id, uint64_t n, const char *text,
               size_t len) {
    struct exec *exec = exec_new(engine, tag, id, n, false);
    if (exec == NULL)
        return;
    if (!exec_enter(exec)) {
        if (!exec->answered)
            hold(exec, text, len);
    } else if (!gather(exec, text, len)) {
        exec_refuse(exec, BANYAN_SYSTEM, NULL);
    }
}

static bool are_many(const struct engine *engine) {
    return engine->execs.count >= EXECS_IN_ALL ||
           engine->execs.count >= EXECS_LEAST + EXECS_EACH * (uint64_t)engine->tree.count;
}

bool execs_are_busy(const struct engine *engine) {
    return are_many(engine) ||
           engine->execs.small_bytes + engine->execs.held_bytes >= SMALL_BYTES_IN_ALL ||
           engine->execs.large_count >= SLICES_IN_ALL;
}

/* ---- the end ---- */

void execs_detach(struct engine *engine, struct member *member) {
    struct bundle *bundle;
    while ((bundle = lane_take(member)) != NULL)
        bundle_done(engine, bundle);
    lane_close(engine, member);
}

void execs_fail(struct engine *engine, struct member *member, enum banyan_code code,
                const char *text) {
    while (member->lane.execs != NULL)
        exec_refuse(member->lane.execs, code, text);
    execs_detach(engine, member);
}

/* Releases every exec: at its node, waiting, answered, or with input still open. */
void execs_free(struct engine *engine) {
    struct exec *exec, *next;
    struct turn *turn, *next_turn;
    members_each(engine, member) {
        execs_fail(engine, member, BANYAN_UNAVAILABLE, NULL);
        DL_FOREACH_SAFE(member->waiters, turn, next_turn) {
            if (turn->kind == COMMAND_EXEC) {
                DL_DELETE(member->waiters, turn);
                exec_refuse((struct exec *)turn, BANYAN_UNAVAILABLE, NULL);
            }
        }
    }
    DL_FOREACH_SAFE(engine->released, turn, next_turn) {
        if (turn->kind == COMMAND_EXEC) {
            DL_DELETE(engine->released, turn);
            exec_refuse((struct exec *)turn, BANYAN_UNAVAILABLE, NULL);
        }
    }
    DL_FOREACH_SAFE(engine->answers, turn, next_turn) {
        if (turn->kind == COMMAND_EXEC) {
            DL_DELETE(engine->answers, turn);
            exec_reported((struct exec *)turn);
        }
    }
    DL_FOREACH_SAFE2(engine->execs.streams, exec, next, stream_next) {
        exec->open_end = false;
        exec_release(exec);
    }
    for (exec = engine->execs.spare; exec != NULL; exec = next) {
        next = exec->here_next;
        free(exec);
    }
    bundles_free(engine);
}
