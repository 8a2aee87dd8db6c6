/*
 * sources: the files that execs take their numbers from. Each is read piece by piece while the
 * commands after it go on.
 *
 * One thread.
 */
#ifndef BANYAN_SOURCES_H
#define BANYAN_SOURCES_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "banyan.h"
#include "language/words.h"
#include "transfer.h"

enum { SOURCES_MOST = 64 }; /* with so many files open no further command is taken */

struct source;

struct sources {
    struct source *first; /* owned */
    size_t count;
};

/* Reads the numbers of an exec from a file. exec: as banyan_exec_begin returned it, for the node
 * id; if the file cannot be opened, the exec fails. */
void sources_open(struct sources *sources, struct banyan_exec *exec, int64_t id, struct word path);

/* Fills in what to poll for; returns how many entries. ready: something can be read at once. */
size_t sources_poll(struct sources *sources, struct pollfd polls[SOURCES_MOST], bool *ready);

/* After sources_poll: reads a piece of each file that is ready. */
void sources_step(struct sources *sources);

/* Ends all; their execs fail. */
void sources_close(struct sources *sources);

/* Adds the files to what is being read. */
void sources_progress(const struct sources *sources, struct transfer *sum);

#endif
