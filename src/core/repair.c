#include "repair.h"

#include <stdlib.h>

#include "overlay.h"
#include "patience.h"
#include "state.h"
#include "timers.h"

/* ---- the overlay ---- */

/* Whether a node belongs to the overlay. A node that is being created does so once it listens,
 * unless one above it does not listen yet. */
static bool takes_part(const struct member *member) {
    const struct member *above = (const struct member *)member->node.parent;
    if (member->phase != PHASE_CREATING)
        return member_available(member);
    return member->creation.ready && !member->creation.failed && !member->stop.stopped &&
           (above == NULL || above->phase != PHASE_CREATING || above->arrangement.placed);
}

static bool is_placed(const struct tree_node *node) {
    return ((const struct member *)node)->arrangement.placed;
}

static struct arrangement *arrangement_of(struct engine *engine, uint64_t serial) {
    struct member *member = serial != 0 ? member_by_serial(engine, serial) : NULL;
    return serial == 0 ? &engine->repairs.top : member != NULL ? &member->arrangement : NULL;
}

static void mark_stale(struct engine *engine, uint64_t serial, bool grows) {
    struct arrangement *at = arrangement_of(engine, serial);
    if (at == NULL)
        return;
    at->grows = grows && (at->grows || (!at->stale && at->sent_us == 0));
    at->stale = true;
}

/* Compares a node's parent in the overlay with the set that it was last in. */
static void compare(struct engine *engine, struct member *member) {
    struct arrangement *at = &member->arrangement;
    uint64_t parent = member->node.up != NULL ? member_of(member->node.up)->serial : 0;
    bool new = member->phase == PHASE_CREATING && !at->linked;
    if (at->linked && (!at->placed || at->linked_to != parent)) {
        if (at->placed && member->phase != PHASE_CREATING)
            incident_moved(engine, member, at->linked_to, parent);
        mark_stale(engine, at->linked_to, false);
        at->linked = false;
    }
    if (at->placed && !at->linked) {
        mark_stale(engine, parent, new);
        at->retry_us = 0; /* its path is a new one */
        at->linked = true;
        at->linked_to = parent;
    }
}

void repair_compare(struct engine *engine) {
    if (!engine->changed)
        return;
    engine->changed = false;
    engine->repairs.check = true;
    members_each(engine, member) {
        member->arrangement.placed = takes_part(member);
    }
    overlay_contract(&engine->tree, is_placed);
    members_each(engine, member) {
        compare(engine, member);
    }
}

void arrangement_resend(struct member *member) {
    member->arrangement.stale = true;
    member->arrangement.grows = false;
}

void arrangement_unlink(struct engine *engine, struct member *member) {
    if (member->arrangement.linked)
        mark_stale(engine, member->arrangement.linked_to, false);
    member->arrangement.linked = false;
}

/* ---- sets ---- */

struct row {
    struct engine_node *nodes;
    size_t count, room;
};

static bool row_add(struct row *row, const struct member *child) {
    if (row->count == row->room) {
        size_t room = row->room == 0 ? 64 : 2 * row->room;
        struct engine_node *nodes = realloc(row->nodes, room * sizeof *nodes);
        if (nodes == NULL)
            return false;
        row->nodes = nodes;
        row->room = room;
    }
    row->nodes[row->count++] = member_node(child);
    return true;
}

/* Adds the children of a node in the overlay (NULL: of the controller). False: out of memory. */
static bool row_add_children(struct engine *engine, struct row *row, const struct member *parent) {
    const struct tree_node *top = parent != NULL ? &parent->node : NULL;
    struct tree_node *child = NULL;
    while ((child = overlay_next_child(&engine->tree, top, child, is_placed)) != NULL) {
        if (!row_add(row, member_of(child)))
            return false;
    }
    return true;
}

static void send_later(struct engine *engine, struct arrangement *at) {
    at->stale = true;
    at->sent_us = 0;
    at->retry_us = engine->now_us + RETRY_US;
    timer_set(engine, at->retry_us);
}

/* Connects the controller to its own children. */
static void adopt(struct engine *engine) {
    struct arrangement *top = &engine->repairs.top;
    struct row row = {NULL, 0, 0};
    top->stale = top->grows = false;
    top->retry_us = 0;
    if (!row_add_children(engine, &row, NULL) ||
        !engine->ports.adopt(engine->ports.arg, row.nodes, row.count))
        send_later(engine, top);
    free(row.nodes);
}

/* ---- sending ---- */

/* Sets that only add nodes wait for earlier such sets at most deadline_us / GROWTH_SHARE. */
enum { GROWTH_SHARE = 4 };

/* What is in flight, or to be sent. */
struct flight {
    bool repairs;       /* there are sets that do more than add new nodes */
    uint64_t growth_us; /* until when sets that only add nodes wait; 0: they need not */
};

