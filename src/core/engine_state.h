/*
 * engine_state: what the parts of the engine share: engine.c (life, time, members), commands.c
 * (order of effect; create, pingall, explain), status.c (status), kills.c (kill, the end of
 * processes), execs.c (from the command to the sum), streams.c (long execs), bundles.c (the
 * messages of execs), repair.c (who is told which children), rounds.c (surveys) and incidents.c
 * (what people are told). For these files alone.
 */
#ifndef BANYAN_ENGINE_STATE_H
#define BANYAN_ENGINE_STATE_H

#define HASH_NONFATAL_OOM 1

#include "engine.h"
#include "history.h"
#include "overlay.h"
#include "tree.h"

enum {
    SLICE_BYTES = 512 << 10,      /* a slice of a long exec: the best size over ipc */
    BUNDLE_BYTES = 64 << 10,      /* small execs travel together up to this size */
    SLICES_AHEAD = 8,             /* slices of one exec under way at once */
    SLICES_IN_ALL = 28,           /* of all execs: bounds the memory */
    BUNDLES_AHEAD = 2,            /* bundles of small execs under way to one node */
    RETRY_US = 3000,              /* after a broken path: about the time that a repair takes */
    EXECS_LEAST = 16000,          /* unanswered execs before the engine is busy: as many as the */
                                  /* processor's cache holds, */
    EXECS_EACH = 256,             /* and so many for each node, so that a message holds enough, */
    EXECS_IN_ALL = 100000,        /* but at most these */
    ROUNDS_MOST = 8,              /* surveys under way at once */
    STARTS_MOST = 16,             /* nodes being started at once */
    MOVED_MOST = 16,              /* children that an incident names, at most */
    SMALL_BYTES_IN_ALL = 8 << 20, /* of their text, likewise */
};

/* A command that is not answered yet. */
struct command {
    enum command_kind kind;
    void *tag;
    uint64_t seq; /* the order of entry */
    int64_t id;
    bool has_parent;               /* create */
    int64_t parent;                /* create */
    bool refused;                  /* create: PARENT is not above the place ... */
    int64_t place;                 /* ... the parent that the tree wants instead */
    enum engine_scope scope;       /* status */
    struct member *member;         /* its node, once it is known */
    bool answered;                 /* a failed create whose process is still being ended */
    struct command *prev, *next;   /* in a member's waiters, or in the list of its kind */
    struct command *older, *newer; /* creates and kills: in engine.structural */
};

/* How far the life of a node has come, as the commands see it. */
enum phase {
    PHASE_PRESENT,
    PHASE_CREATING, /* its create is not answered */
    PHASE_LEAVING,  /* a kill waits for the commands before it */
    PHASE_ENDING,   /* its process has been told to end */
};

struct member {
    struct tree_node node; /* first: a tree node is its member */
    uint64_t serial;
    UT_hash_handle by_serial;
    enum phase phase;
    enum banyan_state state;
    uint64_t born;         /* seq of its create */
    uint64_t unsettled_by; /* not in PHASE_PRESENT: seq of the create or kill behind that */
    uint64_t starter;      /* serial of the node that started its process; 0: the controller */
    int64_t starter_id;
    int64_t pid;             /* 0: not started yet */
    struct command *command; /* the create or kill that is under way for it, if any */
    struct command *waiters; /* commands that wait until it is settled, in order */
    /* its creation */
    uint64_t asked_us; /* when spawn was sent, or done; 0: it has joined, or spawn is to be sent */
    uint64_t retry_us; /* when to send it again; 0: no need */
    enum { START_NONE, START_WAITS, START_BEGUN } start;
    struct member *start_prev, *start_next; /* in engine.starts_waiting */
    /* its end */
    bool reaped;         /* its exit status is collected: nothing is left of the process */
    bool reaping;        /* asked for */
    uint64_t reaping_us; /* when another node was asked; 0: none was */
    /* the overlay */
    bool linked;        /* somebody has been told that this node is his child ... */
    uint64_t linked_to; /* ... who: a serial, 0 for the controller */
    struct arrangement {
        uint64_t set;      /* the version of the set that is under way */
        uint64_t sent_us;  /* 0: no set is under way */
        uint64_t retry_us; /* 0: no need to send again */
        bool stale;        /* the set is to be sent */
    } arrangement;
    /* what is told of it */
    uint64_t joined_us;     /* when it joined */
    uint64_t sums, numbers; /* execs answered with a sum, and the numbers added in them */
    int64_t survey_us;      /* from a survey's start to its answer; -1: none heard */
    struct history history;
    int64_t moved[MOVED_MOST]; /* children that moved because of its latest incident ... */
    size_t moved_count;
    const struct tree_node *moved_to; /* ... to this one; NULL: the controller */
    bool moving;                      /* the sets that say so are under way */
    bool untold;                      /* nobody has been told of its latest incident */
    /* surveys */
    unsigned rounds_waited; /* that have ended while it was being created, or while every path to it
                               broke */
    uint64_t broken_us; /* since when every request to it has found the path broken; 0: none has */
    uint64_t joined_round; /* the last round that had begun when it joined */
    uint64_t heard_round;  /* the last round that it has answered */
    uint64_t probed_round; /* the last round that had begun when it was asked directly */
    bool probed;           /* a direct question is outstanding */
    bool halted;           /* its process was stopped when it was judged */
    /* its execs */
    struct exec *execs;   /* unanswered, located here */
    struct bundle *open;  /* small execs gather here */
    struct bundle *ready; /* bundles to be sent, in order */
    struct bundle *lent;  /* bundles under way */
    unsigned small_lent, large_lent;
    uint64_t again_us; /* when to send again after a broken path; 0: no need to wait */
    unsigned broken;   /* paths that broke in a row */
    bool flushing;     /* in engine.flush */
    struct member *flush_next;
};

