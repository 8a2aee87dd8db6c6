#include "members.h"

#include <stdlib.h>
#include <utlist.h>

#include "state.h"

struct member *member_first(const struct engine *engine) {
    return member_of(engine->tree.root);
}

struct member *member_next(const struct engine *engine, struct member *member) {
    return member_of(tree_next(engine->tree.root, &member->node));
}

struct member *member_find(const struct engine *engine, int64_t id) {
    return member_of(tree_find(&engine->tree, id));
}

struct member *member_by_serial(const struct engine *engine, uint64_t serial) {
    struct member *member = NULL;
    HASH_FIND(by_serial, engine->by_serial, &serial, sizeof serial, member);
    return member;
}

bool member_available(const struct member *member) {
    return member->state == BANYAN_AVAILABLE &&
           (member->phase == PHASE_PRESENT || member->phase == PHASE_LEAVING);
}

bool member_lives(const struct member *member) {
    return (member->state == BANYAN_AVAILABLE || member->state == BANYAN_SILENT) &&
           (member->phase == PHASE_PRESENT || member->phase == PHASE_LEAVING);
}

struct engine_node member_node(const struct member *member) {
    return (struct engine_node){.serial = member->serial,
                                .id = member->node.id,
                                .low = member->node.low,
                                .high = member->node.high};
}

void member_set_phase(struct engine *engine, struct member *member, enum phase phase,
                      uint64_t seq) {
    engine->unsettled_count += (phase != PHASE_PRESENT);
    engine->unsettled_count -= (member->phase != PHASE_PRESENT);
    member->phase = phase;
    member->unsettled_by = seq;
}

/* uthash reports a failed allocation by leaving the element out of the table. */
struct member *member_new(struct engine *engine) {
    struct member *member = calloc(1, sizeof *member);
    if (member == NULL)
        return NULL;
    member->serial = ++engine->last_serial;
    member->adrift = true;
    member->hearing.survey_us = -1;
    HASH_ADD(by_serial, engine->by_serial, serial, sizeof member->serial, member);
    if (member_by_serial(engine, member->serial) == member)
        return member;
    free(member);
    return NULL;
}

bool member_place(struct engine *engine, struct member *member, int64_t id) {
    if (!tree_insert(&engine->tree, &member->node, id))
        return false;
    member->adrift = false;
    return true;
}

void member_unplace(struct engine *engine, struct member *member) {
    if (!member->adrift)
        tree_cut(&engine->tree, &member->node);
    member->adrift = true;
}

static void dispose(struct engine *engine, struct member *member) {
    journal_free(&member->incidents.journal);
    free(member->creation.failure);
    HASH_DELETE(by_serial, engine->by_serial, member);
    free(member);
}

void member_free(struct engine *engine, struct member *member) {
    engine->unsettled_count -= member->stop.awaited;
    member_set_phase(engine, member, PHASE_PRESENT, 0);
    engine->ports.forget(engine->ports.arg, member->serial);
    dispose(engine, member);
}

void members_free(struct engine *engine) {
    struct member *member, *next;
    HASH_CLEAR(hh, engine->tree.index);
    HASH_ITER(by_serial, engine->by_serial, member, next) {
        dispose(engine, member);
    }
}
