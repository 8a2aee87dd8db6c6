#include "verdict.h"

enum verdict verdict_after(enum verdict state, enum verdict_event event) {
    static const enum verdict table[VERDICTS][VERDICT_EVENTS] = {
        [VERDICT_STARTING] =
            {
                [EVENT_HEARD] = VERDICT_AVAILABLE,
                [EVENT_MISSED] = VERDICT_STARTING, /* surveys do not ask it yet */
                [EVENT_EXITED] = VERDICT_ENDED,
            },
        [VERDICT_AVAILABLE] =
            {
                [EVENT_HEARD] = VERDICT_AVAILABLE,
                [EVENT_MISSED] = VERDICT_SILENT,
                [EVENT_EXITED] = VERDICT_ENDED,
            },
        [VERDICT_SILENT] =
            {
                [EVENT_HEARD] = VERDICT_AVAILABLE,
                [EVENT_MISSED] = VERDICT_SILENT,
                [EVENT_EXITED] = VERDICT_ENDED,
            },
        [VERDICT_ENDED] =
            {
                [EVENT_HEARD] = VERDICT_ENDED, /* an answer that was under way when it died */
                [EVENT_MISSED] = VERDICT_ENDED,
                [EVENT_EXITED] = VERDICT_ENDED,
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
