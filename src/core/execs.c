/*
 * execs.c: from the command to the answer.
 *
 * An exec is one slice of numbers, or many (streams.c). They travel in bundles (bundles.c), which
 * come back in any order; sums are added in the order of the slices, because the position of a
 * wrong number is counted from the first.
 *
 * An exec is answered as soon as its answer is known; its memory goes when its input has ended and
 * its last slice is back.
 */
#include "engine_state.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct slice_done {
    bool here;
    struct slice_result result;
    char word[ANSWER_WORD_MAX];
};

struct exec *exec_new(struct engine *engine, void *tag, int64_t id, uint64_t n, bool file) {
    struct exec *exec = engine->spare_execs;
    if (exec != NULL) {
        engine->spare_execs = exec->here_next;
        memset(exec, 0, sizeof *exec);
    } else if ((exec = calloc(1, sizeof *exec)) == NULL) {
        struct command refused = {.kind = COMMAND_EXEC, .tag = tag, .id = id};
        engine_give(engine, &refused,
                    &(struct answer){.code = BANYAN_SYSTEM, .text = "out of memory"});
        return NULL;
    }
    exec->command = (struct command){
        .kind = COMMAND_EXEC, .tag = tag, .seq = ++engine->last_seq, .id = id};
    exec->engine = engine;
    exec->n = n;
    exec->file = file;
    engine->execs++;
    return exec;
}

/* What an exec is to be answered with once the checks that come first have been made. */
void exec_note_failure(struct exec *exec, const char *text) {
    exec->failure = strdup(text);
    if (exec->failure == NULL)
        exec->out_of_memory = true;
}

const char *exec_failure(const struct exec *exec) {
    return exec->out_of_memory ? "out of memory" : exec->failure;
}

static void drop_held(struct exec *exec) {
    exec->engine->held_bytes -= exec->text_len;
    free(exec->text);
    exec->text = NULL;
    exec->text_len = 0;
}

