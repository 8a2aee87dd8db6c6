/*
 * execs.c: numbers on their way to a node, and partial sums on their way back.
 *
 * A short exec is one slice; the short execs that wait for the same node travel in one bundle. A
 * long exec is cut at blanks into slices that fill a bundle each. A slice leaves no trace on the
 * node, so a bundle whose path broke is sent again. Bundles come back in any order; sums are added
 * in the order of the slices, because the position of a wrong number is counted from the first.
 *
 * An exec is answered as soon as its answer is known; its memory goes when its input has ended and
 * its last slice is back.
 */
#include "engine_state.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum {
    BROKEN_FIRST_US = 1000,  /* until a bundle is sent again; doubled for every break in a row */
    BROKEN_LAST_US = 100000, /* up to this */
    SPARE_BUNDLES = 16,
    ROOM_LEAST = 64, /* bytes that engine_exec_room offers at least */
};

struct slice_done {
    bool here;
    struct slice_result result;
    char word[ANSWER_WORD_MAX];
};

/* ---- bundles ---- */

static bool is_large(const struct bundle *bundle) {
    return bundle->text_room > BUNDLE_BYTES;
}

static struct bundle *bundle_alloc(size_t text_room, uint32_t slice_room) {
    struct bundle *bundle = calloc(1, sizeof *bundle);
    if (bundle == NULL)
        return NULL;
    bundle->text = malloc(text_room);
    bundle->slices = malloc(slice_room * sizeof *bundle->slices);
    if (bundle->text == NULL || bundle->slices == NULL) {
        free(bundle->text);
        free(bundle->slices);
        free(bundle);
        return NULL;
    }
    bundle->text_room = text_room;
    bundle->slice_room = slice_room;
    return bundle;
}

static void bundle_dispose(struct bundle *bundle) {
    free(bundle->text);
    free(bundle->slices);
    free(bundle);
}

static struct bundle *spare_take(struct bundle **spare, unsigned *count) {
    struct bundle *bundle = *spare;
    if (bundle != NULL) {
        LL_DELETE(*spare, bundle);
        --*count;
    }
    return bundle;
}

/* A bundle with room for so many bytes. NULL: out of memory. */
static struct bundle *bundle_new(struct engine *engine, size_t text_room) {
    struct bundle *bundle;
    if (text_room <= BUNDLE_BYTES) {
        bundle = spare_take(&engine->spare_small, &engine->spare_small_count);
        if (bundle == NULL)
            bundle = bundle_alloc(BUNDLE_BYTES, 256);
    } else {
        bundle = spare_take(&engine->spare_large, &engine->spare_large_count);
        if (bundle != NULL && bundle->text_room < text_room) {
            bundle_dispose(bundle);
            bundle = NULL;
        }
        if (bundle == NULL)
            bundle = bundle_alloc(text_room, 1);
    }
    if (bundle != NULL && is_large(bundle))
        engine->large_count++;
    return bundle;
}

static void bundle_free(struct engine *engine, struct bundle *bundle) {
    bool large = is_large(bundle);
    struct bundle **spare = large ? &engine->spare_large : &engine->spare_small;
    unsigned *count = large ? &engine->spare_large_count : &engine->spare_small_count;
    if (large)
        engine->large_count--;
    else
        engine->small_bytes -= bundle->text_len;
    if (*count >= SPARE_BUNDLES) {
        bundle_dispose(bundle);
        return;
    }
    bundle->text_len = 0;
    bundle->slice_count = 0;
    bundle->member = NULL;
    LL_PREPEND(*spare, bundle);
    ++*count;
}

/* Room for one more slice descriptor. */
static bool bundle_grow(struct bundle *bundle) {
    if (bundle->slice_count < bundle->slice_room)
        return true;
    uint32_t room = bundle->slice_room * 2;
    struct slice *slices = realloc(bundle->slices, room * sizeof *slices);
    if (slices == NULL)
        return false;
    bundle->slices = slices;
    bundle->slice_room = room;
    return true;
}

