/*
 * session: one run of the program banyan: commands in, answers out, one loop.
 *
 *   main.c     options, and how the program ends
 *   session.c  the loop
 *   input.c    commands from a file, a pipe or a terminal: lines of any length, in bounded memory
 *   commands.c the table of commands
 *   calls.c    the tags of commands: what is kept of each until it is answered
 *   reply.c    answers, as text or as JSON, and what errors cause besides
 *   sources.c  files that execs take their numbers from
 *   json.c     answers as JSON objects
 *   output.c   answers to standard output, without waiting for a slow reader
 *   view.h     what is shown of nodes
 *   screen.c   what stands at the foot of the terminal, while answers come above it
 *   terminal.c the line being typed there (with keys.c, complete.c, recall.c)
 *   progress.c how far long execs are
 *
 * The program is a client of banyan.h alone; from the core it takes what commands and answers look
 * like. Everything runs on one thread.
 */
#ifndef BANYAN_SESSION_H
#define BANYAN_SESSION_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "banyan.h"
#include "core/order.h"
#include "language/answer.h"
#include "language/words.h"
#include "progress.h"
#include "screen.h"
#include "view.h"

enum { EXIT_ERRORS = 1, EXIT_USAGE = 2, EXIT_START = 3 };

struct session;
struct command_entry;

struct output {
    int fd;
    bool plain;  /* a regular file: writing does not wait for a reader */
    bool broken; /* nobody reads it any more */
    char *buffer;
    size_t start, end, room;
};

struct input {
    int fd;
    bool terminal;
    bool ended; /* nothing more can be read */
    enum { INPUT_LINES, INPUT_NUMBERS, INPUT_SKIP } state;
    struct banyan_exec *exec; /* INPUT_NUMBERS: where the rest of the line goes */
    bool held_cr;      /* INPUT_NUMBERS: a CR that is a part of the line only if no LF follows */
    uint64_t begun_us; /* INPUT_NUMBERS: when it began */
    uint64_t moved;    /* INPUT_NUMBERS: bytes of the line so far */
    char *buffer;
    size_t start, end;
};

struct source;
struct terminal;

/* How the nodes of an answer are shown. */
enum view { VIEW_NONE, VIEW_TREE, VIEW_DOT, VIEW_TABLE, VIEW_NODE };

/* What is kept of a command until it is answered. */
struct call {
    uint64_t ticket;
    uint64_t line; /* of the input, from 1 */
    enum view view;
    /* with JSON only */
    bool named;                        /* it names one node */
    const struct command_entry *entry; /* NULL: no known command */
    uint64_t began_us;
};

struct calls {
    union slot *free; /* the one that was used last comes first */
    struct call_block *blocks;
};

struct session {
    struct banyan *tree;
    struct order *order;
    struct input input;
    struct output output;
    struct source *sources;
    size_t source_count;
    struct screen screen;
    struct terminal *terminal; /* NULL: lines are not edited, or no longer */
    struct progress progress;
    bool prompted;  /* without an editor: the prompt stands at the terminal */
    bool leaving;   /* no further command is taken */
    bool exhausted; /* there was no memory for an answer */
    FILE *log;      /* where notices go; NULL: there is no log */
    int signals;    /* the descriptor they come through */
    int signal;     /* that ends the program; 0: none */
    /* how answers are given */
    struct calls calls;
    struct style style;
    bool json;
    bool errexit; /* no further command is taken after an error */
    bool failed;  /* there was one */
    size_t views; /* calls that are answered with many nodes, perhaps */
    /* where errors are in the input */
    bool located;                      /* they are told on standard error */
    const char *name;                  /* of the input */
    uint64_t line;                     /* that is being run */
    struct output errors;              /* what goes there: nobody waits for its reader ... */
    uint64_t errors_lost;              /* ... so that some may be lost */
    const struct command_entry *entry; /* the command that is being run; NULL: not known */
};

