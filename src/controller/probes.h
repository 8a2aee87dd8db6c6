/*
 * probes: direct questions to single nodes, past the tree. Both functions are ports of the engine.
 */
#ifndef BANYAN_PROBES_H
#define BANYAN_PROBES_H

#include <stdbool.h>
#include <stdint.h>

/* Asks a node for a sign of life -> engine_probed when it answers. True also if a question is open.
 * False: it cannot be asked now. */
bool probes_ask(void *tree, uint64_t serial);

/* Drops the open question, if there is one. */
void probes_drop(void *tree, uint64_t serial);

#endif
