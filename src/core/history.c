#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INCIDENTS_MOST = 32, IDS_NAMED = 8 };

void history_add(struct history *history, uint64_t at_us, const char *what) {
    if (history->incidents == NULL)
        history->incidents = calloc(INCIDENTS_MOST, sizeof *history->incidents);
    if (history->incidents == NULL)
        return;
    if (history->count == INCIDENTS_MOST) {
        history->count--;
        memmove(history->incidents, history->incidents + 1,
                history->count * sizeof *history->incidents);
    }
    struct incident *incident = &history->incidents[history->count++];
    *incident = (struct incident){.at_us = at_us};
    snprintf(incident->what, sizeof incident->what, "%s", what);
}

struct incident *history_latest(struct history *history) {
    return history->count > 0 ? &history->incidents[history->count - 1] : NULL;
}

char *history_ids(char *text, size_t size, const int64_t *ids, size_t count) {
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

size_t history_line(const struct incident *incident, int64_t id, uint64_t wall_us, char *text,
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

void history_free(struct history *history) {
    free(history->incidents);
    history->incidents = NULL;
    history->count = 0;
}
