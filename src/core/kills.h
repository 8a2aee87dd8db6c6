/*
 * kills: kill, and the end of nodes.
 *
 * A kill waits for the earlier commands that it would disturb. Then it ends every process of the
 * subtree, and is answered when all have ended. A failed create ends its process in the same way,
 * but is answered before.
 */
#ifndef BANYAN_KILLS_H
#define BANYAN_KILLS_H

#include <stdint.h>

struct command;
struct engine;
struct member;

/* The kill takes effect, waits, or is answered with an error. */
void kill_go(struct engine *engine, struct command *kill);

/* Advances kills and endings as far as possible. */
void kills_settle(struct engine *engine);

/* Ends a node without children, and frees its member when its process has ended. seq: of the
 * command that causes it. */
void ending_begin(struct engine *engine, struct member *member, uint64_t seq);

#endif
