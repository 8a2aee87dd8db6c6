/*
 * banyan.h: a tree of worker processes ("nodes") under one controller, as a library.
 *
 * The nodes stand in a binary search tree by id, are connected along it, and are asked through it.
 * banyan(1) describes commands and answers in full, byte for byte.
 *
 *     struct banyan *tree = banyan_open(&options, error, sizeof error);
 *     banyan_create(tree, 10, BANYAN_NO_PARENT, tag);
 *     banyan_exec(tree, 10, 3, "1 2 3", 5, other_tag);
 *     banyan_flush(tree);                       -> options.answered, once for each command
 *     while (answers are outstanding) {
 *         poll(banyan_fd(tree) for reading, and all else that the program waits for);
 *         banyan_process(tree);                 -> the same
 *     }
 *     banyan_close(tree);
 *
 * Commands are asynchronous: a call only takes the command. options.answered is called with its
 * answer, exactly once, from within a later banyan_flush or banyan_process (or within the call, if
 * there is no memory to take the command). Commands take effect in
 * the order of the calls, but run at the same time where that makes no difference. A command that
 * is given from within options.answered takes effect after all older ones.
 *
 * Threads: all calls for one tree come from one thread. The library starts threads of its own,
 * which never call the program. The program should block the signals that it handles itself before
 * it opens a tree, because those threads inherit the mask.
 *
 * Processes: all nodes are children of the calling process, in a process group of their own. The
 * library reaps them, and no other child. The program must not ignore SIGCHLD, and must reap only
 * its own children, because waitpid(-1) takes the exit statuses of nodes away. The library survives
 * that, but cannot say how such a node ended. Nodes end when the process that opened the tree ends,
 * however it ends. A process may open several trees.
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
    BANYAN_SYSTEM = 13,       /* the system refused something; the text says what */
    BANYAN_UNKNOWN = 14,      /* no such command */
};

/* What is known about a node. These values do not change. */
enum banyan_state {
    BANYAN_STARTING = 0,  /* its process is being started */
    BANYAN_AVAILABLE = 1, /* it answers */
    BANYAN_SILENT = 2,    /* its process lives but does not answer: it may be stopped */
    BANYAN_ENDED = 3,     /* its process has ended */
};

/* What a node is connected to: its parent, or else the nearest available node above, or else the
 * controller. */
enum banyan_link {
    BANYAN_LINK_NONE = 0,       /* nothing, because it is unavailable */
    BANYAN_LINK_CONTROLLER = 1, /* the controller */
    BANYAN_LINK_NODE = 2,       /* a node */
};

/* A node, as banyan_status reports it. */
struct banyan_node {
    int64_t id;
    int64_t pid; /* of its process, also if that has ended */
    enum banyan_state state;
    int64_t parent; /* in the search tree; BANYAN_NO_PARENT: it is the root */
    enum banyan_link link;
    int64_t connected_to; /* with BANYAN_LINK_NODE: the id of that node */
    int adopted;          /* it is not connected to its parent, which is unavailable */
    size_t depth;         /* edges from the root of the search tree, from 0 */
    uint64_t execs;       /* execs that were answered with a sum of this node */
    uint64_t numbers;     /* numbers added in them */
    int64_t survey_us;    /* from the start of the last survey that it answered to its answer, in
                               microseconds; -1: it has answered none */
    uint64_t started_us;  /* when it joined the tree, in microseconds since 1970 */
};

struct banyan;
struct banyan_exec;

/* The answer to a command; valid during the call of options.answered. */
struct banyan_answer;

struct banyan_options {
    /* Called with each answer; tag is the command's. The callback may give further commands; it
     * must not close the tree. */
    void (*answered)(void *arg, void *tag, const struct banyan_answer *answer);
    void *arg;
    /* Called with a line for people, without a newline, when something happens to a node. NULL: no
     * such lines. */
    void (*noticed)(void *arg, const char *line);
    /* Where to make the directory of the sockets; NULL: $TMPDIR, or /tmp. */
    const char *directory;
    /* The program of the nodes. NULL: beside the running program, or where it was installed. */
    const char *node_program;
    /* Of a survey: a node that answers later is unavailable. 0: the default, 1000. */
    unsigned deadline_ms;
};

/* Starts a controller with an empty tree. The options are copied, the strings in them are not.
 * NULL: it cannot start; error, of size bytes, says why. */
