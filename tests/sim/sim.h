/*
 * sim: the whole of the engine against nodes, a network and a clock that are simulated.
 *
 * One schedule is a function of its seed: commands, latencies and faults are drawn from it, and
 * everything happens in one thread, as events in the order of a virtual time. So a schedule that
 * fails can be run again, alone and with a trace.
 *
 *   clock.c    time, chance, memory, failures
 *   links.c    connections and requests over them, hop by hop
 *   process.c  the life of a process: birth, death, stop, resume
 *   requests.c what a node does with a request, as src/node does it
 *   surveys.c  surveys, hop by hop, as src/net does them
 *   shell.c    the engine's ports, as src/controller has them
 *   loop.c     the controller's loop, likewise
 *   commands.c the commands of a schedule
 *   numbers.c  their numbers, and what these are worth
 *   model.c    what the answers must have been
 *   records.c  what a status must have told
 *   settled.c  what must hold once nothing happens any more
 *   simulator.c the profiles, and the schedules one after the other
 */
#ifndef BANYAN_SIM_H
#define BANYAN_SIM_H

#include "core/engine.h"

enum {
    MOST_NODES = 200,    /* processes that one schedule starts */
    MOST_CHILDREN = 64,  /* of one process */
    MOST_STOPS = 24,     /* of one process */
    MOST_COMMANDS = 200, /* with those that look at the end */
    MOST_LINKS = 6000,
    PID_BASE = 1000, /* the pid of a node is this plus its serial */
};

struct sim;
struct node;
struct leg;
struct survey;

/* What a schedule is like. Chances are in percent; times in microseconds. */
struct profile {
    const char *name;
    unsigned weight;                   /* how often it is drawn */
    unsigned ids;                      /* how many different ids there are */
    unsigned commands, faults;         /* at most */
    unsigned latency_us;               /* of a hop, at most */
    unsigned cuts;                     /* connections that break, at most */
    unsigned stops, deaths, births;    /* weights: stop a node, kill one, kill one being created */
    unsigned late_us;                  /* how late the controller may be, now and then */
    unsigned refusals;                 /* how often a port has no memory to begin */
    bool fifo;                         /* messages of one connection keep their order */
    bool ascending;                    /* the ids are created in ascending order */
    bool streams;                      /* execs of several slices */
    bool abandoned;                    /* the controller ends in the middle of it */
    unsigned create, exec, ping, kill; /* weights of the commands; one in ten is a status */
};

/* ---- clock.c ---- */

typedef void action(struct sim *sim, void *arg);

uint64_t sim_random(struct sim *sim, uint64_t below); /* 0 to below - 1 */
uint64_t sim_between(struct sim *sim, uint64_t low, uint64_t high);
bool sim_chance(struct sim *sim, unsigned percent);
void *sim_alloc(struct sim *sim, size_t size); /* zeroed; lives as long as the schedule */
void sim_reset(struct sim *sim);               /* forgets the schedule */
void sim_release(struct sim *sim);             /* frees what is kept from one to the next */

/* Has an action done at a time, by a process: not at all if that is dead by then, and later if it
 * is stopped. NULL: by the world. */
void sim_at(struct sim *sim, uint64_t at_us, struct node *by, action *act, void *arg);
void sim_in(struct sim *sim, uint64_t delay_us, struct node *by, action *act, void *arg);
void sim_run(struct sim *sim, uint64_t until_us); /* does everything up to that time */

__attribute__((format(printf, 2, 3))) void sim_trace(struct sim *sim, const char *format, ...);
__attribute__((format(printf, 2, 3))) void sim_fail(struct sim *sim, const char *format, ...);

/* ---- processes and connections ---- */

struct link {
    struct node *from, *to;
    bool open; /* the dialing end holds it */
    bool connected;
    bool lost;           /* it was connected, and broke */
    bool direct;         /* for one direct question: it is not cut */
    struct leg *hops;    /* requests over it that are not answered */
    uint64_t arrival_us; /* of the latest message, where order is kept */
};

/* A process that a node has started, as the node sees it. */
struct start {
    struct node *owner, *child;
    uint64_t version;
    bool ready, closed, gone;
    struct leg *call; /* the SPAWN that waits for it */
    struct start *next;
};

struct pause {
    uint64_t from_us, to_us;
};

struct deferred {
    action *act;
    void *arg;
    struct deferred *next;
};

