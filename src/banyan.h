/*
 * banyan.h: a tree of worker processes ("nodes") under one controller, as a library.
 *
 * The nodes stand in a binary search tree by id, are connected along it, and are asked through it.
 * What is said here of commands and answers is said in full, byte for byte, in banyan(1).
 *
 *     struct banyan *tree = banyan_open(&options, error, sizeof error);
 *     banyan_create(tree, 10, BANYAN_NO_PARENT, tag);
 *     banyan_exec(tree, 10, 3, "1 2 3", 5, other_tag);
 *     while (answers are outstanding) {
 *         poll(banyan_fd(tree) for reading, and whatever else the program waits for);
 *         banyan_process(tree);                 -> options.answered, once for each command
 *     }
 *     banyan_close(tree);
 *
 * Commands are asynchronous: a call only takes the command. Its answer is told to options.answered,
 * exactly once, from within a later banyan_process, or already from within the call. Commands take
 * effect in the order of the calls; they do not wait for one another where nothing is lost by it.
 *
 * Threads: all calls for one tree come from one thread. The library starts threads of its own
 * (those of nng), which never call the program. Signals should be blocked in threads that the
 * program does not want to handle them.
 *
 * Processes: the calling process becomes the subreaper of its descendants while a tree is open, and
 * collects the exit status of nodes. Nodes end with the process that opened the tree, in whatever
 * way it ends.
 */
#ifndef BANYAN_H
#define BANYAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As an id: no node; as a parent: not given. */
#define BANYAN_NO_PARENT INT64_C(-1)

/* What an answer says. These values do not change. */
enum banyan_code {
    BANYAN_OK = 0,
    BANYAN_NOT_FOUND = 1,      /* no such node */
    BANYAN_UNAVAILABLE = 2,    /* the node exists but cannot be reached */
    BANYAN_EXISTS = 3,         /* create: a node with that id exists */
    BANYAN_NO_SUCH_PARENT = 4, /* create: the parent that was given does not exist */
    BANYAN_PARENT_UNAVAILABLE =
        5,                    /* create: the node above the new one's place cannot be reached */
    BANYAN_WRONG_PARENT = 6,  /* create: the place is not under the parent that was given */
    BANYAN_BAD_ID = 7,        /* not an id */
    BANYAN_BAD_N = 8,         /* exec: n is not from 1 to 100000000 */
    BANYAN_WRONG_COUNT = 9,   /* exec: not as many numbers as n says */
    BANYAN_NOT_INTEGER = 10,  /* exec: a word that is no integer */
    BANYAN_OUT_OF_RANGE = 11, /* exec: an integer of more than 64 bits */
    BANYAN_USAGE = 12,        /* a command that is not well-formed */
    BANYAN_SYSTEM = 13,       /* the machine refused something; the text says what */
    BANYAN_UNKNOWN = 14,      /* no such command */
};

/* What is held of a node. These values do not change. */
enum banyan_state {
    BANYAN_STARTING = 0,  /* its process is being started */
    BANYAN_AVAILABLE = 1, /* it answers */
    BANYAN_SILENT = 2,    /* its process lives but does not answer: it is stopped, say */
    BANYAN_ENDED = 3,     /* its process has ended */
};

/* To whom a node is connected: its parent, or the nearest node above that is available. */
enum banyan_link {
    BANYAN_LINK_NONE = 0,       /* to nobody, because it is unavailable */
    BANYAN_LINK_CONTROLLER = 1, /* to the controller */
    BANYAN_LINK_NODE = 2,       /* to a node */
};

/* A node, as banyan_status tells of it. */
struct banyan_node {
    int64_t id;
    int64_t pid; /* of its process, or of that which it had */
    enum banyan_state state;
    int64_t parent; /* in the search tree; BANYAN_NO_PARENT: it is the root */
    enum banyan_link link;
    int64_t connected_to; /* with BANYAN_LINK_NODE: who it is */
    int adopted;          /* it is connected, but not to its parent, since that is unavailable */
    size_t depth;         /* edges from the root of the search tree, from 0 */
    uint64_t execs;       /* execs that it has done: answered with a sum */
    uint64_t numbers;     /* numbers added in these */
    int64_t survey_us;    /* how long after the start of the last survey that it answered its
                               answer came, in microseconds; -1: it has answered none */
    uint64_t started_us;  /* when it joined the tree, in microseconds since 1970 */
};

struct banyan;
struct banyan_exec;

/* The answer to a command; valid during the call of options.answered. */
struct banyan_answer;

struct banyan_options {
    /* Called with each answer. tag is what the command was given. It may give further commands. */
    void (*answered)(void *arg, void *tag, const struct banyan_answer *answer);
    void *arg;
    /* Called with one line for each thing that happens to a node, for people. NULL: not wanted. */
    void (*noticed)(void *arg, const char *line);
    const char *directory;    /* for the sockets' directory; NULL: $TMPDIR, or /tmp */
    const char *node_program; /* the program of the nodes; NULL: beside the running program, or in
                                 the place it was installed to */
    unsigned deadline_ms; /* of a survey: who has not answered by then is unavailable; 0: 1000 */
};