/* session.c */
/* Runs until the commands are at their end and answered, or a signal comes. */
void session_run(struct session *session, int signals);
/* Waits for something to happen, and does what there is to do then. */
void session_turn(struct session *session);
/* Sends and shows what the commands so far have brought about. Before a turn. */
void session_settle(struct session *session);
/* Everything is answered, or a signal has come. */
bool session_is_over(const struct session *session);
/* For banyan_options. */
void session_noticed(void *arg, const char *line);

/* calls.c */
/* The tag of the command that is being run; NULL: out of memory, and the session is leaving. */
void *call_new(struct session *session, enum view view, bool named);
/* Gives the tag back, when the command is answered. */
struct call call_take(struct session *session, void *tag);
uint64_t call_elapsed_us(const struct call *call);
void calls_close(struct calls *calls);

/* reply.c */
/* For banyan_options. */
void session_answered(void *arg, void *tag, const struct banyan_answer *answer);
/* Answers a command that never came to the tree, because of an error in its line. */
void session_refuse(struct session *session, const struct answer *error);
void session_help(struct session *session);
/* Tells what is still to be told of errors, as far as somebody reads it within a second. */
void errors_close(struct session *session);

/* input.c */
bool input_open(struct input *input, int fd);
void input_close(struct input *input);
/* Whether so much is under way that further commands must wait. */
bool input_stalled(const struct session *session);
/* Whether it should be polled now. */
bool input_wanted(const struct session *session);
/* Takes what has been read before; then reads once if there is something to read. */
void input_step(struct session *session, bool readable);
/* Adds a long line that is being read. */
void input_progress(const struct session *session, struct transfer *transfer);

/* commands.c */
/* Runs one line. If it is only the beginning of a long one (whole is false), the numbers of an exec
 * go to the result; NULL: the rest of the line is not wanted. */
struct banyan_exec *command_line(struct session *session, const char *line, size_t len, bool whole);
void commands_help(FILE *file);

/* What an argument of a command is, for those who complete it. */
enum argument {
    ARGUMENT_NONE,   /* there is none */
    ARGUMENT_NEW_ID, /* an id that no node has */
    ARGUMENT_NODE,   /* the id of a node */
    ARGUMENT_NUMBER,
    ARGUMENT_LITERAL, /* the word that `arguments` has in its place */
    ARGUMENT_FILE,
};

enum { COMMAND_ARGUMENTS = 4 };

/* A command in one of its forms. */
struct command_entry {
    const char *name;
    const char *arguments; /* as help shows them; those in brackets may be left out */
    const char *summary;   /* NULL: another name of the entry before it */
    enum argument kinds[COMMAND_ARGUMENTS]; /* of the first, the second, ... argument */
    void (*run)(struct session *session, struct words *words); /* NULL: exec, which may go on beyond
                                                                  what has been read */
};

/* The table of commands, in the order in which help shows it; the forms of one follow each other. */
size_t commands_count(void);
const struct command_entry *commands_at(size_t i);

/* sources.c */
/* Has the numbers of an exec read from a file. */
void source_open(struct session *session, int64_t id, uint64_t n, struct word path, void *tag);
/* Fills in what to poll for; returns how many entries. ready: something can be read at once. */
size_t sources_poll(struct session *session, struct pollfd *polls, bool *ready);
void sources_step(struct session *session);
void sources_close(struct session *session);
/* Adds what is being read. */
void sources_progress(const struct session *session, struct transfer *transfer);
enum { SOURCES_MOST = 64 };

/* json.c */
/* The answer to a call as one line, without its newline, to be freed; NULL: out of memory. */
char *json_answer(const struct call *call, const struct banyan_answer *answer);
char *json_error(const struct call *call, const struct answer *error);
char *json_help(const struct call *call);

/* output.c */
bool output_put(struct output *output, const char *text, size_t len);
void output_flush(struct output *output);
size_t output_pending(const struct output *output);

#endif
