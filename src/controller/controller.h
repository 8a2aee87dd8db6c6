/*
 * controller: the shell around the engine: it turns the engine's actions into messages, processes
 * and timers, and what comes back into the engine's events.
 *
 *   banyan.c    the public interface: opening, closing, commands
 *   answers.c   the public interface: what answers say
 *   loop.c      the one loop: descriptors, timer, and the inbox that nng's threads put into
 *   buffers.c   where the numbers of long execs lie
 *   asks.c      the engine's ports that are requests through the tree
 *   peers.c     the nodes as processes: starting, watching, ending, asking directly
 *   joins.c     the nodes' word that they have joined
 *   strays.c    nodes that nobody wants
 *   directory.c the directory of the sockets
 *   program.c   where the program of the nodes is
 *
 * Everything belongs to the thread that calls the public interface, except the inbox.
 */
#ifndef BANYAN_CONTROLLER_H
#define BANYAN_CONTROLLER_H

/* A failed allocation in a hash table is an error to report, not a reason to exit. */
#define HASH_NONFATAL_OOM 1

#include <pthread.h>
#include <uthash.h>

#include "banyan.h"
#include "core/engine.h"
#include "net/children.h"
#include "process/process.h"

enum { DIRECTORY_NAME_ROOM = 26 }; /* of the longest name in it: "/", a serial, ".req" */

enum post {
    POST_ASKED,     /* a request through the tree has ended */
    POST_PROBED,    /* a direct question has ended */
    POST_SURVEYED,  /* a survey has ended */
    POST_COLLECTED, /* this process has collected an exit status, or could not */
    POST_FAILED,    /* a node could not be started by this process */
};

/* Something that has ended. Made by whoever starts it; put into the inbox at its end. */
struct event {
    enum post kind;
    struct banyan *tree;
    enum wire_operation operation; /* ASKED */
    uint64_t serial;               /* the node that it is about */
    uint64_t version;              /* CHILDREN: of the set; SURVEYED: the round */
    struct bundle *bundle;         /* SUMS */
    int error;                     /* of nng; 0: reply is there */
    nng_msg *reply;
    bool collected;    /* COLLECTED: whether there was one ... */
    int status;        /* ... which, as of waitpid */
    char *text;        /* FAILED: why; NULL: out of memory */
    uint64_t *serials; /* SURVEYED: who answered */
    size_t count;
    struct event *next;
};

/* A node as a process and an address. */
struct peer {
    uint64_t serial;
    uint64_t parent;    /* the serial of the node that starts it; 0: this process */
    pid_t told;         /* by which process it was told that it has joined; 0: by none */
    bool leaves_strays; /* nodes that it has started, or is to start, have been forgotten */
    char address[WIRE_ADDRESS_MAX];
    pid_t starting; /* started by this process, but not watched yet */
    pid_t pid;      /* 0: not watched */
    int pidfd;      /* -1: not open */
    int birth;      /* -1: started by another node, or joined */
    bool exited;
    bool collected;
    struct wire_node node;
    struct link *probe; /* NULL: no direct question is outstanding */
    UT_hash_handle hh;
};

struct banyan {
    struct banyan_options options;
    struct engine *engine;
    struct children *children;
    struct peer *peers; /* uthash by serial */
    char *program;
    char directory[NET_PATH_MAX - DIRECTORY_NAME_ROOM + 1]; /* empty: there is none */
    int directory_lock;                                     /* -1: there is none */
    bool swept;                                             /* of what others had left */
    unsigned living; /* processes that are known to have been started, and have not ended */
    int epoll, timer, wake;
    int lifeline[2];
    int notify[2];        /* this process's end, the nodes' end */
    uint64_t timer_at;    /* what the timer is set to, in microseconds; UINT64_MAX: not set */
    pthread_mutex_t lock; /* of the inbox */
    struct event *inbox, **inbox_end;
    struct buffer *buffers; /* spare ones */
    unsigned buffer_count;
    struct slice_result *results; /* of the bundle that is being handled */
    uint32_t results_room;
};

