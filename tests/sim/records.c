/*
 * records.c: what a status must have reported: a record of each node that exists after the commands
 * before it, and of no other, parents before children.
 */
#include <inttypes.h>

#include "sim.h"

/* Whether a node belongs to what the status is about. */
static bool concerns(const struct command *status, const struct place *top,
                     const struct place *place) {
    if (place->node == NULL)
        return false;
    if (status->scope == ENGINE_ALL)
        return true;
    return status->scope == ENGINE_NODE ? place == top : place_covers(top, place->id);
}

/* Where the id comes in the answer; the number of records: nowhere. */
static size_t position(const struct command *status, int64_t id) {
    size_t i = 0;
    while (i < status->answer.node_count && status->nodes[i].id != id)
        i++;
    return i;
}

/* An execution is counted when it is answered, so at most those given by then are. */
static void check_counters(struct sim *sim, const struct command *status,
                           const struct banyan_node *told) {
    uint64_t most = 0, numbers = 0;
    for (const struct command *exec = sim->commands; exec < sim->commands + sim->command_count;
         exec++) {
        if (exec->kind == COMMAND_EXEC && exec->id == told->id && exec->answer.code == BANYAN_OK &&
            exec->answered_us <= status->answered_us) {
            most++;
            numbers += exec->n;
        }
    }
    if (told->execs > most || told->numbers > numbers || told->numbers < told->execs)
        wrong(sim, status, "it counts more execs than there were");
}

static void check_record(struct sim *sim, const struct command *status, size_t i) {
    const struct banyan_node *told = &status->nodes[i];
    const struct place *place = place_find(sim, told->id);
    int64_t parent = place->parent >= 0 ? sim->places[place->parent].id : -1;
    bool down = told->state == BANYAN_SILENT || told->state == BANYAN_ENDED;
    if (told->pid != PID_BASE + (int64_t)place->node->serial)
        wrong(sim, status, "the process is another one");
    else if (told->depth != place->depth || told->parent != parent)
        wrong(sim, status, "the place of a node is wrong");
    else if (i > 0 && position(status, parent) >= i)
        wrong(sim, status, "a child comes before its parent");
    else if (down && was_up(place->node, 0, status->answered_us))
        wrong(sim, status, "a node is called unavailable that never was");
    else if (told->state == BANYAN_ENDED && place->node->died_us > status->answered_us)
        wrong(sim, status, "a node is called ended that lives");
    else if (down != (told->link == BANYAN_LINK_NONE))
        wrong(sim, status, "an unavailable node is connected, or an available one is not");
    check_counters(sim, status, told);
}

void check_status(struct sim *sim, const struct command *status) {
    const struct place *top = status->scope == ENGINE_ALL ? NULL : place_find(sim, status->id);
    size_t wanted = 0;
    if (status->scope != ENGINE_ALL && (top == NULL) != (status->answer.code == BANYAN_NOT_FOUND))
        wrong(sim, status, top != NULL ? "the node exists" : "there is no such node");
    if (status->answer.code != BANYAN_OK)
        return;
    for (unsigned i = 0; i < sim->place_count && !sim->failed; i++) {
        const struct place *place = &sim->places[i];
        if (!concerns(status, top, place))
            continue;
        wanted++;
        size_t at = position(status, place->id);
        if (at == status->answer.node_count)
            wrong(sim, status, "a node is left out");
        else
            check_record(sim, status, at);
    }
    if (status->answer.node_count != wanted)
        wrong(sim, status, "there are nodes in it that do not exist");
    sim->totals->records += status->answer.node_count;
}
