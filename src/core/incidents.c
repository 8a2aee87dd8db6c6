/*
 * incidents.c: what the engine tells people about its nodes: the history of each (explain), and
 * notices as things happen.
 */
#include "engine_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 400 };

void incident(struct engine *engine, struct member *member, const char *what) {
    history_add(&member->history, engine->now_us, what);
    member->moved_count = 0;
    engine->untold += !member->untold;
    member->untold = true;
}

/* How the process ended is known now. */
void incident_how(struct member *member, const char *how) {
    struct incident *latest = history_latest(&member->history);
    if (latest != NULL && how != NULL)
        snprintf(latest->what, sizeof latest->what, "%s", how);
}

void incident_told(struct engine *engine, struct member *member) {
    engine->untold -= member->untold;
    member->untold = false;
}

/* Tells people of each incident once: when it is known how the process ended, and what was done. */
void incidents_tell(struct engine *engine) {
    char line[LINE];
    struct tree_node *at = engine->untold > 0 ? engine->tree.root : NULL;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        struct incident *latest = history_latest(&member->history);
        bool complete = member->state != BANYAN_ENDED || member_gone(engine, member);
        if (!member->untold || !complete || member->moving)
            continue;
        incident_told(engine, member);
        if (latest == NULL || member->phase == PHASE_ENDING)
            continue; /* no memory for it; or it ends because somebody said so */
        history_line(latest, member->node.id, engine->options.wall_us, line, sizeof line);
        engine->ports.notice(engine->ports.arg, line);
    }
}

/* A child has moved from one parent to another (0: the controller), because of what happened to one
 * of the two. */
void incident_moved(struct engine *engine, struct member *child, uint64_t from, uint64_t to) {
    struct member *old = engine_member(engine, from), *new = engine_member(engine, to);
    struct member *about = old != NULL && !engine_available(&old->node) ? old : new;
    if (about == NULL || about->phase == PHASE_ENDING || history_latest(&about->history) == NULL)
        return;
    if (about->moved_count < MOVED_MOST)
        about->moved[about->moved_count++] = child->node.id;
    about->moved_to = about == old ? (new != NULL ? &new->node : NULL) : &about->node;
    about->moving = true;
}

/* "3 and 7 connected to 10 after 2.1 ms" */
static void describe_move(struct engine *engine, struct member *member, struct incident *latest) {
    char ids[HISTORY_THEN / 2], after[32] = "at once", parent[32] = "the controller";
    if (member->moved_to == &member->node)
        snprintf(parent, sizeof parent, "it again");
    else if (member->moved_to != NULL)
        parent[number_print(parent, member->moved_to->id)] = '\0';
    if (engine->now_us > latest->at_us) /* else they are the controller's own children */
        snprintf(after, sizeof after, "after %.1f ms",
                 (double)(engine->now_us - latest->at_us) / 1000);
    snprintf(latest->then, sizeof latest->then, "%s connected to %s %s",
             history_ids(ids, sizeof ids, member->moved, member->moved_count), parent, after);
}

/* The sets that were sent are in force. */
void incidents_settled(struct engine *engine) {
    struct tree_node *at = engine->tree.root;
    for (; at != NULL; at = tree_next(engine->tree.root, at)) {
        struct member *member = member_of(at);
        struct incident *latest = history_latest(&member->history);
        if (!member->moving || latest == NULL)
            continue;
        member->moving = false;
        engine_event(engine, member, EVENT_REPAIRED);
        describe_move(engine, member, latest);
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

static void explain(struct engine *engine, struct command *command, struct member *member) {
    char line[LINE], *text = NULL;
    size_t len = 0;
    snprintf(line, sizeof line, "%lld: %s, process %lld", (long long)member->node.id,
             answer_state_name(member->state), (long long)member->pid);
    append(&text, &len, line);
    for (unsigned i = 0; i < member->history.count; i++) {
        history_line(&member->history.incidents[i], member->node.id, engine->options.wall_us, line,
                     sizeof line);
        append(&text, &len, line);
    }
    if (text != NULL)
        text[len - 1] = '\0'; /* the last newline comes with the answer */
    engine_give(engine, command,
                &(struct answer){.code = text != NULL ? BANYAN_OK : BANYAN_SYSTEM,
                                 .text = text != NULL ? text : "out of memory"});
    free(text);
}

void explain_go(struct engine *engine, struct command *command) {
    struct member *member = engine_find(engine, command->id);
    if (command_wait(engine, command, command->id) != NULL)
        return;
    if (member == NULL || command_cut_off(engine, command->id, command->seq))
        engine_give(engine, command, &(struct answer){.code = BANYAN_NOT_FOUND});
    else
        explain(engine, command, member);
    free(command);
}
