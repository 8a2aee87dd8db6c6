#include "reports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "state.h"

enum { LINE = 400 };

void report_joined(struct engine *engine, struct member *member) {
    member->report.joined_us = engine->now_us;
    journal_add(&member->incidents.journal, engine->now_us, "started");
}

void report_sum(struct member *member, uint64_t numbers) {
    member->report.sums++;
    member->report.numbers += numbers;
}

/* ---- status ---- */

/* Whether the node exists after the commands before the status. */
static bool is_there(const struct member *member, const struct command *status) {
    uint64_t seq = status->turn.seq;
    return member->created_seq < seq &&
           (member->phase == PHASE_PRESENT || member->unsettled_by > seq);
}

static enum banyan_link link_of(const struct engine *engine, const struct member *member,
                                int64_t *to) {
    const struct arrangement *arrangement = &member->arrangement;
    const struct member *parent;
    if (!arrangement->linked || !member_available(member))
        return BANYAN_LINK_NONE;
    if (arrangement->linked_to == 0)
        return BANYAN_LINK_CONTROLLER;
    if ((parent = member_by_serial(engine, arrangement->linked_to)) == NULL)
        return BANYAN_LINK_NONE;
    *to = parent->node.id;
    return BANYAN_LINK_NODE;
}

/* Whether the node is connected, but not to its parent. */
static bool is_adopted(const struct banyan_node *record) {
    bool root = record->parent == BANYAN_NO_PARENT;
    if (record->link == BANYAN_LINK_NODE)
        return root || record->connected_to != record->parent;
    return record->link == BANYAN_LINK_CONTROLLER && !root;
}

static struct banyan_node record_of(const struct engine *engine, const struct member *member) {
    const struct tree_node *parent = member->node.parent;
    struct banyan_node record = {
        .id = member->node.id,
        .pid = member->pid,
        .state = member->state,
        .parent = parent != NULL ? parent->id : BANYAN_NO_PARENT,
        .depth = member->node.depth,
        .execs = member->report.sums,
        .numbers = member->report.numbers,
        .survey_us = member->hearing.survey_us,
        .started_us = member->report.joined_us + engine->options.wall_us,
    };
    record.link = link_of(engine, member, &record.connected_to);
    record.adopted = is_adopted(&record);
    return record;
}

/* The next node of the scope: one node, its subtree, or all nodes. */
static struct member *next_in(const struct command *status, struct member *top, struct member *at) {
    return status->scope == ENGINE_NODE ? NULL : member_of(tree_next(&top->node, &at->node));
}

/* Answers with the records of the scope; top NULL: there are no nodes. */
static void report(struct engine *engine, struct command *status, struct member *top) {
    size_t room = 0;
    for (struct member *at = top; at != NULL; at = next_in(status, top, at))
        room++;
    repair_compare(engine); /* a record says what the node is connected to */
    status->nodes = malloc((room + 1) * sizeof *status->nodes);
    if (status->nodes == NULL) {
        turn_answer(engine, &status->turn, BANYAN_SYSTEM);
        return;
    }
    for (struct member *at = top; at != NULL; at = next_in(status, top, at)) {
        if (is_there(at, status))
            status->nodes[status->node_count++] = record_of(engine, at);
    }
    turn_answer(engine, &status->turn, BANYAN_OK);
}

void status_go(struct engine *engine, struct command *status) {
    struct member *member;
    if (!turn_find(engine, &status->turn, &member))
        return;
    if (member == NULL || !is_there(member, status))
        turn_answer(engine, &status->turn, BANYAN_NOT_FOUND);
    else
        report(engine, status, member);
}

static bool may_go(const struct engine *engine, const struct turn *status) {
    const struct command *structural = engine->structural;
    return (structural == NULL || structural->turn.seq > status->seq) &&
           !turns_older(engine->pings, status->seq) && !rounds_older(engine, status->seq);
}

void reports_settle(struct engine *engine) {
    struct turn *turn;
    while ((turn = engine->statuses) != NULL && may_go(engine, turn)) {
        struct command *status = (struct command *)turn;
        DL_DELETE(engine->statuses, turn);
        if (status->scope == ENGINE_ALL)
            report(engine, status, member_first(engine));
        else
            status_go(engine, status);
        engine->dirty = true; /* a kill may have waited for this status */
    }
}

/* ---- explain ---- */

static void append(char **text, size_t *len, const char *line) {
    size_t more = strlen(line) + 1;
    char *larger = realloc(*text, *len + more + 1);
    if (larger == NULL)
        return;
    *text = larger;
    snprintf(larger + *len, more + 1, "%s\n", line);
    *len += more;
}

static char *explain(const struct engine *engine, const struct member *member) {
    const struct journal *journal = &member->incidents.journal;
    char line[LINE], *text = NULL;
    size_t len = 0;
    snprintf(line, sizeof line, "%lld: %s, process %lld", (long long)member->node.id,
             answer_state_name(member->state), (long long)member->pid);
    append(&text, &len, line);
    for (unsigned i = 0; i < journal->count; i++) {
        journal_line(&journal->incidents[i], member->node.id, engine->options.wall_us, line,
                     sizeof line);
        append(&text, &len, line);
    }
    if (text != NULL)
        text[len - 1] = '\0'; /* the last newline comes with the answer */
    return text;
}

void explain_go(struct engine *engine, struct command *command) {
    struct member *member;
    if (!turn_find(engine, &command->turn, &member))
        return;
    if (member != NULL)
        command->turn.text = explain(engine, member);
    turn_answer(engine, &command->turn,
                member == NULL               ? BANYAN_NOT_FOUND
                : command->turn.text == NULL ? BANYAN_SYSTEM
                                             : BANYAN_OK);
}