/* A process: a node, or the controller, whose serial is 0. */
struct node {
    uint64_t serial;
    int64_t id, low, high;
    struct node *starter;
    struct node *earlier; /* a start of the same serial that failed */
    bool listens, joined, stopped, dead, collected;
    bool watched; /* the controller knows its process */
    struct link *children[MOST_CHILDREN];
    unsigned child_count;
    struct start *starts;
    uint64_t version;                          /* of the latest message that changed the children */
    uint64_t set_version;                      /* of the latest set of them */
    uint64_t work_us;                          /* when its main thread has done what it was given */
    struct deferred *deferred, **deferred_end; /* while it is stopped */
    struct survey *surveys;
    /* what the model asks about */
    uint64_t started_us, died_us; /* UINT64_MAX: alive */
    bool ended;                   /* because it was not wanted any more */
    struct pause pauses[MOST_STOPS];
    unsigned pause_count;
};

enum operation { OP_SUMS, OP_SPAWN, OP_CHILDREN, OP_REAP, OP_PROBE };

/* A request of the controller, with a copy of all that travels. */
struct ask {
    enum operation operation;
    int64_t id;      /* where it goes */
    uint64_t serial; /* likewise */
    uint64_t about;  /* SPAWN, REAP: the node that is meant */
    uint64_t version;
    int64_t low, high, child_id;   /* SPAWN */
    uint64_t *children, *starting; /* CHILDREN: serials */
    size_t child_count, starting_count;
    struct bundle *bundle; /* SUMS: only to be given back */
    struct slice_result *results;
    bool done;
    struct ask *next; /* in the shell's list of bundles that are lent */
};

struct reply {
    enum hop_status { STATUS_OK, STATUS_BROKEN, STATUS_REFUSED } status;
    int64_t value;
    const char *text;
};

/* A request on one connection. */
struct leg {
    struct leg *up; /* NULL: sent by the controller */
    struct ask *ask;
    struct link *link;
    bool open; /* its sender waits for the answer */
    bool lost; /* it will not arrive */
    struct leg *prev, *next;
};

/* links.c */
struct link *link_open(struct sim *sim, struct node *from, struct node *to);
void link_close(struct sim *sim, struct link *link);
void links_of_dead(struct sim *sim, struct node *dead);
void link_cut(struct sim *sim); /* any one, between living processes */
void request_send(struct sim *sim, struct node *from, struct ask *ask, struct leg *up);
void request_over(struct sim *sim, struct link *link, struct ask *ask, struct leg *up);
void request_answer(struct sim *sim, struct leg *hop, enum hop_status status, int64_t value,
                    const char *text);
uint64_t latency(struct sim *sim);

/* process.c */
struct node *process_new(struct sim *sim, struct node *starter, uint64_t serial, int64_t id,
                         int64_t low, int64_t high);
struct node *process_find(struct sim *sim, uint64_t serial);
void process_die(struct sim *sim, struct node *node);
void process_end(struct sim *sim, struct node *node); /* it is not wanted any more */
void process_stop(struct sim *sim, struct node *node);
void process_resume(struct sim *sim, struct node *node);
void process_lose_birth(struct sim *sim, struct node *node); /* nobody waits for it any more */
void process_connected(struct sim *sim, struct node *node);  /* somebody has connected to it */
void faults_plan(struct sim *sim);

/* requests.c */
void node_request(struct sim *sim, struct node *node, struct leg *hop);
struct start *start_find(const struct node *node, uint64_t serial);
void node_birth(struct sim *sim, void *start);
bool children_set(struct sim *sim, struct node *node, const uint64_t *serials, size_t count);
void children_add(struct sim *sim, struct node *node, struct node *child);
void children_remove(struct sim *sim, struct node *node, uint64_t serial);

/* surveys.c */
struct link_question;
void survey_start(struct sim *sim, struct node *owner, uint64_t round, uint64_t deadline_us,
                  uint64_t slack_us, struct link_question *up);
void survey_forget(struct sim *sim, struct link *link); /* nobody waits for it any more */

/* ---- the controller ---- */

enum post {
    POST_ASKED,
    POST_PROBED,
    POST_SURVEYED,
    POST_COLLECTED,
    POST_EXITED,
    POST_BIRTH,
    POST_JOINED,
};

