#include "streams.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "bundles.h"
#include "state.h"

enum {
    SLICE_BYTES = 512 << 10, /* a slice of a long exec: the best size over ipc */
    ROOM_LEAST = 64,         /* bytes that stream_room offers at least */
};

struct exec *stream_begin(struct engine *engine, void *tag, int64_t id, uint64_t n, bool file) {
    struct exec *exec = exec_new(engine, tag, id, n, file);
    if (exec == NULL)
        return NULL;
    exec->open_end = true;
    exec->streamed = true;
    DL_APPEND2(engine->execs.streams, exec, stream_prev, stream_next);
    exec->done = exec_ring_new();
    exec_enter(exec);
    if (exec->done == NULL)
        exec_fail(exec, "out of memory");
    return exec;
}

enum exec_room stream_room(struct exec *exec, char **at, size_t *room) {
    struct engine *engine = exec->engine;
    uint32_t ahead = exec->cut - exec->added;
    if (exec->answered || exec->failed)
        return EXEC_SKIP;
    /* So that no exec stalls, one with nothing in flight may always fill its slice, and those whose
     * node is not known yet leave slices to the others, for which they may be waiting. */
    uint64_t most = exec->turn.member != NULL ? SLICES_IN_ALL : SLICES_IN_ALL / 2;
    if (ahead >= SLICES_AHEAD ||
        (engine->execs.large_count >= most && (ahead > 0 || exec->filling == NULL)))
        return EXEC_WAIT;
    if (exec->filling == NULL && (exec->filling = bundle_new(engine, SLICE_BYTES)) == NULL) {
        exec_fail(exec, "out of memory");
        return EXEC_SKIP;
    }
    *at = exec->filling->text + exec->filling->text_len;
    *room = exec->filling->text_room - exec->filling->text_len;
    return EXEC_ROOM;
}

static bool is_blank(const struct exec *exec, char c) {
    return c == ' ' || c == '\t' || (exec->file && c >= '\n' && c <= '\r');
}

/* How many bytes come before the last word, whose end may not have been read yet. */
static size_t whole_words(const struct exec *exec, const char *text, size_t len) {
    while (len > 0 && !is_blank(exec, text[len - 1]))
        len--;
    return len;
}

/* A single word fills the slice. Fewer bytes decide what it is: leading zeros but one do not count,
 * and no number has more than 19 other digits. So the word is shortened to make room, and means the
 * same as before: the same number, out of range, or no integer. */
static void shorten_word(struct bundle *bundle) {
    char *text = bundle->text;
    size_t len = bundle->text_len, sign = *text == '-' || *text == '+', digits = sign, zeros;
    while (digits < len && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    if (digits < len) { /* no integer: keeps its first bytes, and the byte that proves it */
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
    struct bundle *full = exec->filling, *next;
    size_t whole = whole_words(exec, full->text, full->text_len);
    if (whole == 0) {
        shorten_word(full);
        return;
    }
    next = bundle_new(exec->engine, SLICE_BYTES);
    if (next == NULL) {
        exec_fail(exec, "out of memory");
        return;
    }
    next->text_len = full->text_len - whole;
    memcpy(next->text, full->text + whole, next->text_len);
    full->text_len = whole;
    exec->filling = next;
    exec_pass_on(exec, full, whole);
}

void stream_filled(struct exec *exec, size_t len) {
    struct bundle *bundle = exec->filling;
    if (bundle == NULL)
        return; /* the exec was answered meanwhile */
    bundle->text_len += len;
    if (bundle->text_room - bundle->text_len < ROOM_LEAST)
        cut_slice(exec);
}

void stream_end(struct exec *exec) {
    struct bundle *last = exec->filling;
    exec->open_end = false;
    if (!exec->answered) {
        exec->filling = NULL;
        if (last != NULL && last->text_len > 0)
            exec_pass_on(exec, last, last->text_len);
        else if (last != NULL)
            bundle_free(exec->engine, last);
        if (exec->turn.member != NULL && exec->added == exec->cut)
            exec_conclude(exec);
    }
    exec_release(exec);
}

void stream_fail(struct exec *exec, const char *text) {
    exec->open_end = false;
    exec_fail(exec, text);
    exec_release(exec);
}
