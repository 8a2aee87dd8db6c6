/*
 * engine: what the controller decides. Commands and events come in, actions go out through the
 * ports; time comes in as an argument. The engine knows no process, socket, clock or thread, so
 * tests can drive all of it with a virtual clock and a simulated network.
 *
 * What it does with a command:
 *   create   finds the place and starts a process (start); once the process listens (ready), sends
 *            the parent its new set of children (arrange); answers with the process id when the
 *            node has joined
 *   exec     cuts the numbers into slices, sends them in bundles (sums), adds the partial sums in
 *            order
 *   pingall  holds a survey and lists the nodes that are unavailable
 *   status   reports each node that exists once earlier commands have taken effect
 *   explain  reports one node, and what happened to it
 *   kill     waits for the commands before it, ends the subtree's processes, forgets the nodes
 * and with an event:
 *   a node that ended, was stopped, or missed a survey: its execs fail, the overlay is computed
 *            again, and every node whose children changed is sent its new set (arrange)
 *   a node that was continued: it is asked directly (probe), and is available when it has
 *            answered; commands that meet it before wait
 *   a broken path: the bundle or set is sent again, over the repaired path or a moment later
 *
 * Commands and events change the state of their part and record facts. engine_settle acts on the
 * facts, in one fixed order, and reports answers last. So a program may give commands from within
 * an answer; they take effect after all older ones.
 *
 * How it can fail: an allocation is refused (the command is answered with BANYAN_SYSTEM); a port
 * reports an error (likewise, or the engine retries). Every command is answered exactly once.
 *
 * Order: a command that may depend on an unsettled one (a create in progress, a subtree that is
 * being ended) waits at that node, in order, until the node is settled. A create below a node that
 * is still being created does not wait: its process starts at once. If the node above fails, the
 * create is given a new place.
 *
 * One thread owns an engine and makes every call. Ports are called from within engine_settle and
 * the functions for commands. Of all ports only `answer` may call the engine.
 */
#ifndef BANYAN_ENGINE_H
#define BANYAN_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "language/answer.h"

struct engine;
struct exec;

/* How a request through the tree ended. */
enum outcome {
    OUTCOME_OK,      /* the node answered */
    OUTCOME_BROKEN,  /* the path broke; whether the node did anything is not known */
    OUTCOME_REFUSED, /* the node refused, or its answer is unusable */
};

/* The answer of a node to one slice of numbers. */
struct slice_result {
    int128 sum;             /* of the numbers before the first error */
    uint64_t count;         /* of the numbers before the first error */
    enum banyan_code error; /* BANYAN_OK, BANYAN_NOT_INTEGER, BANYAN_OUT_OF_RANGE */
    const char *word;       /* with an error: the start of the word; borrowed */
    size_t word_len;        /* with an error: its whole length, in bytes */
};

/* One piece of numbers within a bundle: len bytes of its text, after the slices before it. */
struct slice {
    struct exec *exec;
    uint32_t number; /* which slice of its exec, from 0 */
    uint32_t len;    /* bytes */
    bool file;       /* separated by any white space, not only spaces and tabs */
};

/* Work for one node that travels in one message. The engine owns the bundle, and lends it to the
 * shell from ports.sums to engine_summed. */
struct bundle {
    uint64_t serial; /* the node, as in struct engine_node */
    int64_t id;
    char *text; /* the slices' numbers, one slice after the other */
    size_t text_len;
    void *buffer; /* of a single long slice: the shell's buffer that holds the text; NULL: none */
    struct slice *slices;
    uint32_t slice_count;
    /* the engine's own */
    uint32_t slice_room;
    size_t text_room;
    uint64_t sent_us;
    struct member *member;
    struct bundle *prev, *next;
};

/* What the shell needs to know about a node. A serial names one incarnation of an id and is never
 * reused. */
struct engine_node {
    uint64_t serial;
    int64_t id;
    int64_t low, high; /* the interval of ids that belong to its subtree, itself included */
};

/* The new set of children of one node. */
struct engine_set {
    uint64_t parent; /* its serial */
    int64_t parent_id;
    uint64_t version; /* grows; a node ignores an older set */
    const struct engine_node *nodes;
    size_t count;
};

/* How the delivery of a set ended. */
struct engine_arranged {
    uint64_t parent, version; /* as in the set */
    enum outcome outcome;
};

/* A port that returns false could not even begin, for want of memory: the engine retries later. */
struct engine_ports {
    void *arg; /* given to every port */
    /* Reports the answer to a command, which is valid during the call. May give commands. */
    void (*answer)(void *arg, void *tag, const struct answer *answer);
    /* Starts a node's process -> engine_ready or engine_start_failed. */
    bool (*start)(void *arg, const struct engine_node *node);
    /* Ends a process, for certain -> engine_ended, or engine_start_failed if it was not ready. */
    void (*end)(void *arg, uint64_t serial);
    /* Whether the node's process runs, according to the kernel at this moment: it has not ended, is
     * not stopped, and no debugger holds it. */
    bool (*runs)(void *arg, uint64_t serial);
    /* A buffer of `room` bytes, at *text, for the numbers of a long exec. NULL: out of memory. */
    void *(*buffer)(void *arg, size_t room, char **text);
    /* Gives a buffer back. */
    void (*unbuffer)(void *arg, void *buffer);
    /* Sends a bundle -> engine_summed. */
    bool (*sums)(void *arg, struct bundle *bundle);
    /* Makes exactly these nodes the children of the controller. False: not all could be dialed. */
    bool (*adopt)(void *arg, const struct engine_node *nodes, size_t count);
    /* Sends nodes their sets of children -> engine_arranged, once for each set, in any number of
     * calls. Sets come in the order of the tree: the set of a node before those of the nodes below
     * it. The nodes are borrowed. */
    bool (*arrange)(void *arg, const struct engine_set *sets, size_t count);
    /* Surveys the overlay -> engine_heard, any number of times, then engine_surveyed. The whole
     * survey may take budget_us; at each hop the children get slack_us less than their parent. */
    bool (*survey)(void *arg, uint64_t round, uint64_t budget_us, uint64_t slack_us);
    /* Asks one node directly, past the tree -> engine_probed when it answers. */
    bool (*probe)(void *arg, uint64_t serial);
    /* Drops the question, if it is open. */
    void (*unprobe)(void *arg, uint64_t serial);
    /* Something happened to a node: one line for people, without a newline. */
    void (*notice)(void *arg, const char *line);
    /* The node is gone, and its process has ended: frees what the shell keeps about it. */
    void (*forget)(void *arg, uint64_t serial);
};

