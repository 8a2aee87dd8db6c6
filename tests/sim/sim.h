/*
 * sim: the whole of the engine against processes, a network and a clock that are simulated.
 *
 * One schedule is a function of its seed: commands, latencies and faults are drawn from it, and
 * everything happens in one thread, as events in the order of a virtual time. So a schedule that
 * fails can be run again, alone and with a trace.
 *
 * At both ends it is the real code that decides: the engine (src/core), the node's rules
 * (src/node/rules.c) and the message that arranges many nodes (src/wire/arrange.c).
 *
 *   clock.c     time, chance, memory, failures
 *   links.c     connections, and requests over them, hop by hop
 *   process.c   the life of a process: birth, death, stops, a debugger
 *   faults.c    what is done to processes and connections, and when
 *   starter.c   what the starter reports of them, as src/start does
 *   requests.c  a shell around the node's rules, as src/node has it
 *   arranging.c sets of children on their way down the tree
 *   surveys.c   surveys, hop by hop, as src/net does them
 *   shell.c     the engine's ports, as src/controller has them
 *   loop.c      the controller's loop, likewise
 *   commands.c  the commands of a schedule
 *   follow.c    commands that the program gives from within answers
 *   numbers.c   their numbers, and what these are worth
 *   model.c     what the answers must have been
 *   prompt.c    how soon the answers must have come
 *   history.c   what a process went through, for these two
 *   records.c   what a status must have reported
 *   settled.c   what must hold once nothing happens any more
 *   simulator.c the schedules, one after the other
 *   profiles.c  what they are like
 */
#ifndef BANYAN_SIM_H
#define BANYAN_SIM_H

#include "core/engine.h"
#include "node/rules.h"
#include "wire/arrange.h"

enum {
    MOST_NODES = 250,    /* processes that one schedule starts */
    MOST_CHILDREN = 64,  /* of one process */
    MOST_PAUSES = 24,    /* of one process */
    MOST_COMMANDS = 250, /* with the checks at the end */
    MOST_AT_END = 110,   /* checks at the end */
    MOST_LINKS = 6000,
    PID_BASE = 1000, /* the pid of a node is this plus its serial */
};

struct sim;
struct node;
struct leg;
struct survey;
struct job;

