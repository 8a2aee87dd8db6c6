/*
 * engine: what the controller decides. Commands and events come in, actions go out through the
 * ports; time comes in as an argument. It knows no process, socket, clock or thread, so that tests
 * can drive the whole of it with a virtual clock and a network of their own.
 *
 * What it does with a command:
 *   create   finds the place, has the parent start the process (spawn), waits until the node tells
 *            that its parent is connected to it (joined), answers with the process id
 *   exec     cuts the numbers into slices, sends them in bundles, adds the partial sums in order
 *   pingall  holds a survey and lists who is unavailable
 *   status   tells what is held of the nodes that the commands before it left
 *   kill     waits for the commands before it, ends the subtree's processes, forgets the nodes
 * and with an event:
 *   a process that ended, or a node that missed a survey: its execs are answered, the overlay is
 *            computed again, every node whose children changed is told the new set (arrange)
 *   a broken path: the bundle is sent again, over the repaired path or a moment later
 *
 * How it can fail: an allocation is refused (the command is answered with BANYAN_SYSTEM); a port
 * reports an error (likewise). Every command is answered exactly once.
 *
 * Order: a command that may depend on one that is not yet settled (below a node that is being
 * created, in a subtree that is being ended) waits at that node, in order, and goes on when it is.
 *
 * One thread owns an engine and makes every call. Ports are called from within these calls and must
 * not call back into the engine.
 */
#ifndef BANYAN_ENGINE_H
#define BANYAN_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health.h"
#include "language/answer.h"

struct engine;
struct exec;

/* How a request through the tree ended. */
enum hop {
    HOP_OK,      /* the node answered */
    HOP_BROKEN,  /* the path broke; whether the node did anything is not known */
    HOP_REFUSED, /* the node answered that it cannot */
};