static void exec_drop_input(struct exec *exec) {
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

/* Frees it if nobody needs it any more. */
void exec_release(struct exec *exec) {
    struct engine *engine = exec->engine;
    if (!exec->answered || exec->open_end || exec->out > 0)
        return;
    if (exec->streamed)
        DL_DELETE2(engine->streams, exec, sibling_prev, sibling_next);
    free(exec->done);
    free(exec->failure);
    exec->here_next = engine->spare_execs;
    engine->spare_execs = exec;
}

static void exec_answer(struct exec *exec, struct answer *answer) {
    struct engine *engine = exec->engine;
    struct member *member = exec->command.member;
    exec->answered = true;
    engine->execs--;
    if (member != NULL) {
        DL_DELETE2(member->execs, exec, here_prev, here_next);
        if (member->execs == NULL && engine->unsettled != 0)
            engine->unsettle = true; /* a kill may have waited for it */
    }
    exec_drop_input(exec);
    engine_give(engine, &exec->command, answer);
}

void exec_refuse(struct exec *exec, enum banyan_code code, const char *text) {
    exec_answer(exec, &(struct answer){.code = code, .text = text});
}

/* ---- results ---- */

/* Room for the results of a long exec that come before an earlier one; NULL: out of memory. */
struct slice_done *exec_ring_new(void) {
    return calloc(SLICES_IN_ALL, sizeof(struct slice_done));
}

static void exec_succeed(struct exec *exec) {
    struct member *member = exec->command.member;
    member->sums++;
    member->numbers += exec->count;
    exec_answer(exec, &(struct answer){.sum = exec->sum});
}

/* Everything has been added up, or a wrong number was met: what is the answer? */
void exec_conclude(struct exec *exec, const struct slice_result *wrong) {
    if (wrong != NULL)
        exec_answer(exec, &(struct answer){.code = wrong->error,
                                           .position = exec->count + 1,
                                           .word = wrong->word,
                                           .word_len = wrong->word_len});
    else if (exec->count != exec->n)
        exec_answer(exec, &(struct answer){
                              .code = BANYAN_WRONG_COUNT, .expected = exec->n, .got = exec->count});
    else
        exec_succeed(exec);
}

static void exec_add(struct exec *exec, const struct slice_result *result) {
    exec->added++;
    exec->count += result->count;
    exec->sum += result->sum;
    if (result->error != BANYAN_OK)
        exec_conclude(exec, result);
    else if (!exec->open_end && exec->added == exec->cut)
        exec_conclude(exec, NULL);
}

/* Keeps a result that came before an earlier one. */
static void exec_keep(struct exec *exec, uint32_t number, const struct slice_result *result) {
    struct slice_done *done = &exec->done[number % SLICES_IN_ALL];
    size_t shown = result->word_len < sizeof done->word ? result->word_len : sizeof done->word;
    done->here = true;
    done->result = *result;
    if (result->word != NULL)
        memcpy(done->word, result->word, shown);
    done->result.word = done->word;
}

void exec_slice_back(struct exec *exec, uint32_t number, const struct slice_result *result) {
    if (exec->answered)
        return;
    if (number != exec->added) {
        exec_keep(exec, number, result);
        return;
    }
    exec_add(exec, result);
    while (!exec->answered && exec->done != NULL && exec->done[exec->added % SLICES_IN_ALL].here) {
        struct slice_done *done = &exec->done[exec->added % SLICES_IN_ALL];
        done->here = false;
        exec_add(exec, &done->result);
    }
}

/* ---- entry ---- */

/* A short exec joins those that wait for the same node. False: out of memory. */
static bool gather(struct engine *engine, struct member *member, struct exec *exec,
                   const char *text, size_t len) {
    struct bundle *open = member->open;
    if (open != NULL && open->text_len + len > BUNDLE_BYTES) {
        DL_APPEND(member->ready, open);
        member->open = open = NULL;
    }
    if (open == NULL && (open = bundle_new(engine, len)) == NULL)
        return false;
    if (!bundle_grow(open, len)) {
        if (open != member->open) /* there others wait in it, too */
            bundle_free(engine, open);
        return false;
    }
    memcpy(open->text + open->text_len, text, len);
    open->text_len += len;
    bundle_add_slice(open, exec, len);
    if (bundle_is_large(open)) {
        DL_APPEND(member->ready, open);
    } else {
        engine->small_bytes += len;
        member->open = open;
    }
    return true;
}

/* An exec that must wait keeps its text; it joins others when it may go on. */
static bool hold(struct exec *exec, const char *text, size_t len) {
    exec->text = malloc(len + 1);
    if (exec->text == NULL)
        return false;
    memcpy(exec->text, text, len);
    exec->text_len = len;
    exec->engine->held_bytes += len;
    return true;
}

/* The slice that was being filled is full, or the last. */
void exec_pass_on(struct exec *exec, struct bundle *bundle) {
    struct member *member = exec->command.member;
    if (member == NULL) {
        DL_APPEND(exec->held, bundle);
        return;
    }
    DL_APPEND(member->ready, bundle);
    bundles_flush_later(exec->engine, member);
}

/* The checks that need no number, in their order. True: the exec stands at its member. */
bool exec_admit(struct exec *exec) {
    struct engine *engine = exec->engine;
    struct member *member = engine_find(engine, exec->command.id);
    if (member == NULL || command_cut_off(engine, exec->command.id, exec->command.seq)) {
        exec_refuse(exec, BANYAN_NOT_FOUND, NULL);
        return false;
    }
    if (!engine_available(&member->node)) {
        exec_refuse(exec, BANYAN_UNAVAILABLE, NULL);
        return false;
    }
    if (exec->n < 1 || exec->n > ANSWER_N_MAX) {
        exec_refuse(exec, BANYAN_BAD_N, NULL);
        return false;
    }
    exec->command.member = member;
    DL_APPEND2(member->execs, exec, here_prev, here_next);
    return true;
}

/* An exec that waited at an unsettled member goes on. */
void exec_locate(struct engine *engine, struct exec *exec) {
    struct bundle *bundle, *next;
    if (command_wait(engine, &exec->command, exec->command.id) != NULL)
        return;
    if (exec_admit(exec)) {
        DL_FOREACH_SAFE(exec->held, bundle, next) {
            DL_DELETE(exec->held, bundle);
            exec_pass_on(exec, bundle);
        }
        if (exec->text != NULL) {
            exec->out_of_memory = !gather(engine, exec->command.member, exec, exec->text,
                                          exec->text_len);
            drop_held(exec);
            bundles_flush_later(engine, exec->command.member);
        }
        if (exec_failure(exec) != NULL)
            exec_refuse(exec, BANYAN_SYSTEM, exec_failure(exec));
        else if (!exec->open_end && exec->cut == 0)
            exec_conclude(exec, NULL);
    }
    exec_release(exec);
}

void engine_exec(struct engine *engine, void *tag, int64_t id, uint64_t n, const char *text,
                 size_t len) {
    struct exec *exec = exec_new(engine, tag, id, n, false);
    bool kept = true;
    if (exec == NULL)
        return;
    if (engine->unsettled != 0 && command_wait(engine, &exec->command, id) != NULL) {
        if (!hold(exec, text, len))
            exec->out_of_memory = true;
        return;
    }
    if (exec_admit(exec)) {
        kept = gather(engine, exec->command.member, exec, text, len);
        if (!kept)
            exec_refuse(exec, BANYAN_SYSTEM, "out of memory");
        bundles_flush_later(engine, exec->command.member);
    }
    exec_release(exec);
}

static bool are_many(const struct engine *engine) {
    return engine->execs >= EXECS_IN_ALL ||
           engine->execs >= EXECS_LEAST + EXECS_EACH * (uint64_t)engine->tree.count;
}

bool engine_is_busy(const struct engine *engine) {
    return are_many(engine) || engine->small_bytes + engine->held_bytes >= SMALL_BYTES_IN_ALL ||
           engine->large_count >= SLICES_IN_ALL;
}

/* ---- the end ---- */

void execs_fail(struct engine *engine, struct member *member, enum banyan_code code,
                const char *text) {
    struct exec *exec;
    while ((exec = member->execs) != NULL) {
        exec_refuse(exec, code, text);
        exec_release(exec);
    }
    execs_detach(engine, member);
}

/* An exec that waits at a member is answered there: by then nobody listens. */
static void waiting_execs_free(struct member *member) {
    struct command *command, *next;
    DL_FOREACH_SAFE(member->waiters, command, next) {
        if (command->kind == COMMAND_EXEC) {
            DL_DELETE(member->waiters, command);
            exec_refuse((struct exec *)command, BANYAN_UNAVAILABLE, NULL);
            exec_release((struct exec *)command);
        }
    }
}

void execs_free(struct engine *engine) {
    struct exec *exec, *next;
    for (struct tree_node *at = engine->tree.root; at != NULL;
         at = tree_next(engine->tree.root, at)) {
        execs_fail(engine, member_of(at), BANYAN_UNAVAILABLE, NULL);
        waiting_execs_free(member_of(at));
    }
    DL_FOREACH_SAFE2(engine->streams, exec, next, sibling_next) {
        exec->open_end = false;
        exec_release(exec);
    }
    for (exec = engine->spare_execs; exec != NULL; exec = next) {
        next = exec->here_next;
        free(exec);
    }
    bundles_free(engine);
}