/* Starts a controller with an empty tree. On failure NULL, and a text in error (up to size bytes).
 */
struct banyan *banyan_open(const struct banyan_options *options, char *error, size_t size);

/* Ends every node and frees everything. Commands that are not answered yet stay so. */
void banyan_close(struct banyan *tree);

/* The same for a program that ends now: its memory and connections are left to the end of the process,
 * since closing many of them may take seconds. No call may follow. */
void banyan_leave(struct banyan *tree);

/* A descriptor that is readable when banyan_process has something to do. It belongs to the tree. */
int banyan_fd(const struct banyan *tree);

/* Does what there is to do, without waiting. */
void banyan_process(struct banyan *tree);

/* Sends what the commands so far have gathered. banyan_process does it, too; so this is for the
 * moment after a batch of commands, before the program waits. */
void banyan_flush(struct banyan *tree);

/* Nonzero while so much is under way that the program should give no further command, and read no
 * further input for one. */
int banyan_busy(const struct banyan *tree);

/* The ids of the nodes that exist, available or not, in ascending order: the first of them, up to
 * room, go to ids. Returns how many exist. */
size_t banyan_ids(const struct banyan *tree, int64_t *ids, size_t room);

/* Starts a node at its place in the tree. parent: must exist and have the place beneath it. */
void banyan_create(struct banyan *tree, int64_t id, int64_t parent, void *tag);

/* Ends a node and all beneath it, and forgets them. */
void banyan_kill(struct banyan *tree, int64_t id, void *tag);

/* Lists the nodes that cannot be reached. */
void banyan_pingall(struct banyan *tree, void *tag);

/* Tells what is held of a node, and what happened to it, in lines for people. */
void banyan_explain(struct banyan *tree, int64_t id, void *tag);

/* Tells of one node; of a node and all beneath it; of all nodes. The answer has banyan_answer_nodes.
 * Of one node it comes at once; of more, when the creates, kills and pingalls before it are
 * answered. */
void banyan_status(struct banyan *tree, int64_t id, void *tag);
void banyan_status_subtree(struct banyan *tree, int64_t id, void *tag);
void banyan_status_all(struct banyan *tree, void *tag);

/* Has a node add n integers: text holds them in decimal, separated by spaces and tabs. */
void banyan_exec(struct banyan *tree, int64_t id, uint64_t n, const char *text, size_t len,
                 void *tag);

/* The same with integers that come piece by piece, in bounded memory. from_file: any white space
 * separates them, not only spaces and tabs. NULL: answered already (there is no memory). Between
 * this and banyan_exec_end, banyan_exec_room tells where the next bytes may be written:
 *   1: up to *room bytes at *at, 64 at least; banyan_exec_filled says how many were written
 *   0: too much is under way: ask again after banyan_process
 *  -1: the answer is known, the rest is not wanted
 */
struct banyan_exec *banyan_exec_begin(struct banyan *tree, int64_t id, uint64_t n, int from_file,
                                      void *tag);
int banyan_exec_room(struct banyan_exec *exec, char **at, size_t *room);
void banyan_exec_filled(struct banyan_exec *exec, size_t len);
void banyan_exec_end(struct banyan_exec *exec);
/* Instead of banyan_exec_end: the numbers cannot be had; the text goes into the answer. */
void banyan_exec_fail(struct banyan_exec *exec, const char *text);

/* ---- answers ---- */

enum banyan_code banyan_answer_code(const struct banyan_answer *answer);
/* A name of the code for programs, which does not change: "not_found". */
const char *banyan_answer_name(const struct banyan_answer *answer);
/* The whole answer as the contract words it, without a newline: as snprintf, at most size bytes
 * with the end mark; returns the length of the whole. Of a status it says no more than "Ok". */
size_t banyan_answer_text(const struct banyan_answer *answer, char *text, size_t size);
/* The same of an error without what stands before it: "Not found". */
size_t banyan_answer_error(const struct banyan_answer *answer, char *text, size_t size);
/* The node that the command named; 0 if it named none. */
int64_t banyan_answer_id(const struct banyan_answer *answer);
/* create: the process id of the node. */
int64_t banyan_answer_pid(const struct banyan_answer *answer);
/* exec: the sum in decimal, in text, which has room for 41 bytes. */
void banyan_answer_sum(const struct banyan_answer *answer, char text[41]);
/* pingall: the unavailable nodes, ascending. */
const int64_t *banyan_answer_ids(const struct banyan_answer *answer, size_t *count);
/* status: the nodes in the search tree's order: parents before children, left before right. */
const struct banyan_node *banyan_answer_nodes(const struct banyan_answer *answer, size_t *count);
/* A word for a state, for people and programs: "available". */
const char *banyan_state_name(enum banyan_state state);

/* The version of banyan, and of the nng that it uses ("0.1.0", "nng 1.5.2 (static, repaired)"). */
const char *banyan_version(void);
const char *banyan_nng_version(void);

#ifdef __cplusplus
}
#endif

#endif
