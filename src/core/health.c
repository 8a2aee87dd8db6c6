#include "health.h"

enum banyan_state health_after(enum banyan_state state, enum health_event event) {
    /* What is late or reset decides nothing: only the end of a process, and a survey missed in both
     * its halves, make a node unavailable, and only its own answer makes it available. */
    static const enum banyan_state table[][HEALTH_EVENTS] = {
        [BANYAN_STARTING] =
            {
                [EVENT_HEARD] = BANYAN_AVAILABLE,
                [EVENT_LATE] = BANYAN_STARTING, /* surveys do not ask it yet */
                [EVENT_MISSED] = BANYAN_STARTING,
                [EVENT_RESET] = BANYAN_STARTING,
                [EVENT_EXITED] = BANYAN_ENDED,
                [EVENT_REPAIRED] = BANYAN_STARTING,
            },
        [BANYAN_AVAILABLE] =
            {
                [EVENT_HEARD] = BANYAN_AVAILABLE,
                [EVENT_LATE] = BANYAN_AVAILABLE,
                [EVENT_MISSED] = BANYAN_SILENT,
                [EVENT_RESET] = BANYAN_AVAILABLE,
                [EVENT_EXITED] = BANYAN_ENDED,
                [EVENT_REPAIRED] = BANYAN_AVAILABLE,
            },
        [BANYAN_SILENT] =
            {
                [EVENT_HEARD] = BANYAN_AVAILABLE, /* it has resumed */
                [EVENT_LATE] = BANYAN_SILENT,
                [EVENT_MISSED] = BANYAN_SILENT,
                [EVENT_RESET] = BANYAN_SILENT,
                [EVENT_EXITED] = BANYAN_ENDED,
                [EVENT_REPAIRED] = BANYAN_SILENT,
            },
        [BANYAN_ENDED] =
            {
                [EVENT_HEARD] = BANYAN_ENDED, /* an answer that was under way when it died */
                [EVENT_LATE] = BANYAN_ENDED,
                [EVENT_MISSED] = BANYAN_ENDED,
                [EVENT_RESET] = BANYAN_ENDED,
                [EVENT_EXITED] = BANYAN_ENDED,
                [EVENT_REPAIRED] = BANYAN_ENDED,
            },
    };
    return table[state][event];
}
