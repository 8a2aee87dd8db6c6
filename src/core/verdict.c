#include "verdict.h"

enum verdict verdict_after(enum verdict state, enum verdict_event event) {
    /* What is late or reset decides nothing: only the end of a process, and a survey missed in both
     * its halves, make a node unavailable, and only its own answer makes it available. */
    static const enum verdict table[VERDICTS][VERDICT_EVENTS] = {
        [VERDICT_STARTING] =
            {
                [EVENT_HEARD] = VERDICT_AVAILABLE,
                [EVENT_LATE] = VERDICT_STARTING, /* surveys do not ask it yet */
                [EVENT_MISSED] = VERDICT_STARTING,
                [EVENT_RESET] = VERDICT_STARTING,
                [EVENT_EXITED] = VERDICT_ENDED,
                [EVENT_REPAIRED] = VERDICT_STARTING,
            },
        [VERDICT_AVAILABLE] =
            {
                [EVENT_HEARD] = VERDICT_AVAILABLE,
                [EVENT_LATE] = VERDICT_AVAILABLE,
                [EVENT_MISSED] = VERDICT_SILENT,
                [EVENT_RESET] = VERDICT_AVAILABLE,
                [EVENT_EXITED] = VERDICT_ENDED,
                [EVENT_REPAIRED] = VERDICT_AVAILABLE,
            },
        [VERDICT_SILENT] =
            {
                [EVENT_HEARD] = VERDICT_AVAILABLE, /* it has resumed */
                [EVENT_LATE] = VERDICT_SILENT,
                [EVENT_MISSED] = VERDICT_SILENT,
                [EVENT_RESET] = VERDICT_SILENT,
                [EVENT_EXITED] = VERDICT_ENDED,
                [EVENT_REPAIRED] = VERDICT_SILENT,
            },
        [VERDICT_ENDED] =
            {
                [EVENT_HEARD] = VERDICT_ENDED, /* an answer that was under way when it died */
                [EVENT_LATE] = VERDICT_ENDED,
                [EVENT_MISSED] = VERDICT_ENDED,
                [EVENT_RESET] = VERDICT_ENDED,
                [EVENT_EXITED] = VERDICT_ENDED,
                [EVENT_REPAIRED] = VERDICT_ENDED,
            },
    };
    return table[state][event];
}

const char *verdict_name(enum verdict state) {
    static const char *const names[VERDICTS] = {
        [VERDICT_STARTING] = "starting",
        [VERDICT_AVAILABLE] = "available",
        [VERDICT_SILENT] = "silent",
        [VERDICT_ENDED] = "ended",
    };
    return state < VERDICTS ? names[state] : "unknown";
}
