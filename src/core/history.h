/*
 * history: what happened to a node, for people: what was noticed, when, and what was done about it.
 *
 * A row of incidents, the oldest forgotten first when there are many. Without memory an incident is
 * left out; nothing depends on it.
 *
 * Pure: times come in as arguments. One thread.
 */
#ifndef BANYAN_HISTORY_H
#define BANYAN_HISTORY_H

#include <stddef.h>
#include <stdint.h>

enum { HISTORY_WHAT = 112, HISTORY_THEN = 200 };

struct incident {
    uint64_t at_us;          /* in the engine's time */
    char what[HISTORY_WHAT]; /* "killed by signal 9" */
    char then[HISTORY_THEN]; /* "3 and 7 connected to 10 after 2.1 ms"; empty: nothing to tell */
};

struct history {
    struct incident *incidents;
    unsigned count;
};

/* A new incident. */
void history_add(struct history *history, uint64_t at_us, const char *what);

/* The latest incident; NULL: none. */
struct incident *history_latest(struct history *history);

/* "3, 4 and 7", of which at most a few are named. Returns text. */
char *history_ids(char *text, size_t size, const int64_t *ids, size_t count);

/* One line of an incident, without a newline: as snprintf. wall_us is added to the incident's time
 * to have the time since 1970. */
size_t history_line(const struct incident *incident, int64_t id, uint64_t wall_us, char *text,
                    size_t size);

void history_free(struct history *history);

#endif