struct banyan *banyan_open(const struct banyan_options *options, char *error, size_t size);

/* Ends every node and frees everything. Pending commands get no answer. NULL is allowed. */
void banyan_close(struct banyan *tree);

/* The same for a program that ends now: memory and connections are left to the end of the process,
 * because closing many connections may take seconds. No call may follow. */
void banyan_leave(struct banyan *tree);

/* A descriptor that is readable when banyan_process has something to do. It belongs to the tree. */
int banyan_fd(const struct banyan *tree);

/* Handles all events so far, without waiting, and reports answers. */
void banyan_process(struct banyan *tree);

/* Lets the commands so far take effect, and reports the answers that are known. banyan_process does
 * this, too; call banyan_flush after a batch of commands, before the program waits. */
void banyan_flush(struct banyan *tree);

/* Nonzero while so much is in flight that the program should give no further command, and read no
 * further input for one. */
int banyan_busy(const struct banyan *tree);

/* Writes the ids of the nodes that exist, available or not, to ids: in ascending order, at most
 * `room` of them. Returns how many exist. */
size_t banyan_ids(const struct banyan *tree, int64_t *ids, size_t room);

/* Starts a node at its place in the tree. parent: BANYAN_NO_PARENT, or an existing node above that
 * place. */
void banyan_create(struct banyan *tree, int64_t id, int64_t parent, void *tag);

/* Ends a node and all below it, and forgets them. */
void banyan_kill(struct banyan *tree, int64_t id, void *tag);

/* Lists the nodes that cannot be reached. */
void banyan_pingall(struct banyan *tree, void *tag);

/* Reports what is known about a node, and what happened to it, in lines for people. */
void banyan_explain(struct banyan *tree, int64_t id, void *tag);

/* Report one node; a node and all below it; all nodes (banyan_answer_nodes). The first waits only
 * for pending creates and kills on the way to the node, the others for every create, kill and
 * pingall before them. */
void banyan_status(struct banyan *tree, int64_t id, void *tag);
void banyan_status_subtree(struct banyan *tree, int64_t id, void *tag);
void banyan_status_all(struct banyan *tree, void *tag);

/* Makes a node add n integers. text, of len bytes, holds them in decimal, separated by spaces and
 * tabs; it is copied. */
void banyan_exec(struct banyan *tree, int64_t id, uint64_t n, const char *text, size_t len,
                 void *tag);

/* The same with integers that come piece by piece, in bounded memory. from_file, if nonzero: any
 * white space separates them. NULL: out of memory, which is the answer. Until banyan_exec_end,
 * banyan_exec_room returns whether and where the next bytes may be written:
 *   1: up to *room bytes at *at, 64 at least, until the next banyan_process or banyan_flush;
 *      banyan_exec_filled says how many were written
 *   0: too much is in flight: ask again after banyan_process
 *  -1: the answer is known; the rest is not needed */
struct banyan_exec *banyan_exec_begin(struct banyan *tree, int64_t id, uint64_t n, int from_file,
                                      void *tag);
int banyan_exec_room(struct banyan_exec *exec, char **at, size_t *room);
void banyan_exec_filled(struct banyan_exec *exec, size_t len);
void banyan_exec_end(struct banyan_exec *exec);
/* Instead of banyan_exec_end: the integers cannot be read; the answer contains the text, which is
 * copied. */
void banyan_exec_fail(struct banyan_exec *exec, const char *text);

/* ---- answers ---- */

enum banyan_code banyan_answer_code(const struct banyan_answer *answer);
/* The code's name for programs, which does not change: "not_found". */
const char *banyan_answer_name(const struct banyan_answer *answer);
/* Writes the whole answer as banyan(1) prints it, without a newline, as snprintf: at most size
 * bytes with the end mark. Returns the length of the whole answer. For a status it is only "Ok". */
size_t banyan_answer_text(const struct banyan_answer *answer, char *text, size_t size);
/* The same for an error, without "Error: " or "Error:ID: " before it: "Not found". */
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

/* The versions of banyan ("0.1.0") and of the nng that it uses ("nng 1.5.2 (static, patched)"). */
const char *banyan_version(void);
const char *banyan_nng_version(void);

#ifdef __cplusplus
}
#endif

#endif
