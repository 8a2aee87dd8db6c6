/*
 * streams.c: execs whose numbers come piece by piece. They are cut at blanks into slices that fill
 * a bundle each; the input is held up while too many are under way.
 */
#include "engine_state.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

enum { ROOM_LEAST = 64 }; /* bytes that engine_exec_room offers at least */

struct exec *engine_exec_begin(struct engine *engine, void *tag, int64_t id, uint64_t n,
                               bool file) {
    struct exec *exec = exec_new(engine, tag, id, n, file);
    if (exec == NULL)
        return NULL;
    exec->open_end = true;
    exec->streamed = true;
    DL_APPEND2(engine->streams, exec, sibling_prev, sibling_next);
    exec->done = exec_ring_new();
    if (engine->unsettled != 0 && command_wait(engine, &exec->command, id) != NULL) {
        if (exec->done == NULL)
            exec->out_of_memory = true;
    } else if (exec_admit(exec) && exec->done == NULL) {
        exec_refuse(exec, BANYAN_SYSTEM, "out of memory");
    }
    return exec;
}

/* An exec that waits for its node is answered when its turn has come. */
static void refuse_memory(struct exec *exec) {
    if (exec->command.member != NULL)
        exec_refuse(exec, BANYAN_SYSTEM, "out of memory");
    else
        exec->out_of_memory = true;
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
            refuse_memory(exec);
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
        refuse_memory(exec);
        return;
    }
    next->text_len = full->text_len - whole;
    memcpy(next->text, full->text + whole, next->text_len);
    full->text_len = whole;
    exec->filling = next;
    bundle_add_slice(full, exec, whole);
    exec_pass_on(exec, full);
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
            exec_pass_on(exec, last);
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
        exec_refuse(exec, BANYAN_SYSTEM, text);
    else if (!exec->answered)
        exec_note_failure(exec, text);
    exec_release(exec);
}
