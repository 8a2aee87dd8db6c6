/*
 * peers: what the shell keeps about each node: where it listens, and the open question to it.
 * Reports of the starter go to the engine through here.
 *
 * A peer exists from its start until the engine forgets it. All functions run on the thread of the
 * tree.
 */
#ifndef BANYAN_PEERS_H
#define BANYAN_PEERS_H

/* A failed allocation in a hash table is an error to report, not a reason to exit. */
#define HASH_NONFATAL_OOM 1

#include <uthash.h>

#include "core/engine.h"
#include "net/link.h"
#include "start/starter.h"
#include "wire/wire.h"

struct banyan;

struct peer {
    uint64_t serial;
    int64_t id;
    char address[WIRE_ADDRESS_MAX];
    struct link *probe; /* NULL: no direct question is pending */
    UT_hash_handle hh;
};

/* NULL: there is none. */
struct peer *peer_find(struct banyan *tree, uint64_t serial);

/* The address where the node of that serial listens; empty: there is no such peer. */
const char *peer_address(struct banyan *tree, uint64_t serial);

/* The engine's ports `start`, `end`, `runs` and `forget`. */
bool peers_start(void *tree, const struct engine_node *node);
void peers_end(void *tree, uint64_t serial);
bool peers_runs(void *tree, uint64_t serial);
void peers_forget(void *tree, uint64_t serial);

/* Hands a report of the starter to the engine. */
void peers_heard(void *tree, const struct start_news *news);

/* Removes the directory if no process is left. If the controller were killed now, no node could
 * remove it. */
void peers_tidy(struct banyan *tree);

/* Frees all peers. Their processes must have ended. */
void peers_free(struct banyan *tree);

#endif
