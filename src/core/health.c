#include "health.h"

enum banyan_state health_after(enum banyan_state state, enum health_event event) {
    /* Only the end of its process, a stop, or a survey missed in both halves make a node
     * unavailable. Only its own answer makes it available. */
    static const enum banyan_state table[][HEALTH_EVENTS] = {
        [BANYAN_STARTING] =
            {
                [EVENT_HEARD] = BANYAN_AVAILABLE,
                [EVENT_MISSED] = BANYAN_STARTING, /* surveys do not ask it yet */
                [EVENT_EXITED] = BANYAN_ENDED,
            },
        [BANYAN_AVAILABLE] =
            {
                [EVENT_HEARD] = BANYAN_AVAILABLE,
                [EVENT_MISSED] = BANYAN_SILENT,
                [EVENT_EXITED] = BANYAN_ENDED,
            },
        [BANYAN_SILENT] =
            {
                [EVENT_HEARD] = BANYAN_AVAILABLE,
                [EVENT_MISSED] = BANYAN_SILENT,
                [EVENT_EXITED] = BANYAN_ENDED,
            },
        [BANYAN_ENDED] =
            {
                [EVENT_HEARD] = BANYAN_ENDED, /* an answer that was in flight when it ended */
                [EVENT_MISSED] = BANYAN_ENDED,
                [EVENT_EXITED] = BANYAN_ENDED,
            },
    };
    return table[state][event];
}
