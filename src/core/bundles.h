/*
 * bundles: the buffers of the messages that carry numbers to a node.
 *
 * A bundle for short execs grows, and is reused. A slice of a long exec fills a bundle of its own,
 * in a buffer that the shell provides.
 */
#ifndef BANYAN_BUNDLES_H
#define BANYAN_BUNDLES_H

#include "engine.h"

enum { BUNDLE_BYTES = 64 << 10 }; /* short execs travel together up to this size */

/* An empty bundle. len, in bytes: if more than BUNDLE_BYTES, the bundle has room for one slice of
 * that size; otherwise it is for short execs, and grows. NULL: out of memory. */
struct bundle *bundle_new(struct engine *engine, size_t len);
void bundle_free(struct engine *engine, struct bundle *bundle);

bool bundle_is_large(const struct bundle *bundle);

/* Makes room for one more slice of len bytes. False: out of memory. */
bool bundle_grow(struct bundle *bundle, size_t len);

/* Adds a slice whose text is already at the end of the bundle's. There must be room
 * (bundle_grow). */
void bundle_add_slice(struct bundle *bundle, const struct slice *slice);

/* Frees the spare bundles. */
void bundles_free(struct engine *engine);

#endif