struct exec {
    struct command command;             /* first: its command is of kind COMMAND_EXEC */
    struct exec *here_prev, *here_next; /* in member.execs, which command.member has */
    struct engine *engine;
    uint64_t n;
    bool file;
    bool open_end; /* more input may come */
    bool answered;
    bool streamed;      /* in engine.streams */
    char *failure;      /* found while it waited: its answer, unless a check comes first */
    bool out_of_memory; /* likewise */
    uint32_t cut;       /* slices made */
    uint32_t added;     /* slices whose results are in the sum, in order */
    uint32_t out;       /* slices in bundles that have not come back */
    uint64_t count;
    int128 sum;
    struct slice_done *done; /* results that came before an earlier one: a ring */
    struct bundle *filling;  /* the slice that is being filled */
    struct bundle *held;     /* slices made before the exec was located ... */
    char *text;              /* ... or, when its numbers were at hand, its text */
    size_t text_len;
    struct exec *sibling_prev, *sibling_next; /* in engine.streams */
};

/* A survey under way. */
struct round {
    uint64_t number;
    bool direct; /* its second half */
    uint64_t began_us;
    uint64_t half_us, end_us; /* when the halves end */
    uint64_t latest_us;       /* until when a node whose process runs is waited for */
    unsigned extensions;      /* of the deadline, because the controller itself was late */
    struct command *asking;   /* the pingalls that it answers */
};

struct engine {
    struct engine_options options;
    struct engine_ports ports;
    uint64_t now_us;
    uint64_t last_seq, last_serial, last_version;
    struct tree tree;
    struct member *by_serial;
    struct command *structural; /* unanswered creates and kills, oldest first */
    struct command *kills;      /* kills that wait or are under way, and failed creates */
    struct command *pings;      /* pingalls that wait for the commands before them */
    struct command *statuses;   /* likewise */
    unsigned starts;            /* members whose start has begun and not ended */
    struct member *starts_waiting;
    unsigned unsettled; /* members not in PHASE_PRESENT */
    bool unsettle;      /* something happened that kills, pingalls or reaps waited for */
    /* execs */
    struct exec *streams; /* execs whose numbers come piece by piece */
    struct exec *spare_execs;
    struct bundle *spare_small; /* bundles of small execs, to be used again */
    unsigned spare_small_count;
    unsigned execs;       /* unanswered */
    size_t small_bytes;   /* text of small bundles that exist */
    size_t held_bytes;    /* text of execs that wait to be located */
    unsigned large_count; /* large bundles that exist */
    unsigned lent;        /* bundles under way */
    struct member *flush; /* members that have something to send */
    /* repair */
    struct arrangement top; /* of the controller */
    unsigned arranging;     /* sets under way */
    unsigned untold;        /* members of which people are to be told something */
    uint64_t fault_us;      /* when a node was last lost, or found again */
    /* surveys */
    struct {
        struct round rounds[ROUNDS_MOST]; /* under way, the oldest first */
        unsigned count;
        uint64_t last;     /* number of the last round that began */
        bool wanted;       /* by rounds_watch */
        uint64_t ended_us; /* when the last round ended */
    } survey;
    uint64_t retry_us; /* the earliest retry of any member; 0: none */
    uint64_t watch_us; /* when to look for requests that take too long; 0: nothing is under way */
};

