/*
 * streams: execs whose numbers come piece by piece. The text is cut at blanks into slices that fill
 * a bundle each. While too many slices are in flight, no more input is taken.
 */
#ifndef BANYAN_STREAMS_H
#define BANYAN_STREAMS_H

#include "engine.h"

/* As engine_exec_begin and the functions after it. */
struct exec *stream_begin(struct engine *engine, void *tag, int64_t id, uint64_t n, bool file);
enum exec_room stream_room(struct exec *exec, char **at, size_t *room);
void stream_filled(struct exec *exec, size_t len);
void stream_end(struct exec *exec);
void stream_fail(struct exec *exec, const char *text);

#endif
