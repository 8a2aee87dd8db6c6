/*
 * turns: which command waits for which.
 *
 * A member that is being created or ended is unsettled: what a later command will find there is not
 * known yet. A later command whose search meets such a member waits there. When the member is
 * settled, its waiters search again from the root. They keep their place in the order of entry, so
 * later commands do not hold them up.
 *
 * Commands that may go on, and commands whose answer is known, are facts: they are in lists of the
 * engine until engine_settle handles them.
 */
#ifndef BANYAN_TURNS_H
#define BANYAN_TURNS_H

#include "engine.h"

struct engine;
struct member;

/* What all commands have in common: the first member of struct command and of struct exec. */
struct turn {
    enum command_kind kind;
    enum banyan_code code; /* of its answer, once that is known */
    void *tag;
    uint64_t seq; /* the order of entry */
    int64_t id;
    struct member *member;    /* its node, once it is known */
    char *text;               /* of its answer; owned; NULL with BANYAN_SYSTEM: out of memory */
    struct turn *prev, *next; /* in the one list that it is in */
};

/* A command that is not an exec. */
struct command {
    struct turn turn;
    /* create, kill */
    struct command *older, *newer; /* in engine.structural, until it is answered */
    /* create */
    bool has_parent;
    int64_t parent;
    bool refused;  /* PARENT is not above the place: only the error is open */
    int64_t place; /* of a refused create: the id of the parent at its place */
    int64_t pid;
    /* status */
    enum engine_scope scope;
    struct banyan_node *nodes; /* owned */
    size_t node_count;
    /* pingall */
    int64_t *ids; /* owned */
    size_t id_count;
};

/* A new command with the next seq. NULL: out of memory, which was reported as the answer. */
struct command *command_new(struct engine *engine, enum command_kind kind, void *tag, int64_t id);
void command_free(struct command *command);

/* The same for a create or kill, which is also appended to engine.structural. */
struct command *command_new_structural(struct engine *engine, enum command_kind kind, void *tag,
                                       int64_t id);

/* The answer is known: it will be reported, and the command freed. The command must be in no
 * list. */
void turn_answer(struct engine *engine, struct turn *turn, enum banyan_code code);

/* The same for a create or kill. text: with BANYAN_SYSTEM; copied. NULL: out of memory. */
void command_answer(struct engine *engine, struct command *command, enum banyan_code code,
                    const char *text);

/* There is no memory for a command: reports that as its answer at once. */
void turn_refuse(struct engine *engine, enum command_kind kind, void *tag, int64_t id);

/* The member at which a command with this seq must wait on the way to an id; NULL: none. Of several
 * that are being created it is the nearest to the id, which is settled last. */
struct member *turn_blocker(struct engine *engine, int64_t id, uint64_t seq);

/* Whether a create or kill older than seq waits at the member, which is awaited or being created,
 * so that it is not known yet what is below it on the way to an id. */
bool turn_hides(const struct member *member, int64_t id, uint64_t seq);

/* The command waits at the member. It must be in no list. */
void turn_wait(struct member *member, struct turn *turn);

/* Finds the node of a command; *member NULL: there is none. False: the command waits now. */
bool turn_find(struct engine *engine, struct turn *turn, struct member **member);

/* The node with that id, if its create is older than seq; NULL: there is none. The check matters
 * because a newer create may have overtaken a command that waited. */
struct member *turn_find_older(const struct engine *engine, int64_t id, uint64_t seq);

/* The commands that wait at the member go on. */
void turns_release(struct engine *engine, struct member *member);

/* One command goes on. It must be in no list. */
void turn_release(struct engine *engine, struct turn *turn);

/* Takes the oldest of the commands that go on out of their list; NULL: there is none. */
struct turn *turn_take(struct engine *engine);

/* Whether a list has a command with an older seq. */
bool turns_older(const struct turn *list, uint64_t seq);

#endif