struct engine_options {
    uint64_t deadline_us; /* of a survey */
    uint64_t wall_us;     /* added to the engine's time, gives the time since 1970 */
};

/* NULL: out of memory. The ports are copied. */
struct engine *engine_new(const struct engine_options *options, const struct engine_ports *ports);

/* Frees everything; pending commands get no answer. No bundle may be in flight. NULL: nothing. */
void engine_free(struct engine *engine);

/* ---- commands; each is answered within a later engine_settle (without memory: at once) ---- */

void engine_create(struct engine *engine, void *tag, int64_t id, bool has_parent, int64_t parent);
void engine_kill(struct engine *engine, void *tag, int64_t id);
void engine_pingall(struct engine *engine, void *tag);
/* Answered with lines of text: what is known about the node, and what happened to it. */
void engine_explain(struct engine *engine, void *tag, int64_t id);

enum engine_scope {
    ENGINE_NODE,    /* the node alone: waits for what is unsettled on the way to it */
    ENGINE_SUBTREE, /* the node and all below it: waits for all earlier creates, kills, pingalls */
    ENGINE_ALL,     /* all nodes: waits likewise */
};
/* Answered with a record of each node. id: ignored with ENGINE_ALL. */
void engine_status(struct engine *engine, void *tag, enum engine_scope scope, int64_t id);
/* Writes the ids that exist, ascending, up to `room` of them. Returns how many exist. */
size_t engine_ids(const struct engine *engine, int64_t *ids, size_t room);

/* An exec whose numbers are at hand: len bytes of text, separated by spaces and tabs; copied. */
void engine_exec(struct engine *engine, void *tag, int64_t id, uint64_t n, const char *text,
                 size_t len);

/* An exec whose numbers come piece by piece. file: any white space separates them. NULL: out of
 * memory, which is the answer. */
struct exec *engine_exec_begin(struct engine *engine, void *tag, int64_t id, uint64_t n, bool file);

enum exec_room {
    EXEC_ROOM, /* up to *room bytes, at least 64, may be written at *at */
    EXEC_WAIT, /* too much is in flight: ask again after the next event */
    EXEC_SKIP, /* the answer is known: the rest of the numbers is not needed */
};
/* Where to write the next numbers. engine_exec_filled then says how many bytes were written. */
enum exec_room engine_exec_room(struct exec *exec, char **at, size_t *room);
void engine_exec_filled(struct exec *exec, size_t len);
/* The numbers are complete. The handle is invalid afterwards. */
void engine_exec_end(struct exec *exec);
/* Instead of engine_exec_end: the numbers cannot be read; text, which is copied, says why. */
void engine_exec_fail(struct exec *exec, const char *text);

/* Whether so much is pending that the caller should give no further command for now. */
bool engine_is_busy(const struct engine *engine);

/* ---- events ---- */

/* Sets the time, in microseconds of any monotonic clock. Call it before the events of that
 * moment. */
void engine_time(struct engine *engine, uint64_t now_us);
/* Sets the time, and does what is due by then. Call it when engine_wakeup is reached, after the
 * events that have arrived: an answer that arrived before the deadline counts, even if it is read
 * late. */
void engine_tick(struct engine *engine, uint64_t now_us);
/* When to call engine_tick next; UINT64_MAX: never. */
uint64_t engine_wakeup(const struct engine *engine);
/* Acts on the commands and events so far, sends gathered execs, and reports answers. Call it after
 * each batch of commands and events. Within an answer it does nothing, because the call that
 * reports that answer also settles the new commands. */
void engine_settle(struct engine *engine);

/* The node's process runs and listens. */
void engine_ready(struct engine *engine, uint64_t serial, int64_t pid);
/* The process could not be started, or ended before it was ready; text says why. It was reaped. */
void engine_start_failed(struct engine *engine, uint64_t serial, const char *text);
/* The node's parent is connected to it. */
void engine_joined(struct engine *engine, uint64_t serial);
/* The kernel's word: the process was stopped ("stopped by signal 19") or continued. */
void engine_stopped(struct engine *engine, uint64_t serial, const char *how);
void engine_continued(struct engine *engine, uint64_t serial);
/* The process has ended and was reaped. how: "killed by signal 9"; NULL: not known. */
void engine_ended(struct engine *engine, uint64_t serial, const char *how);
/* Gives the bundle back: with OUTCOME_OK, one result for each slice; with OUTCOME_REFUSED, text. */
void engine_summed(struct engine *engine, struct bundle *bundle, enum outcome outcome,
                   const struct slice_result *results, const char *text);
void engine_arranged(struct engine *engine, const struct engine_arranged *sets, size_t count);
void engine_heard(struct engine *engine, uint64_t round, const uint64_t *serials, size_t count);
void engine_surveyed(struct engine *engine, uint64_t round);
void engine_probed(struct engine *engine, uint64_t serial);

#endif
