/*
 * bundles.c: the messages that carry numbers to a node: their buffers, when they are sent, and what
 * happens when they come back.
 *
 * The short execs that wait for the same node travel in one bundle; a slice of a long exec fills
 * one of its own. A slice leaves no trace on the node, so a bundle whose path broke is sent again:
 * after the repair, or after a moment that grows with each break. What is under way to one node is
 * bounded, for long and for short execs apart, so that neither holds up the other.
 */
#include "engine_state.h"

#include <stdlib.h>
#include <utlist.h>

enum {
    BROKEN_FIRST_US = 1000,  /* until a bundle is sent again; doubled for every break in a row */
    BROKEN_LAST_US = 100000, /* up to this */
    SPARE_BUNDLES = 16,
    FIRST_TEXT = 2048, /* room in a new bundle of small execs, which grows: a thousand nodes ... */
    FIRST_SLICES = 64, /* ... have a thousand bundles at once */
};

bool bundle_is_large(const struct bundle *bundle) {
    return bundle->buffer != NULL;
}

static void bundle_dispose(struct engine *engine, struct bundle *bundle) {
    if (bundle->buffer != NULL)
        engine->ports.unbuffer(engine->ports.arg, bundle->buffer);
    else
        free(bundle->text);
    free(bundle->slices);
    free(bundle);
}

/* With room for one slice of so many bytes, or for several small ones. NULL: out of memory. */
static struct bundle *bundle_alloc(struct engine *engine, size_t len) {
    bool large = len > BUNDLE_BYTES;
    struct bundle *bundle = calloc(1, sizeof *bundle);
    if (bundle == NULL)
        return NULL;
    bundle->text_room = large ? len : FIRST_TEXT;
    bundle->slice_room = large ? 1 : FIRST_SLICES;
    bundle->slices = malloc(bundle->slice_room * sizeof *bundle->slices);
    if (large)
        bundle->buffer = engine->ports.buffer(engine->ports.arg, len, &bundle->text);
    else
        bundle->text = malloc(bundle->text_room);
    if (bundle->text != NULL && bundle->slices != NULL)
        return bundle;
    bundle_dispose(engine, bundle);
    return NULL;
}

/* A bundle for one slice of more than BUNDLE_BYTES, which has room for it, or for smaller ones,
 * which grows. NULL: out of memory. */
struct bundle *bundle_new(struct engine *engine, size_t len) {
    struct bundle *bundle = engine->spare_small;
    if (len <= BUNDLE_BYTES && bundle != NULL) {
        LL_DELETE(engine->spare_small, bundle);
        engine->spare_small_count--;
        return bundle;
    }
    bundle = bundle_alloc(engine, len);
    if (bundle != NULL && bundle_is_large(bundle))
        engine->large_count++;
    return bundle;
}

void bundle_free(struct engine *engine, struct bundle *bundle) {
    if (bundle_is_large(bundle)) {
        engine->large_count--;
        bundle_dispose(engine, bundle);
        return;
    }
    engine->small_bytes -= bundle->text_len;
    if (engine->spare_small_count == SPARE_BUNDLES) {
        bundle_dispose(engine, bundle);
        return;
    }
    bundle->text_len = 0;
    bundle->slice_count = 0;
    bundle->member = NULL;
    LL_PREPEND(engine->spare_small, bundle);
    engine->spare_small_count++;
}

static bool grow_text(struct bundle *bundle, size_t len) {
    size_t room = bundle->text_room;
    while (room < len)
        room *= 2;
    char *text = realloc(bundle->text, room);
    if (text == NULL)
        return false;
    bundle->text = text;
    bundle->text_room = room;
    return true;
}

static bool grow_slices(struct bundle *bundle) {
    uint32_t room = bundle->slice_room * 2;
    struct slice *slices = realloc(bundle->slices, room * sizeof *slices);
    if (slices == NULL)
        return false;
    bundle->slices = slices;
    bundle->slice_room = room;
    return true;
}

/* Makes room for one more slice, of so many bytes. False: out of memory. */
bool bundle_grow(struct bundle *bundle, size_t len) {
    size_t text_len = bundle->text_len + len;
    return (text_len <= bundle->text_room || grow_text(bundle, text_len)) &&
           (bundle->slice_count < bundle->slice_room || grow_slices(bundle));
}

/* Makes the last len bytes of the text a slice of the exec. There must be room for it. */
void bundle_add_slice(struct bundle *bundle, struct exec *exec, size_t len) {
    bundle->slices[bundle->slice_count++] = (struct slice){
        .exec = exec, .number = exec->cut++, .len = (uint32_t)len, .file = exec->file};
    exec->out++;
}

/* ---- sending ---- */

void bundles_flush_later(struct engine *engine, struct member *member) {
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
    if (bundle_is_large(bundle))
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
    return bundle_is_large(bundle) ? member->large_lent < SLICES_AHEAD
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

/* ---- bundles that come back ---- */

void bundle_done(struct engine *engine, struct bundle *bundle) {
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
            exec_slice_back(slice->exec, slice->number, &results[i]);
        else if (!slice->exec->answered)
            exec_refuse(slice->exec, BANYAN_SYSTEM, text);
    }
}

void engine_summed(struct engine *engine, struct bundle *bundle, enum hop hop,
                   const struct slice_result *results, const char *text) {
    struct member *member = bundle->member;
    engine->lent--;
    if (member != NULL) {
        DL_DELETE(member->lent, bundle);
        if (bundle_is_large(bundle))
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
        bundles_flush_later(engine, member);
    }
    bundle_done(engine, bundle);
}

/* Paths have been repaired, or enough time has passed. */
void execs_wake(struct engine *engine, struct member *member) {
    member->again_us = 0;
    if (member->ready != NULL || member->open != NULL)
        bundles_flush_later(engine, member);
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

void bundles_free(struct engine *engine) {
    struct bundle *bundle, *next;
    LL_FOREACH_SAFE(engine->spare_small, bundle, next) {
        bundle_dispose(engine, bundle);
    }
}
