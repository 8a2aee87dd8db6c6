/*
 * journal: the incidents of one node, for people: what happened, when, and what was done about it.
 *
 * If there are many incidents, the oldest is forgotten. Without memory an incident is left out;
 * nothing depends on it.
 *
 * Pure: times come in as arguments. One thread.
 */
#ifndef BANYAN_JOURNAL_H
#define BANYAN_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

enum { JOURNAL_WHAT = 112, JOURNAL_THEN = 200 };

struct incident {
    uint64_t at_us;          /* in the engine's time */
    char what[JOURNAL_WHAT]; /* "killed by signal 9" */
    char then[JOURNAL_THEN]; /* "3 and 7 connected to 10 after 2.1 ms"; may be empty */
};

struct journal {
    struct incident *incidents;
    unsigned count, room;
};

/* Adds an incident. what: copied. */
void journal_add(struct journal *journal, uint64_t at_us, const char *what);

/* The latest incident; NULL: none. */
struct incident *journal_latest(struct journal *journal);

/* Writes the ids as "3, 4 and 7"; of many, only the first are named. Returns text. */
char *journal_ids(char *text, size_t size, const int64_t *ids, size_t count);

/* Writes one line for an incident, without a newline, as snprintf. wall_us, added to the incident's
 * time, gives the time since 1970. */
size_t journal_line(const struct incident *incident, int64_t id, uint64_t wall_us, char *text,
                    size_t size);

void journal_free(struct journal *journal);

#endif