struct posted {
    enum post kind;
    struct ask *ask;
    struct reply reply;
    uint64_t serial; /* SURVEYED: the round */
    const uint64_t *serials;
    size_t count;
    struct posted *next;
};

struct peer {
    bool known, exited;
    uint64_t parent;    /* who is to start it */
    struct link *probe; /* a direct question is outstanding */
};

/* shell.c, loop.c */
void shell_ports(struct sim *sim, struct engine_ports *ports);
void shell_post(struct sim *sim, const struct posted *post);
void shell_wake(struct sim *sim, uint64_t delay_us);
void shell_reap(struct sim *sim, uint64_t serial, const struct node *starter);
void shell_give_back(struct sim *sim); /* the bundles that are lent, as at the controller's end */

/* ---- commands ---- */

struct command {
    enum command_kind kind;
    int64_t id, parent;
    bool has_parent, given;
    enum engine_scope scope;        /* status */
    uint64_t given_us, answered_us; /* 0: not yet */
    unsigned answers;
    /* exec: the text, and what it is worth */
    const char *text;
    size_t len;
    uint64_t n, count;
    int128 sum;
    enum banyan_code code; /* expected when the node is there */
    bool streamed, file;
    struct exec *exec; /* while numbers are still to come */
    bool fails;        /* its input breaks off */
    size_t fed;
    const char *shared; /* a long one: what comes before the text; all schedules share it */
    size_t shared_len;
    /* what it was answered with */
    struct answer answer;
    int64_t *ids;
    struct banyan_node *nodes;
};

/* numbers.c */
void numbers_prepare(void);
void numbers_release(void);
void numbers_make(struct sim *sim, struct command *command); /* its text, and what that is worth */

/* commands.c */
void commands_plan(struct sim *sim);
struct command *command_add(struct sim *sim, enum command_kind kind, int64_t id);
void command_give(struct sim *sim, struct command *command);
bool commands_feed(struct sim *sim);  /* true: there is more to be fed now */
void commands_close(struct sim *sim); /* as if the input of all execs failed */

/* A node of the search tree, as the answers say that it must be. */
struct place {
    int64_t id, low, high;
    int parent; /* -1: it is the root */
    unsigned depth;
    struct node *node; /* NULL: no longer in the tree */
};

/* model.c */
void model_check(struct sim *sim); /* every answer so far; leaves the tree in places */

struct place *place_find(struct sim *sim, int64_t id);
bool place_covers(const struct place *place, int64_t id);
bool was_up(const struct node *node, uint64_t from_us, uint64_t to_us);
void wrong(struct sim *sim, const struct command *command, const char *why);

/* records.c */
void check_status(struct sim *sim, const struct command *status);

/* settled.c */
void settled_check(struct sim *sim, const struct command *status); /* of all nodes */

/* ---- a schedule ---- */

struct totals {
    uint64_t schedules, commands, answers, deaths, stops, surveys, probes, bundles, resends, sets,
        starts, refused_starts, strays, steps, unavailable, records;
};

struct event {
    uint64_t at_us, order;
    struct node *by;
    action *act;
    void *arg;
};

struct block;

struct sim {
    uint64_t seed, random;
    bool trace, failed;
    const struct profile *profile;
    struct totals *totals;
    uint64_t now_us, order, steps;
    struct event *heap;
    size_t heap_count, heap_room;
    struct block *blocks, *spare_blocks;
    /* the world */
    struct node controller;
    struct node *nodes[MOST_NODES]; /* by serial; [0] is the controller */
    unsigned node_count;            /* the largest serial, plus one */
    struct link *links[MOST_LINKS];
    unsigned link_count;
    uint64_t horizon_us; /* until then there are commands and faults */
    bool calm;           /* there are no faults any more */
    /* the controller */
    struct engine *engine;
    struct engine_options options;
    struct peer peers[MOST_NODES];
    struct posted *descriptors, **descriptors_end, *inbox, **inbox_end;
    struct ask *lent;
    uint64_t wake_us, timer_us; /* UINT64_MAX: none */
    uint64_t asleep_us;         /* until then the controller does nothing */
    /* the commands */
    int64_t ids[32];
    struct command commands[MOST_COMMANDS];
    unsigned command_count, answered;
    struct place places[MOST_COMMANDS];
    unsigned place_count;
    uint64_t slack_us; /* what the engine may need to learn of a change */
};

#endif
