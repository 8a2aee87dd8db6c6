/*
 * sets: which process is connected to which: the children of this process, and the sets of children
 * that nodes are sent (wire/arrange.h). Both functions are ports of the engine.
 *
 * Sets behind the same child travel together. Sets behind different children do not wait for each
 * other.
 */
#ifndef BANYAN_SETS_H
#define BANYAN_SETS_H

#include "core/engine.h"

/* Makes exactly these nodes the children of this process. False: not all could be dialed. */
bool sets_adopt(void *tree, const struct engine_node *nodes, size_t count);

/* Sends sets of children -> engine_arranged, once for each set. False: out of memory; nothing was
 * sent. */
bool sets_send(void *tree, const struct engine_set *sets, size_t count);

#endif