/* Makes the last len bytes of the text a slice of the exec. There must be room for it. */
static void bundle_add_slice(struct bundle *bundle, struct exec *exec, size_t len) {
    bundle->slices[bundle->slice_count++] = (struct slice){
        .exec = exec, .number = exec->cut++, .len = (uint32_t)len, .file = exec->file};
    exec->out++;
}

/* ---- the life of an exec ---- */

static struct exec *exec_new(struct engine *engine, void *tag, int64_t id, uint64_t n, bool file) {
    struct exec *exec = engine->spare_execs;
    if (exec != NULL) {
        engine->spare_execs = exec->here_next;
        memset(exec, 0, sizeof *exec);
    } else if ((exec = calloc(1, sizeof *exec)) == NULL) {
        struct command refused = {.kind = ANSWER_EXEC, .tag = tag, .id = id};
        engine_give(engine, &refused,
                    &(struct answer){.code = ANSWER_SYSTEM, .text = "out of memory"});
        return NULL;
    }
    exec->command = (struct command){
        .kind = ANSWER_EXEC, .tag = tag, .seq = ++engine->last_seq, .id = id};
    exec->engine = engine;
    exec->n = n;
    exec->file = file;
    engine->execs++;
    return exec;
}

/* What an exec is to be answered with once the checks that come first have been made. */
static void exec_note_failure(struct exec *exec, const char *text) {
    exec->failure = strdup(text);
    if (exec->failure == NULL)
        exec->out_of_memory = true;
}