/* engine.c */
struct member *engine_member(struct engine *engine, uint64_t serial);
struct member *engine_find(struct engine *engine, int64_t id);
void engine_give(struct engine *engine, struct command *command, struct answer *answer);
void engine_event(struct engine *engine, struct member *member, enum health_event event);
void engine_retry_at(struct engine *engine, uint64_t at_us); /* something is to be done then */
void engine_broken(struct engine *engine, struct member *member, bool broken);
void engine_watch(struct engine *engine);            /* a request is under way that may take long */
bool engine_available(const struct tree_node *node); /* for the overlay */
struct member *engine_member_new(struct engine *engine, struct command *create);
void engine_member_free(struct engine *engine, struct member *member);
void engine_phase(struct engine *engine, struct member *member, enum phase phase, uint64_t seq);
struct engine_node engine_node_of(const struct member *member);
static inline struct member *member_of(struct tree_node *node) {
    return (struct member *)node;
}

/* commands.c */
struct command *command_new(struct engine *engine, enum command_kind kind, void *tag, int64_t id);
void command_finish(struct engine *engine, struct command *command, enum banyan_code code,
                    const char *text); /* answers a create or kill, and frees it */
struct member *command_wait(struct engine *engine, struct command *command, int64_t id);
bool command_cut_off(struct engine *engine, int64_t id, uint64_t seq);
struct command *command_waiters_take(struct member *member);
void command_waiters_go(struct engine *engine, struct command *waiters);
void starts_settle(struct engine *engine); /* lets creates go on that waited for others */
void commands_lost(struct engine *engine, struct member *member); /* creates below a lost node */
void commands_retry(struct engine *engine, struct member *member);
void commands_stuck(struct engine *engine, struct member *member); /* it does not start */

/* status.c */
void status_go(struct engine *engine, struct command *status);
void statuses_settle(struct engine *engine);

/* kills.c */
void kill_go(struct engine *engine, struct command *kill);
void commands_settle(struct engine *engine); /* lets creates, kills, pingalls and reaps go on */
bool member_gone(struct engine *engine, const struct member *member);

/* incidents.c */
void incident(struct engine *engine, struct member *member, const char *what);
void incident_how(struct member *member, const char *how);
void incident_moved(struct engine *engine, struct member *child, uint64_t from, uint64_t to);
void incidents_settled(struct engine *engine);
void incidents_tell(struct engine *engine);
void incident_told(struct engine *engine, struct member *member);
void explain_go(struct engine *engine, struct command *explain);

/* execs.c */
struct exec *exec_new(struct engine *engine, void *tag, int64_t id, uint64_t n, bool file);
bool exec_admit(struct exec *exec); /* makes the checks that need no number; false: answered */
void exec_locate(struct engine *engine, struct exec *exec);  /* a waiting exec goes on */
void exec_pass_on(struct exec *exec, struct bundle *bundle); /* a slice is complete */
void exec_slice_back(struct exec *exec, uint32_t number, const struct slice_result *result);
void exec_conclude(struct exec *exec, const struct slice_result *wrong);
void exec_refuse(struct exec *exec, enum banyan_code code, const char *text);
void exec_note_failure(struct exec *exec, const char *text);
const char *exec_failure(const struct exec *exec);
void exec_release(struct exec *exec);
struct slice_done *exec_ring_new(void);
void execs_fail(struct engine *engine, struct member *member, enum banyan_code code,
                const char *text);
void execs_free(struct engine *engine);

/* bundles.c */
bool bundle_is_large(const struct bundle *bundle);
struct bundle *bundle_new(struct engine *engine, size_t len);
void bundle_free(struct engine *engine, struct bundle *bundle);
void bundle_done(struct engine *engine, struct bundle *bundle);
bool bundle_grow(struct bundle *bundle, size_t len);
void bundle_add_slice(struct bundle *bundle, struct exec *exec, size_t len);
void bundles_flush_later(struct engine *engine, struct member *member);
void execs_flush(struct engine *engine);
void execs_wake(struct engine *engine, struct member *member);
void execs_detach(struct engine *engine, struct member *member);
void bundles_free(struct engine *engine);

/* repair.c */
void repair(struct engine *engine);
void repair_linked(struct engine *engine, struct member *child, struct member *parent);
void repair_unjoined(struct engine *engine, uint64_t starter);
void repair_retry(struct engine *engine, struct member *parent);

/* rounds.c */
void rounds_settle(struct engine *engine); /* begins, moves on and ends surveys */
void rounds_exited(struct engine *engine, struct member *member);
void rounds_watch(struct engine *engine);
bool rounds_older(const struct engine *engine, uint64_t seq);
uint64_t rounds_wakeup(const struct engine *engine);
void rounds_free(struct engine *engine);

#endif