static struct flight in_flight(const struct engine *engine) {
    struct flight flight = {false, 0};
    members_each(engine, member) {
        const struct arrangement *at = &member->arrangement;
        uint64_t until_us = at->sent_us + engine->options.deadline_us / GROWTH_SHARE;
        if (!at->placed || (at->sent_us == 0 && !at->stale))
            continue;
        if (!at->grows)
            flight.repairs = true;
        else if (at->sent_us != 0 && until_us > engine->now_us && until_us > flight.growth_us)
            flight.growth_us = until_us;
    }
    return flight;
}

/* Whether a set is to be sent now. */
static bool is_wanted(const struct member *member, struct flight flight) {
    const struct arrangement *at = &member->arrangement;
    return at->stale && at->placed && at->retry_us == 0 && !(at->grows && flight.growth_us != 0);
}

static size_t count_wanted(const struct engine *engine, struct flight flight) {
    size_t count = 0;
    members_each(engine, member) {
        count += is_wanted(member, flight);
    }
    return count;
}

static void mark_sent(struct engine *engine, struct member *member, struct engine_set *set) {
    struct arrangement *at = &member->arrangement;
    at->stale = false;
    at->sent_us = engine->now_us;
    at->version = ++engine->last_version;
    *set = (struct engine_set){
        .parent = member->serial, .parent_id = member->node.id, .version = at->version};
}

/* Fills in the sets. The children of all are in one row, which may move while it grows, so the
 * pointers are set last. False: out of memory. */
static bool fill_sets(struct engine *engine, struct flight flight, struct engine_set *sets,
                      struct row *row) {
    size_t i = 0, from = 0;
    members_each(engine, member) {
        if (!is_wanted(member, flight))
            continue;
        from = row->count;
        if (!row_add_children(engine, row, member))
            return false;
        mark_sent(engine, member, &sets[i]);
        sets[i++].count = row->count - from;
    }
    from = 0;
    for (size_t k = 0; k < i; k++) {
        sets[k].nodes = row->nodes != NULL ? row->nodes + from : NULL;
        from += sets[k].count;
    }
    return true;
}

/* Nothing was sent: retries all sets later. */
static void postpone(struct engine *engine, struct flight flight, const struct engine_set *sets) {
    members_each(engine, member) {
        struct arrangement *at = &member->arrangement;
        bool sent = false;
        for (size_t i = 0; sets != NULL && sets[i].parent != 0 && !sent; i++)
            sent = sets[i].parent == member->serial;
        if (sent || is_wanted(member, flight))
            send_later(engine, at);
    }
}

static void arrange(struct engine *engine, struct flight flight) {
    size_t count = count_wanted(engine, flight);
    struct row row = {NULL, 0, 0};
    if (count == 0)
        return;
    struct engine_set *sets = calloc(count + 1, sizeof *sets); /* the last one is empty */
    if (sets != NULL && fill_sets(engine, flight, sets, &row) &&
        engine->ports.arrange(engine->ports.arg, sets, count))
        timer_watch(engine);
    else
        postpone(engine, flight, sets);
    free(sets);
    free(row.nodes);
}

/* All child sets are confirmed: retry what waited for a path. */
static void wake_all(struct engine *engine) {
    incidents_moved(engine);
    members_each(engine, member) {
        if (member->lane.retry_us != 0)
            lane_wake(engine, member);
    }
}

void repair_settle(struct engine *engine) {
    struct repairs *repairs = &engine->repairs;
    repair_compare(engine);
    if (!repairs->check)
        return;
    repairs->check = false;
    if (repairs->top.stale && repairs->top.retry_us == 0)
        adopt(engine);
    struct flight flight = in_flight(engine);
    arrange(engine, flight);
    repairs->growth_us = flight.growth_us;
    timer_set(engine, flight.growth_us);
    if (!in_flight(engine).repairs)
        wake_all(engine);
}

void repair_due(struct engine *engine) {
    struct repairs *repairs = &engine->repairs;
    if (timer_due(engine, repairs->top.retry_us)) {
        repairs->top.retry_us = 0;
        repairs->check = true;
    }
    if (timer_due(engine, repairs->growth_us)) {
        repairs->growth_us = 0;
        repairs->check = true;
    }
    timer_set(engine, repairs->top.retry_us);
    timer_set(engine, repairs->growth_us);
    members_each(engine, member) {
        if (timer_due(engine, member->arrangement.retry_us)) {
            member->arrangement.retry_us = 0;
            repairs->check = true;
        }
        timer_set(engine, member->arrangement.retry_us);
    }
    engine->dirty = engine->dirty || repairs->check;
}

void repair_arranged(struct engine *engine, const struct engine_arranged *sets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct member *member = member_by_serial(engine, sets[i].parent);
        if (member == NULL || member->arrangement.sent_us == 0 ||
            member->arrangement.version != sets[i].version)
            continue;
        member->arrangement.sent_us = 0;
        waiting_came_back(engine, member, sets[i].outcome != OUTCOME_OK);
        if (sets[i].outcome != OUTCOME_OK)
            send_later(engine, &member->arrangement);
        engine->repairs.check = engine->dirty = true;
    }
}
