/* sums: sends bundles of numbers to nodes, and receives their sums. */
#ifndef BANYAN_SUMS_H
#define BANYAN_SUMS_H

#include "core/engine.h"

/* Room for the results of one bundle; kept, because most bundles need the same room. */
struct results {
    struct slice_result *row;
    uint32_t room;
};

/* The engine's port: sends the bundle -> engine_summed. False: out of memory. */
bool sums_send(void *tree, struct bundle *bundle);

#endif