/* What a descriptor in the epoll set is, in the top bits of its data; a serial below. */
enum watch { WATCH_WAKE = 1, WATCH_TIMER, WATCH_NOTIFY, WATCH_PROCESS, WATCH_BIRTH };

/* banyan.c */
unsigned trees_open(void); /* in this process */

/* answers.c */
void answers_tell(void *arg, void *tag, const struct answer *answer); /* the engine's port */

/* loop.c */
int loop_open(struct banyan *tree); /* 0, or an errno */
void loop_close(struct banyan *tree);
void loop_touch(struct banyan *tree); /* tells the engine the time */
int loop_watch(struct banyan *tree, int fd, enum watch watch, uint64_t serial); /* 0, or an errno */
struct event *event_new(struct banyan *tree, enum post kind, uint64_t serial);
void event_free(struct event *event);
void event_post(struct event *event); /* any thread */
struct event *events_take(struct banyan *tree);

/* asks.c */
void asks_ports(struct engine_ports *ports);
void asks_handle(struct banyan *tree, const struct event *event);
/* Has a node leave nothing of the one of that serial, which it has started: its process is ended, if
 * it lives, and its exit status collected. False: out of memory, or there is no such starter. */
bool ask_reap(struct banyan *tree, uint64_t serial, uint64_t starter);
/* The beginning of the message that carries the bundle, up to the texts. */
void asks_put_sums(struct wire_writer *writer, const struct bundle *bundle);

/* buffers.c */
void buffers_ports(struct engine_ports *ports);
nng_msg *buffer_message(const struct bundle *bundle); /* NULL: out of memory */
void buffers_free(struct banyan *tree);

/* peers.c */
void peers_ports(struct engine_ports *ports);
struct peer *peer_find(struct banyan *tree, uint64_t serial);
struct peer *peer_new(struct banyan *tree, const struct engine_node *node);
void peer_drop(struct banyan *tree, struct peer *peer);
bool peer_address(struct banyan *tree, struct peer *peer, char text[PROCESS_TEXT_MAX]);
bool peer_start(struct banyan *tree, struct peer *peer); /* false: out of memory */
bool peer_collect(struct banyan *tree, uint64_t serial); /* likewise */
/* Another node has started this one, by its own or that one's word, with that process id. False:
 * text says why it cannot be watched. */
bool peer_started_by(struct banyan *tree, struct peer *peer, pid_t pid,
                     char text[PROCESS_TEXT_MAX]);
/* Whether a process is known as a node, or its exit status awaited. */
bool peer_has_pid(const struct banyan *tree, pid_t pid);
void peer_birth(struct banyan *tree, struct peer *peer);
void peer_exited(struct banyan *tree, struct peer *peer);
void peers_handle(struct banyan *tree, const struct event *event);
void peers_end(struct banyan *tree); /* ends and collects every process */

/* joins.c */
void joins_read(struct banyan *tree);

/* strays.c */
/* A process has told that it is the node of that serial, of which nobody knows: ends it, if it is. */
void stray_end(struct banyan *tree, uint64_t serial, pid_t pid);
/* Ends and collects the nodes that have become children of this process, and that nobody knows. */
void strays_collect(struct banyan *tree);

/* directory.c */
bool directory_make(struct banyan *tree, char text[PROCESS_TEXT_MAX]); /* false: text says why */
void directory_remove(struct banyan *tree);
/* Where the node of that serial listens; empty if there is no directory. */
void directory_address(const struct banyan *tree, uint64_t serial, char address[WIRE_ADDRESS_MAX]);

/* program.c */
/* The path of the nodes' program, to be freed: the given one, or (NULL) one that is found beside
 * the running program or where it was installed to. NULL: there is none, and error says so. */
char *program_find(const char *given, char *error, size_t size);

#endif
