/* ports: the list of the functions that the engine calls. */
#ifndef BANYAN_PORTS_H
#define BANYAN_PORTS_H

#include "core/engine.h"

struct banyan;

struct engine_ports ports_of(struct banyan *tree);

#endif
