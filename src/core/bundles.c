#include "bundles.h"

#include <stdlib.h>
#include <utlist.h>

#include "state.h"

enum {
    SPARE_BUNDLES = 16,
    FIRST_TEXT = 2048, /* bytes in a new bundle; small, because a thousand nodes have one each */
    FIRST_SLICES = 64,
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

/* With room for one slice of len bytes, or for several small ones. NULL: out of memory. */
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

struct bundle *bundle_new(struct engine *engine, size_t len) {
    struct bundle *bundle = engine->execs.spare_bundles;
    if (len <= BUNDLE_BYTES && bundle != NULL) {
        LL_DELETE(engine->execs.spare_bundles, bundle);
        engine->execs.spare_bundle_count--;
        return bundle;
    }
    bundle = bundle_alloc(engine, len);
    if (bundle != NULL && bundle_is_large(bundle))
        engine->execs.large_count++;
    return bundle;
}

void bundle_free(struct engine *engine, struct bundle *bundle) {
    if (bundle_is_large(bundle)) {
        engine->execs.large_count--;
        bundle_dispose(engine, bundle);
        return;
    }
    engine->execs.small_bytes -= bundle->text_len;
    if (engine->execs.spare_bundle_count == SPARE_BUNDLES) {
        bundle_dispose(engine, bundle);
        return;
    }
    bundle->text_len = 0;
    bundle->slice_count = 0;
    bundle->member = NULL;
    LL_PREPEND(engine->execs.spare_bundles, bundle);
    engine->execs.spare_bundle_count++;
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

bool bundle_grow(struct bundle *bundle, size_t len) {
    size_t text_len = bundle->text_len + len;
    return (text_len <= bundle->text_room || grow_text(bundle, text_len)) &&
           (bundle->slice_count < bundle->slice_room || grow_slices(bundle));
}

void bundle_add_slice(struct bundle *bundle, const struct slice *slice) {
    bundle->slices[bundle->slice_count++] = *slice;
}

void bundles_free(struct engine *engine) {
    struct bundle *bundle, *next;
    LL_FOREACH_SAFE(engine->execs.spare_bundles, bundle, next) {
        bundle_dispose(engine, bundle);
    }
}
