/*
 * session: one run of the program banyan: commands in, answers out, one loop.
 *
 *   main.c     options, and how the program ends
 *   session.c  the loop
 *   input.c    commands from a file, a pipe or a terminal: lines of any length, in bounded memory
 *   commands.c the table of commands
 *   sources.c  files that execs take their numbers from
 *   output.c   answers to standard output, without waiting for a slow reader
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

#include "controller/banyan.h"
#include "core/order.h"
#include "core/words.h"

enum { EXIT_USAGE = 2, EXIT_START = 3 };

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
    bool held_cr; /* INPUT_NUMBERS: a CR that is a part of the line only if no LF follows */
    char *buffer;
    size_t start, end;
};

struct source;

struct session {
    struct banyan *tree;
    struct order *order;
    struct input input;
    struct output output;
    struct source *sources;
    size_t source_count;
    bool prompted; /* the prompt stands at the terminal */
    bool leaving;  /* no further command is taken */
    bool failed;   /* because there was no memory */
    FILE *log;     /* where notices go; NULL: there is no log */
    int signal;    /* that ends the program; 0: none */
};

/* session.c */
/* Runs until the commands are at their end and answered, or a signal comes. */
void session_run(struct session *session, int signals);
/* A tag for a command's answer; NULL: out of memory, and the session is leaving. */
void *session_ticket(struct session *session);
/* Answers a command that never came to the tree. */
void session_refuse(struct session *session, const char *text);
/* For banyan_options. */
void session_noticed(void *arg, const char *line);
void session_answered(void *arg, void *tag, const struct banyan_answer *answer);

/* input.c */
bool input_open(struct input *input, int fd);
void input_close(struct input *input);
/* Whether it should be polled now. */
bool input_wanted(const struct session *session);
/* Takes what has been read before; then reads once if there is something to read. */
void input_step(struct session *session, bool readable);

/* commands.c */
/* Runs one line. If it is only the beginning of a long one (whole is false), the numbers of an exec
 * go to the result; NULL: the rest of the line is not wanted. */
struct banyan_exec *command_line(struct session *session, const char *line, size_t len, bool whole);
void commands_help(FILE *file);

/* sources.c */
/* Has the numbers of an exec read from a file. */
void source_open(struct session *session, int64_t id, uint64_t n, struct word path, void *tag);
/* Fills in what to poll for; returns how many entries. ready: something can be read at once. */
size_t sources_poll(struct session *session, struct pollfd *polls, bool *ready);
void sources_step(struct session *session);
void sources_close(struct session *session);
enum { SOURCES_MOST = 64 };

/* output.c */
bool output_put(struct output *output, const char *text, size_t len);
void output_flush(struct output *output);
size_t output_pending(const struct output *output);

#endif
