#include "journal.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INCIDENTS_MOST = 32, IDS_NAMED = 8 };

/* Most nodes only start, so the room grows. */
static bool make_room(struct journal *journal) {
    unsigned room = journal->room == 0 ? 1 : 2 * journal->room;
    if (journal->count < journal->room || journal->room == INCIDENTS_MOST)
        return true;
    struct incident *incidents = realloc(journal->incidents, room * sizeof *incidents);
    if (incidents == NULL)
        return false;
    journal->incidents = incidents;
    journal->room = room;
    return true;
}

void journal_add(struct journal *journal, uint64_t at_us, const char *what) {
    if (!make_room(journal))
        return;
    if (journal->count == INCIDENTS_MOST) {
        journal->count--;
        memmove(journal->incidents, journal->incidents + 1,
                journal->count * sizeof *journal->incidents);
    }
    struct incident *incident = &journal->incidents[journal->count++];
    *incident = (struct incident){.at_us = at_us};
    snprintf(incident->what, sizeof incident->what, "%s", what);
}

struct incident *journal_latest(struct journal *journal) {
    return journal->count > 0 ? &journal->incidents[journal->count - 1] : NULL;
}

char *journal_ids(char *text, size_t size, const int64_t *ids, size_t count) {
    size_t named = count > IDS_NAMED ? IDS_NAMED : count, len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < named && len < size; i++) {
        const char *before = i == 0 ? "" : i + 1 == count ? " and " : ", ";
        len += (size_t)snprintf(text + len, size - len, "%s%" PRId64, before, ids[i]);
    }
    if (count > named && len < size)
        snprintf(text + len, size - len, " and %zu others", count - named);
    return text;
}

size_t journal_line(const struct incident *incident, int64_t id, uint64_t wall_us, char *text,
                    size_t size) {
    uint64_t us = incident->at_us + wall_us;
    time_t seconds = (time_t)(us / 1000000);
    struct tm local;
    char clock[16] = "?";
    if (localtime_r(&seconds, &local) != NULL)
        strftime(clock, sizeof clock, "%H:%M:%S", &local);
    int len = snprintf(text, size, "%" PRId64 ": %s at %s.%03u%s%s", id, incident->what, clock,
                       (unsigned)(us / 1000 % 1000), incident->then[0] != '\0' ? "; " : "",
                       incident->then);
    return len > 0 ? (size_t)len : 0;
}

void journal_free(struct journal *journal) {
    free(journal->incidents);
    *journal = (struct journal){.count = 0};
}
