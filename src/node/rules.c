#include "rules.h"

enum {
    SOCKETS = 2,
    LATE_ROUNDS = 1 << 16, /* more than can be in a queue */
};

static enum rules_request own_request(struct wire_reader *reader, const struct wire_head *head) {
    switch (head->operation) {
    case WIRE_PROBE:
        return wire_get_end(reader) ? RULES_ALIVE : RULES_MALFORMED;
    case WIRE_SUMS:
        return RULES_SUMS;
    case WIRE_ARRANGE:
        return RULES_ARRANGE;
    default: /* a survey is no request */
        return RULES_MALFORMED;
    }
}

enum rules_request rules_request(const struct rules *rules, struct wire_reader *reader,
                                 struct wire_head *head) {
    if (!wire_get_head(reader, head))
        return RULES_MALFORMED;
    if (head->id != rules->id)
        return RULES_RELAY;
    if (head->serial != rules->serial)
        return RULES_OUTDATED;
    return own_request(reader, head);
}

/* Whether a round is older than the latest. A round that is far older does not count as late:
 * otherwise one wrong message could make the node ignore all surveys for ever. */
static bool is_late(const struct rules *rules, uint64_t round) {
    return round < rules->round && rules->round - round < LATE_ROUNDS;
}

bool rules_survey(struct rules *rules, struct wire_reader *reader, struct rules_survey *survey) {
    struct wire_head head;
    bool good = wire_get_head(reader, &head) && head.operation == WIRE_PING;
    survey->round = wire_get_u64(reader);
    uint64_t budget_us = wire_get_u64(reader);
    survey->slack_us = wire_get_u64(reader);
    survey->budget_us = budget_us > survey->slack_us ? budget_us - survey->slack_us : 0;
    if (!good || !wire_get_end(reader) || is_late(rules, survey->round))
        return false;
    rules->round = survey->round;
    return true;
}

bool rules_set(struct rules *rules, uint64_t version) {
    if (version < rules->set_version)
        return false;
    rules->set_version = version;
    return true;
}

bool rules_connected(struct rules *rules, unsigned socket) {
    rules->connected |= 1u << socket;
    if (rules->joined || rules->connected != (1u << SOCKETS) - 1)
        return false;
    rules->joined = true;
    return true;
}
