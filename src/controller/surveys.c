#include "surveys.h"

#include <stdlib.h>
#include <string.h>

#include "controller.h"

struct surveying {
    struct event event;
    uint64_t round;
    uint64_t *serials; /* of the nodes that answered */
    size_t count;
};

static void handle_end(struct banyan *tree, struct event *event) {
    struct surveying *surveying = (struct surveying *)event;
    engine_heard(tree->engine, surveying->round, surveying->serials, surveying->count);
    engine_surveyed(tree->engine, surveying->round);
    free(surveying->serials);
    free(surveying);
}

/* On a thread of nng, or within survey_start. Without memory no node counts as heard; the engine
 * then asks each directly. */
static void ended(void *arg, const uint64_t *serials, size_t count) {
    struct surveying *surveying = arg;
    surveying->serials = malloc((count + 1) * sizeof *serials);
    if (surveying->serials != NULL && count > 0) {
        memcpy(surveying->serials, serials, count * sizeof *serials);
        surveying->count = count;
    }
    event_post(&surveying->event);
}

bool surveys_start(void *arg, uint64_t round, uint64_t budget_us, uint64_t slack_us) {
    struct banyan *tree = arg;
    struct surveying *surveying = calloc(1, sizeof *surveying);
    if (surveying == NULL)
        return false;
    surveying->event = (struct event){.handle = handle_end, .inbox = &tree->inbox};
    surveying->round = round;
    survey_start(children_surveyor(tree->children), round, budget_us, slack_us, ended, surveying);
    return true;
}