static const char *exec_failure(const struct exec *exec) {
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
static void exec_release(struct exec *exec) {
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

static void exec_refuse(struct exec *exec, enum answer_code code, const char *text) {
    exec_answer(exec, &(struct answer){.code = code, .text = text});
}

/* ---- results ---- */

/* Everything has been added up, or a wrong number was met: what is the answer? */
static void exec_conclude(struct exec *exec, const struct slice_result *wrong) {
    if (wrong != NULL)
        exec_answer(exec, &(struct answer){.code = wrong->error,
                                           .position = exec->count + 1,
                                           .word = wrong->word,
                                           .word_len = wrong->word_len});
    else if (exec->count != exec->n)
        exec_answer(exec, &(struct answer){
                              .code = ANSWER_WRONG_COUNT, .expected = exec->n, .got = exec->count});
    else
        exec_answer(exec, &(struct answer){.sum = exec->sum});
}

static void exec_add(struct exec *exec, const struct slice_result *result) {
    exec->added++;
    exec->count += result->count;
    exec->sum += result->sum;
    if (result->error != ANSWER_OK)
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

static void slice_back(struct exec *exec, uint32_t number, const struct slice_result *result) {
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

/* ---- sending ---- */

static void want_flush(struct engine *engine, struct member *member) {
    if (member->flushing)
        return;
    member->flushing = true;
    member->flush_next = engine->flush;
    engine->flush = member;
}

static void bundle_send(struct engine *engine, struct member *member, struct bundle *bundle) {
    bundle->serial = member->serial;
    bundle->id = member->node.id;
    bundle->member = member;
    bundle->sent_us = engine->now_us;
    if (is_large(bundle))
        member->large_lent++;
    else
        member->small_lent++;
    DL_APPEND(member->lent, bundle);
    engine->lent++;
    engine_watch(engine);
    if (!engine->ports.sums(engine->ports.arg, bundle))
        engine_summed(engine, bundle, HOP_BROKEN, NULL, NULL);
}

static bool may_send(const struct member *member, const struct bundle *bundle) {
    return is_large(bundle) ? member->large_lent < SLICES_AHEAD
                            : member->small_lent < BUNDLES_AHEAD;
}

/* Long and short execs do not hold up one another: each kind has a bound of its own. */
static void member_flush(struct engine *engine, struct member *member) {
    struct bundle *bundle, *next;
    if (member->again_us != 0)
        return;
    DL_FOREACH_SAFE(member->ready, bundle, next) {
        if (may_send(member, bundle)) {
            DL_DELETE(member->ready, bundle);
            bundle_send(engine, member, bundle);
        }
    }
    if (member->open != NULL && member->small_lent < BUNDLES_AHEAD) {
        bundle = member->open;
        member->open = NULL;
        bundle_send(engine, member, bundle);
    }
}

void execs_flush(struct engine *engine) {
    while (engine->flush != NULL) {
        struct member *member = engine->flush;
        engine->flush = member->flush_next;
        member->flushing = false;
        member_flush(engine, member);
    }
}

/* A short exec joins those that wait for the same node. False: out of memory. */
static bool gather(struct engine *engine, struct member *member, struct exec *exec,
                   const char *text, size_t len) {
    struct bundle *open = member->open;
    if (open != NULL && open->text_len + len > open->text_room) {
        DL_APPEND(member->ready, open);
        member->open = open = NULL;
    }
    if (open == NULL && (open = bundle_new(engine, len)) == NULL)
        return false;
    if (!bundle_grow(open)) {
        bundle_free(engine, open);
        return false;
    }
    memcpy(open->text + open->text_len, text, len);
    open->text_len += len;
    bundle_add_slice(open, exec, len);
    if (is_large(open)) {
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
static void pass_on(struct exec *exec, struct bundle *bundle) {
    struct member *member = exec->command.member;
    if (member == NULL) {
        DL_APPEND(exec->held, bundle);
        return;
    }
    DL_APPEND(member->ready, bundle);
    want_flush(exec->engine, member);
}

/* ---- entry ---- */

/* The checks that need no number, in their order. True: the exec stands at its member. */
static bool exec_admit(struct exec *exec) {
    struct engine *engine = exec->engine;
    struct member *member = engine_find(engine, exec->command.id);
    if (member == NULL || command_cut_off(engine, exec->command.id, exec->command.seq)) {
        exec_refuse(exec, ANSWER_NOT_FOUND, NULL);
        return false;
    }
    if (!engine_available(&member->node)) {
        exec_refuse(exec, ANSWER_UNAVAILABLE, NULL);
        return false;
    }
    if (exec->n < 1 || exec->n > ANSWER_N_MAX) {
        exec_refuse(exec, ANSWER_BAD_N, NULL);
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
            pass_on(exec, bundle);
        }
        if (exec->text != NULL) {
            exec->out_of_memory = !gather(engine, exec->command.member, exec, exec->text,
                                          exec->text_len);
            drop_held(exec);
            want_flush(engine, exec->command.member);
        }
        if (exec_failure(exec) != NULL)
            exec_refuse(exec, ANSWER_SYSTEM, exec_failure(exec));
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
            exec_refuse(exec, ANSWER_SYSTEM, "out of memory");
        want_flush(engine, exec->command.member);
    }
    exec_release(exec);
}

struct exec *engine_exec_begin(struct engine *engine, void *tag, int64_t id, uint64_t n,
                               bool file) {
    struct exec *exec = exec_new(engine, tag, id, n, file);
    if (exec == NULL)
        return NULL;
    exec->open_end = true;
    exec->streamed = true;
    DL_APPEND2(engine->streams, exec, sibling_prev, sibling_next);
    exec->done = calloc(SLICES_IN_ALL, sizeof *exec->done);
    if (engine->unsettled != 0 && command_wait(engine, &exec->command, id) != NULL) {
        if (exec->done == NULL)
            exec->out_of_memory = true;
    } else if (exec_admit(exec) && exec->done == NULL) {
        exec_refuse(exec, ANSWER_SYSTEM, "out of memory");
    }
    return exec;
}

enum exec_room engine_exec_room(struct exec *exec, char **at, size_t *room) {
    struct engine *engine = exec->engine;
    uint32_t ahead = exec->cut - exec->added;
    if (exec->answered || exec_failure(exec) != NULL)
        return EXEC_SKIP;
    /* With nothing under way an exec may always go on with the slice that it has. */
    if (ahead >= SLICES_AHEAD ||
        (engine->large_count >= SLICES_IN_ALL && (ahead > 0 || exec->filling == NULL)))
        return EXEC_WAIT;
    if (exec->filling == NULL) {
        exec->filling = bundle_new(engine, SLICE_BYTES);
        if (exec->filling == NULL) {
            exec_refuse(exec, ANSWER_SYSTEM, "out of memory");
            return EXEC_SKIP;
        }
    }
    *at = exec->filling->text + exec->filling->text_len;
    *room = exec->filling->text_room - exec->filling->text_len;
    return EXEC_ROOM;
}

static bool is_blank(const struct exec *exec, char c) {
    return c == ' ' || c == '\t' || (exec->file && c >= '\n' && c <= '\r');
}

/* The bytes before the last word, which may go on in what is still to be read. */
static size_t whole_words(const struct exec *exec, const char *text, size_t len) {
    while (len > 0 && !is_blank(exec, text[len - 1]))
        len--;
    return len;
}

/* A single word fills the slice. What it is worth is known from fewer bytes: leading zeros but one
 * do not count, and no number has more than 19 digits besides. So the word is shortened, without
 * becoming another number or a number out of none, and reading goes on. */
static void shorten_word(struct bundle *bundle) {
    char *text = bundle->text;
    size_t len = bundle->text_len, sign = *text == '-' || *text == '+', digits = sign, zeros;
    while (digits < len && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    if (digits < len) { /* no integer: its first bytes say so, and the byte that proves it */
        if (digits > ANSWER_WORD_MAX)
            text[ANSWER_WORD_MAX] = text[digits];
        bundle->text_len = ANSWER_WORD_MAX + 1;
        return;
    }
    for (zeros = sign; zeros + 1 < len && text[zeros] == '0'; zeros++)
        ;
    if (len - zeros > ANSWER_WORD_MAX) /* out of range, unless it turns out to be no integer */
        len = zeros + ANSWER_WORD_MAX;
    memmove(text + sign, text + zeros, len - zeros);
    bundle->text_len = sign + len - zeros;
}

/* Cuts the full slice at its last blank and carries the rest over into the next one. */
static void cut_slice(struct exec *exec) {
    struct engine *engine = exec->engine;
    struct bundle *full = exec->filling, *next;
    size_t whole = whole_words(exec, full->text, full->text_len);
    if (whole == 0) {
        shorten_word(full);
        return;
    }
    next = bundle_new(engine, SLICE_BYTES);
    if (next == NULL) {
        exec_refuse(exec, ANSWER_SYSTEM, "out of memory");
        return;
    }
    next->text_len = full->text_len - whole;
    memcpy(next->text, full->text + whole, next->text_len);
    full->text_len = whole;
    exec->filling = next;
    bundle_add_slice(full, exec, whole);
    pass_on(exec, full);
}

void engine_exec_filled(struct exec *exec, size_t len) {
    struct bundle *bundle = exec->filling;
    bundle->text_len += len;
    if (bundle->text_room - bundle->text_len < ROOM_LEAST)
        cut_slice(exec);
}

void engine_exec_end(struct exec *exec) {
    struct bundle *last = exec->filling;
    exec->open_end = false;
    if (!exec->answered) {
        exec->filling = NULL;
        if (last != NULL && last->text_len > 0) {
            bundle_add_slice(last, exec, last->text_len);
            pass_on(exec, last);
        } else if (last != NULL) {
            bundle_free(exec->engine, last);
        }
        if (exec->command.member != NULL && exec->added == exec->cut)
            exec_conclude(exec, NULL);
    }
    exec_release(exec);
}

void engine_exec_fail(struct exec *exec, const char *text) {
    exec->open_end = false;
    if (!exec->answered && exec->command.member != NULL)
        exec_refuse(exec, ANSWER_SYSTEM, text);
    else if (!exec->answered)
        exec_note_failure(exec, text);
    exec_release(exec);
}

bool engine_is_busy(const struct engine *engine) {
    return engine->execs >= EXECS_IN_ALL ||
           engine->small_bytes + engine->held_bytes >= SMALL_BYTES_IN_ALL ||
           engine->large_count >= SLICES_IN_ALL;
}

/* ---- bundles that come back, and members that are lost ---- */

static void bundle_done(struct engine *engine, struct bundle *bundle) {
    for (uint32_t i = 0; i < bundle->slice_count; i++) {
        struct exec *exec = bundle->slices[i].exec;
        exec->out--;
        exec_release(exec);
    }
    bundle_free(engine, bundle);
}

/* The path broke. The bundle goes first when the member is tried again. */
static void bundle_again(struct engine *engine, struct member *member, struct bundle *bundle) {
    uint64_t wait_us = (uint64_t)BROKEN_FIRST_US << (member->broken < 8 ? member->broken : 8);
    if (wait_us > BROKEN_LAST_US)
        wait_us = BROKEN_LAST_US;
    DL_PREPEND(member->ready, bundle);
    if (member->again_us == 0) {
        member->broken++;
        member->again_us = engine->now_us + wait_us;
        engine_retry_at(engine, member->again_us);
    }
}

static void bundle_take_results(struct bundle *bundle, enum hop hop,
                                const struct slice_result *results, const char *text) {
    for (uint32_t i = 0; i < bundle->slice_count; i++) {
        struct slice *slice = &bundle->slices[i];
        if (hop == HOP_OK)
            slice_back(slice->exec, slice->number, &results[i]);
        else if (!slice->exec->answered)
            exec_refuse(slice->exec, ANSWER_SYSTEM, text);
    }
}

void engine_summed(struct engine *engine, struct bundle *bundle, enum hop hop,
                   const struct slice_result *results, const char *text) {
    struct member *member = bundle->member;
    engine->lent--;
    if (member != NULL) {
        DL_DELETE(member->lent, bundle);
        if (is_large(bundle))
            member->large_lent--;
        else
            member->small_lent--;
        engine_broken(engine, member, hop == HOP_BROKEN);
        if (hop == HOP_BROKEN) {
            bundle_again(engine, member, bundle);
            return;
        }
        member->broken = 0;
        bundle_take_results(bundle, hop, results, text);
        want_flush(engine, member);
    }
    bundle_done(engine, bundle);
}

/* Paths have been repaired, or enough time has passed. */
void execs_wake(struct engine *engine, struct member *member) {
    member->again_us = 0;
    if (member->ready != NULL || member->open != NULL)
        want_flush(engine, member);
}

/* Bundles under way find no member when they come back; the others go now. */
void execs_detach(struct engine *engine, struct member *member) {
    struct bundle *bundle, *next;
    DL_FOREACH_SAFE(member->lent, bundle, next) {
        DL_DELETE(member->lent, bundle);
        bundle->member = NULL;
    }
    member->small_lent = member->large_lent = 0;
    DL_FOREACH_SAFE(member->ready, bundle, next) {
        DL_DELETE(member->ready, bundle);
        bundle_done(engine, bundle);
    }
    bundle = member->open;
    member->open = NULL;
    if (bundle != NULL)
        bundle_done(engine, bundle);
    member->again_us = 0;
    member->broken = 0;
    member->broken_us = 0;
    if (member->flushing) {
        struct member **at = &engine->flush;
        while (*at != member)
            at = &(*at)->flush_next;
        *at = member->flush_next;
        member->flushing = false;
    }
}

void execs_fail(struct engine *engine, struct member *member, enum answer_code code) {
    struct exec *exec;
    while ((exec = member->execs) != NULL) {
        exec_refuse(exec, code, NULL);
        exec_release(exec);
    }
    execs_detach(engine, member);
}

static void bundle_list_free(struct bundle *list) {
    struct bundle *bundle, *next;
    LL_FOREACH_SAFE(list, bundle, next) {
        bundle_dispose(bundle);
    }
}

/* An exec that waits at a member is answered there: by then nobody listens. */
static void waiting_execs_free(struct member *member) {
    struct command *command, *next;
    DL_FOREACH_SAFE(member->waiters, command, next) {
        if (command->kind == ANSWER_EXEC) {
            DL_DELETE(member->waiters, command);
            exec_refuse((struct exec *)command, ANSWER_UNAVAILABLE, NULL);
            exec_release((struct exec *)command);
        }
    }
}

void execs_free(struct engine *engine) {
    struct exec *exec, *next;
    for (struct tree_node *at = engine->tree.root; at != NULL;
         at = tree_next(engine->tree.root, at)) {
        execs_fail(engine, member_of(at), ANSWER_UNAVAILABLE);
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
    bundle_list_free(engine->spare_small);
    bundle_list_free(engine->spare_large);
}