/* What a schedule is like. Chances are in percent; times in microseconds. */
struct profile {
    const char *name;
    unsigned weight;           /* how often it is drawn */
    unsigned ids;              /* how many different ids there are */
    unsigned commands, faults; /* at most */
    unsigned latency_us;       /* of a hop, at most */
    unsigned notice_us;        /* until the kernel, or the starter, reports something, at most */
    unsigned cuts;             /* connections that break, at most */
    unsigned stops, deaths, holds;     /* weights: stop a node, kill it, hold it by a debugger */
    unsigned hangs;                    /* chance that a process takes long to end */
    unsigned births;                   /* chance that something happens to a node being created */
    unsigned late_us;                  /* how late the controller may be, now and then */
    unsigned refusals;                 /* how often there is no memory to begin something */
    unsigned follows;                  /* how often the program answers an answer by a command */
    bool fifo;                         /* messages of one connection keep their order */
    bool ascending;                    /* ids are created in ascending order, many in a batch */
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
struct message sim_message(struct sim *sim, const uint8_t *bytes, size_t len); /* a copy */

/* Has an action done at a time, by a process: not at all if that is dead by then, and later if it
 * is stopped. NULL: by the world. */
void sim_at(struct sim *sim, uint64_t at_us, struct node *by, action *act, void *arg);
void sim_in(struct sim *sim, uint64_t delay_us, struct node *by, action *act, void *arg);
void sim_run(struct sim *sim, uint64_t until_us); /* does everything up to that time */

__attribute__((format(printf, 2, 3))) void sim_trace(struct sim *sim, const char *format, ...);
__attribute__((format(printf, 2, 3))) void sim_fail(struct sim *sim, const char *format, ...);

/* ---- connections ---- */

struct message {
    const uint8_t *bytes;
    size_t len;
};

struct reply {
    enum wire_status status;
    struct message body; /* behind the head of the answer */
    const char *text;
};

typedef void replied(struct sim *sim, void *arg, const struct reply *reply);

enum socket { SOCKET_REQUESTS, SOCKET_SURVEYS, SOCKETS };

/* One socket of a node, as one other process is connected to it. */
struct line {
    struct link *link;
    enum socket socket;
    bool connected;
    bool lost;           /* it was connected, and broke */
    uint64_t arrival_us; /* of the latest message, where order is kept */
};

struct link {
    struct node *from, *to;
    bool open;   /* the dialing end holds it */
    bool direct; /* for one direct question: it is not cut */
    struct line lines[SOCKETS];
    struct leg *hops; /* requests over it that are not answered */
};

/* A request on one connection. */
struct leg {
    struct link *link;
    struct node *from;
    struct message message;
    replied *done; /* at its sender */
    void *arg;
    bool open; /* its sender waits for the answer */
    bool lost; /* it will not arrive */
    struct leg *prev, *next;
};

struct child {
    struct wire_node node;
    struct link *link;
};

/* links.c */
struct link *link_open(struct sim *sim, struct node *from, struct node *to, bool direct);
void link_close(struct sim *sim, struct link *link);
void links_of_dead(struct sim *sim, struct node *dead);
void link_cut(struct sim *sim); /* any one, between living processes */
void request_over(struct sim *sim, struct node *from, struct link *link,
                  const struct message *message, replied *done, void *arg);
/* Towards the node with that id. */
void request_send(struct sim *sim, struct node *from, int64_t id, const struct message *message,
                  replied *done, void *arg);
void request_answer(struct sim *sim, struct leg *hop, const struct reply *reply);
uint64_t latency(struct sim *sim);
uint64_t line_arrival(struct sim *sim, struct line *line); /* of what is sent now */

/* ---- processes ---- */

/* A time in which a process did nothing. */
struct pause {
    uint64_t from_us, to_us; /* UINT64_MAX: it is not over */
    bool held;               /* by a debugger; otherwise it was stopped */
};

struct deferred {
    action *act;
    void *arg;
    struct deferred *next;
};

enum notice { NOTICE_NONE, NOTICE_STOPPED, NOTICE_CONTINUED };

/* A process: a node, or the controller, whose serial is 0. */
struct node {
    uint64_t serial;
    int64_t id;
    bool stopped, held, dead;
    struct rules rules;
    struct child children[MOST_CHILDREN];
    unsigned child_count;
    uint64_t work_us;                          /* when its main thread has done what it was given */
    struct deferred *deferred, **deferred_end; /* while it is stopped or held */
    struct survey *surveys;
    /* the starter's */
    bool listens; /* it has written so; that it has joined, the rules know */
    bool told_ready, told_joined;
    enum notice notice;  /* of the kernel, not read by the starter yet */
    bool reaped;         /* the starter knows of its end, and reports nothing more */
    const char *failure; /* why it could not be started; NULL: it could */
    /* the controller's */
    bool over; /* the controller knows of its end */
    /* what the model asks about */
    uint64_t started_us, joined_us, died_us, over_us; /* UINT64_MAX: not yet */
    bool ended;                                       /* because it was not wanted any more */
    struct pause pauses[MOST_PAUSES];
    unsigned pause_count;
};

/* process.c */
struct node *process_new(struct sim *sim, uint64_t serial, int64_t id);
struct node *process_find(const struct sim *sim, uint64_t serial);
bool process_runs(const struct node *node); /* it is neither dead nor stopped nor held */
void process_die(struct sim *sim, struct node *node);
void process_end(struct sim *sim, struct node *node); /* it is not wanted any more */
void process_stop(struct sim *sim, struct node *node);
void process_hold(struct sim *sim, struct node *node);
void process_continue(struct sim *sim, struct node *node); /* from either */
void process_connected(struct sim *sim, struct node *node, enum socket socket);

/* faults.c */
void faults_plan(struct sim *sim);
void fault_at_birth(struct sim *sim, struct node *node, uint64_t birth_us);
bool fault_before(struct sim *sim, int64_t id); /* a command about it: continues what is paused */

/* starter.c */
enum news_kind { NEWS_FAILED, NEWS_READY, NEWS_JOINED, NEWS_STOPPED, NEWS_CONTINUED, NEWS_ENDED };
void starter_line(struct sim *sim, struct node *node);   /* it has written to its birth line */
void starter_notice(struct sim *sim, struct node *node); /* the kernel has something to report */

/* requests.c */
void node_request(struct sim *sim, struct node *node, struct leg *hop);

/* arranging.c */
void children_set(struct sim *sim, struct node *node, const struct wire_child *children,
                  size_t count);
struct child *child_towards(struct node *node, int64_t id); /* NULL: none */
void arrange_request(struct sim *sim, struct node *node, struct leg *hop,
                     const struct message *body);
void arrange_begin(struct sim *sim, const struct engine_set *sets, size_t count);
void arrange_handle(struct sim *sim, struct job *job, const struct reply *reply);
void arrange_release(struct sim *sim); /* all that the schedule has left */

/* surveys.c */
void survey_begin(struct sim *sim, uint64_t round, uint64_t budget_us, uint64_t slack_us);
void survey_forget(struct sim *sim, struct link *link); /* no survey waits for it any more */

/* ---- the controller ---- */

enum post {
    POST_SUMMED,
    POST_ARRANGED,
    POST_PROBED,
    POST_SURVEYED,
    POST_NEWS,
};

/* A bundle on its way. */
struct ask {
    struct bundle *bundle;
    struct slice_result *results;
    struct ask *next; /* in the shell's list of bundles that are lent */
};

struct posted {
    enum post kind;
    struct reply reply;  /* SUMMED, ARRANGED, PROBED */
    struct ask *ask;     /* SUMMED */
    struct job *job;     /* ARRANGED */
    bool alone;          /* ARRANGED: there was no child to hand a piece to */
    struct link *link;   /* PROBED: the question's */
    enum news_kind news; /* NEWS */
    uint64_t serial;     /* PROBED, NEWS; SURVEYED: the round */
    const uint64_t *serials;
    size_t count;
    struct posted *next;
};

struct peer {
    bool known;
    struct link *probe; /* a direct question is outstanding */
};

/* shell.c, loop.c */
void shell_ports(struct sim *sim, struct engine_ports *ports);
bool shell_refused(struct sim *sim);
void shell_post(struct sim *sim, const struct posted *post);
void shell_wake(struct sim *sim, uint64_t delay_us);
void shell_give_back(struct sim *sim); /* the bundles that are lent, as at the controller's end */

/* ---- commands ---- */

struct command {
    enum command_kind kind;
    int64_t id, parent;
    bool has_parent, given;
    bool follows;                   /* it was given within an answer */
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
struct command *command_draw(struct sim *sim, enum command_kind kind, int64_t id);
int64_t command_any_id(struct sim *sim);
enum command_kind command_any_kind(struct sim *sim);
void command_give(struct sim *sim, struct command *command);
bool commands_feed(struct sim *sim);  /* true: there is more to be fed now */
void commands_close(struct sim *sim); /* as if the input of all execs failed */

/* follow.c */
void commands_follow(struct sim *sim, const struct command *answered);

/* A node of the search tree, as the answers say that it must be. */
struct place {
    int64_t id, low, high;
    int parent; /* -1: it is the root */
    unsigned depth;
    struct node *node;   /* NULL: no longer in the tree */
    uint64_t created_us; /* when its create was answered */
};

/* model.c */
void model_check(struct sim *sim); /* every answer so far; leaves the tree in places */
struct place *place_find(struct sim *sim, int64_t id);
const struct place *place_above(const struct sim *sim,
                                int64_t id); /* the deepest that covers the id, or NULL */
bool place_covers(const struct place *place, int64_t id);
void wrong(struct sim *sim, const struct command *command, const char *why);

/* history.c: whether, from one time to the other, a process ... */
bool was_lost(const struct sim *sim, const struct node *node, uint64_t from_us,
              uint64_t to_us); /* ... may have been called unavailable */
bool was_halted_long(const struct sim *sim, const struct node *node,
                     uint64_t to_us); /* ... was paused so long, by then, that a start may fail */
bool was_down(const struct node *node, uint64_t from_us, uint64_t to_us); /* ... answered nothing */
bool was_up(const struct node *node, uint64_t from_us, uint64_t to_us);   /* ... always answered */
bool was_changed(const struct node *node, uint64_t from_us, uint64_t to_us); /* ... changed */
const struct pause *was_stopped(const struct node *node, uint64_t from_us,
                                uint64_t to_us); /* ... was stopped all the time; NULL: no */
bool was_known_lost(const struct sim *sim, const struct node *node, uint64_t from_us,
                    uint64_t by_us); /* ... was lost, and reported to the engine */

/* prompt.c */
void check_time(struct sim *sim, const struct command *command, uint64_t settled_us);

/* records.c */
void check_status(struct sim *sim, const struct command *status);

/* settled.c */
void settled_check(struct sim *sim, const struct command *status); /* of all nodes */

/* ---- a schedule ---- */

/* profiles.c */
const struct profile *profile_draw(struct sim *sim);

struct totals {
    uint64_t schedules, commands, follows, answers, unavailable, records, steps;
    uint64_t starts, failed_starts, deaths, stops, short_stops, holds, cuts;
    uint64_t surveys, probes, bundles, resends, sets, arrangements;
    uint64_t prompt_stops, prompt_pings, prompt_creates; /* checks of time that were made */
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
    struct job *jobs;
    uint64_t start_us, news_us; /* when the starter has done its work, and reported it */
    bool settling;              /* in engine_settle: the engine may report answers and use ports */
    bool executing;             /* in a function of execs: the engine may use ports */
    bool answering;             /* within an answer: the engine may do neither */
    uint64_t wake_us, timer_us; /* UINT64_MAX: none */
    uint64_t asleep_us;         /* until then the controller does nothing */
    /* the commands */
    int64_t ids[32];
    struct command commands[MOST_COMMANDS];
    struct command *given[MOST_COMMANDS]; /* in the order in which they were given */
    unsigned command_count, given_count, answered;
    struct place places[MOST_COMMANDS];
    unsigned place_count;
    uint64_t slack_us;  /* within which the engine learns of a change */
    uint64_t notice_us; /* within which a report of the kernel has arrived, and was acted on */
};

#endif
