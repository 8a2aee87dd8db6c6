#include "incidents.h"

#include <stdio.h>

#include "state.h"

enum { LINE = 400 };

void incident(struct engine *engine, struct member *member, const char *what) {
    journal_add(&member->incidents.journal, engine->now_us, what);
    member->incidents.moved_count = 0;
    member->incidents.unreported = engine->unreported = true;
}

void incident_moved(struct engine *engine, struct member *child, uint64_t from, uint64_t to) {
    struct member *old = member_by_serial(engine, from), *new = member_by_serial(engine, to);
    struct member *about = old != NULL && !member_available(old) ? old : new;
    if (about == NULL || about->phase == PHASE_ENDING ||
        journal_latest(&about->incidents.journal) == NULL)
        return;
    struct incidents *incidents = &about->incidents;
    if (incidents->moved_count < MOVED_MOST)
        incidents->moved[incidents->moved_count++] = child->node.id;
    incidents->moved_to = to;
    incidents->moved_to_id = new != NULL ? new->node.id : 0;
    incidents->move_pending = true;
}

/* "3 and 7 connected to 10 after 2.1 ms" */
static void describe_move(const struct engine *engine, const struct member *member,
                          struct incident *latest) {
    const struct incidents *incidents = &member->incidents;
    char ids[JOURNAL_THEN / 2], after[32] = "at once", parent[32] = "the controller";
    if (incidents->moved_to == member->serial)
        snprintf(parent, sizeof parent, "it again");
    else if (incidents->moved_to != 0)
        parent[number_print(parent, incidents->moved_to_id)] = '\0';
    if (engine->now_us > latest->at_us) /* no time passes for children of the controller */
        snprintf(after, sizeof after, "after %.1f ms",
                 (double)(engine->now_us - latest->at_us) / 1000);
    snprintf(latest->then, sizeof latest->then, "%s connected to %s %s",
             journal_ids(ids, sizeof ids, incidents->moved, incidents->moved_count), parent, after);
}

void incidents_moved(struct engine *engine) {
    if (!engine->unreported)
        return;
    members_each(engine, member) {
        struct incident *latest = journal_latest(&member->incidents.journal);
        if (member->incidents.move_pending && latest != NULL)
            describe_move(engine, member, latest);
        member->incidents.move_pending = false;
    }
}

/* A node that ends because it was killed on request is not reported. */
void incidents_report(struct engine *engine) {
    char line[LINE];
    bool left = false;
    if (!engine->unreported)
        return;
    members_each(engine, member) {
        struct incident *latest = journal_latest(&member->incidents.journal);
        if (!member->incidents.unreported)
            continue;
        if (member->incidents.move_pending) {
            left = true;
            continue;
        }
        member->incidents.unreported = false;
        if (latest == NULL || member->phase == PHASE_ENDING)
            continue; /* without memory there is no incident */
        journal_line(latest, member->node.id, engine->options.wall_us, line, sizeof line);
        engine->ports.notice(engine->ports.arg, line);
    }
    engine->unreported = left;
}