/* The answer of a node to one slice of numbers. */
struct slice_result {
    int128 sum;             /* of the numbers before the first error */
    uint64_t count;         /* how many those are */
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

/* Work for one node that travels in one message. The engine owns it and lends it to the shell from
 * ports.sums to engine_summed. */
struct bundle {
    uint64_t serial; /* the node, as in struct engine_node */
    int64_t id;
    char *text; /* the slices' numbers, one slice after the other */
    size_t text_len;
    void *buffer; /* the shell's, in which the text lies: then there is one slice. NULL: none */
    struct slice *slices;
    uint32_t slice_count;
    /* the engine's own */
    uint32_t slice_room;
    size_t text_room;
    uint64_t sent_us;
    struct member *member;
    struct bundle *prev, *next;
};

/* A node as the shell needs to know it. The serial names one incarnation of an id, for ever. */
struct engine_node {
    uint64_t serial;
    int64_t id;
    int64_t low, high; /* the interval of ids beneath it, itself included */
};

/* The new set of children of one node. */
struct engine_children {
    uint64_t parent; /* its serial; 0: the controller itself */
    int64_t parent_id;
    uint64_t version; /* grows; a node ignores an older set */
    const struct engine_node *nodes;
    size_t count;
    const uint64_t *starting; /* children it is starting just now and is to keep */
    size_t starting_count;
};

/* A node that is to be started. */
struct engine_spawn {
    struct engine_node node;
    uint64_t parent; /* the serial of the node that starts it; 0: the controller itself */
    int64_t parent_id;
    uint64_t version; /* not to be obeyed if the parent has been told a newer one */
};

/* Ports that return false could not even begin, for want of memory: the engine tries again later.
 */
struct engine_ports {
    void *arg; /* given to every port */
    /* Tells the answer to a command. */
    void (*answer)(void *arg, void *tag, const struct answer *answer);
    /* Starts a node -> engine_spawned, and in any order with that, when it has joined the tree,
     * engine_joined. May be asked twice for the same serial: at most one start. */
    bool (*spawn)(void *arg, const struct engine_spawn *spawn);
    /* A buffer for the numbers of a long exec: room bytes, at *text. NULL: out of memory. */
    void *(*buffer)(void *arg, size_t room, char **text);
    /* It is not needed any more. */
    void (*unbuffer)(void *arg, void *buffer);
    /* Sends work -> engine_summed. */
    bool (*sums)(void *arg, struct bundle *bundle);
    /* Tells a node its children -> engine_arranged; for parent 0 it is done on return. */
    bool (*arrange)(void *arg, const struct engine_children *children);
    /* Ends a process, for certain -> engine_exited. */
    void (*end)(void *arg, uint64_t serial);
    /* Has the node that started another collect its exit status (0: the controller itself does)
     * -> engine_reaped. */
    bool (*reap)(void *arg, uint64_t serial, uint64_t starter);
    /* Surveys the overlay -> engine_heard, any number of times, then engine_surveyed. */
    bool (*survey)(void *arg, uint64_t round, uint64_t budget_us, uint64_t slack_us);
    /* Asks one node directly, past the tree -> engine_probed, whenever it answers. */
    bool (*probe)(void *arg, uint64_t serial);
    /* The question is not wanted any more. */
    void (*unprobe)(void *arg, uint64_t serial);
    /* Whether the node's process is known to run: neither stopped nor ended, by the kernel's word. */
    bool (*runs)(void *arg, uint64_t serial);
    /* Something that people may want to know happened to a node: one line. */
    void (*notice)(void *arg, const char *line);
    /* The node does not exist any more: release what is held for it. */
    void (*forget)(void *arg, uint64_t serial);
};

struct engine_options {
    uint64_t deadline_us; /* of a survey */
    uint64_t wall_us;     /* what to add to the engine's time to have the time since 1970 */
};

/* NULL: out of memory. The ports are copied. */
struct engine *engine_new(const struct engine_options *options, const struct engine_ports *ports);

/* Frees everything, without a word to anybody. Bundles that are lent out must have come back. */
void engine_free(struct engine *engine);

/* ---- commands; the answer may come before the call returns ---- */

void engine_create(struct engine *engine, void *tag, int64_t id, bool has_parent, int64_t parent);
void engine_kill(struct engine *engine, void *tag, int64_t id);
void engine_pingall(struct engine *engine, void *tag);
/* Answered with a text: what is held of the node, and what happened to it. */
void engine_explain(struct engine *engine, void *tag, int64_t id);

enum engine_scope {
    ENGINE_NODE,    /* the node alone: waits for what is unsettled on the way to it */
    ENGINE_SUBTREE, /* the node and all beneath it ... */
    ENGINE_ALL,     /* ... or all nodes: waits for every create, kill and pingall before it */
};
/* Answered with a record of each node. id: not with ENGINE_ALL. */
void engine_status(struct engine *engine, void *tag, enum engine_scope scope, int64_t id);
/* The ids that exist, ascending, up to room of them. Returns how many exist. */
size_t engine_ids(const struct engine *engine, int64_t *ids, size_t room);
/* A version newer than all before, for a message after which an older spawn is not to be obeyed. Ports
 * may call this. */
uint64_t engine_version(struct engine *engine);

/* An exec whose numbers are at hand: len bytes on one line, blank-separated. */
void engine_exec(struct engine *engine, void *tag, int64_t id, uint64_t n, const char *text,
                 size_t len);

/* An exec whose numbers come piece by piece. NULL: out of memory, and answered so. */
struct exec *engine_exec_begin(struct engine *engine, void *tag, int64_t id, uint64_t n, bool file);

enum exec_room {
    EXEC_ROOM, /* *at is where up to *room bytes may be written: 64 at least */
    EXEC_WAIT, /* too much is under way: ask again after the next event */
    EXEC_SKIP, /* it is answered: the rest of its numbers is not wanted */
};
/* Where the next numbers go; engine_exec_filled says how many bytes were written there. */
enum exec_room engine_exec_room(struct exec *exec, char **at, size_t *room);
void engine_exec_filled(struct exec *exec, size_t len);
/* The numbers are complete. The handle is gone. */
void engine_exec_end(struct exec *exec);
/* The numbers cannot be had, for the reason in text. The handle is gone. */
void engine_exec_fail(struct exec *exec, const char *text);

/* Too much is under way: the caller should take no further command for now. */
bool engine_is_busy(const struct engine *engine);

/* ---- events ---- */

/* The time, in microseconds of any clock that does not jump. Call it before the events of that
 * moment; it does nothing else. */
void engine_time(struct engine *engine, uint64_t now_us);
/* The same, and does what is due by then. Call it when engine_wakeup is reached, after the events
 * that have arrived: what is there in time is in time. */
void engine_tick(struct engine *engine, uint64_t now_us);
/* When engine_tick is wanted next; UINT64_MAX: never. */
uint64_t engine_wakeup(const struct engine *engine);
/* Sends what has gathered. Call it after a batch of commands and events. */
void engine_flush(struct engine *engine);

/* With HOP_OK, pid; with HOP_REFUSED, text. */
void engine_spawned(struct engine *engine, uint64_t serial, enum hop hop, int64_t pid,
                    const char *text);
/* The node has joined: its parent is connected to it, and its end no longer depends on that one's. */
void engine_joined(struct engine *engine, uint64_t serial, int64_t pid);
/* With HOP_OK, one result for each slice; with HOP_REFUSED, text. Gives the bundle back. */
void engine_summed(struct engine *engine, struct bundle *bundle, enum hop hop,
                   const struct slice_result *results, const char *text);
void engine_arranged(struct engine *engine, uint64_t parent, uint64_t version, enum hop hop);
void engine_exited(struct engine *engine, uint64_t serial);
/* how says how the process ended, in words ("killed by signal 9"); NULL: not known. */
void engine_reaped(struct engine *engine, uint64_t serial, enum hop hop, const char *how);
void engine_heard(struct engine *engine, uint64_t round, const uint64_t *serials, size_t count);
void engine_surveyed(struct engine *engine, uint64_t round);
void engine_probed(struct engine *engine, uint64_t serial);

#endif
