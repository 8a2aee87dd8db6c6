/*
 * answer: what a command is answered with, and how it reads. Every text that the contract fixes is
 * in answer.c and nowhere else.
 *
 * Pure; any thread.
 */
#ifndef BANYAN_ANSWER_H
#define BANYAN_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "number.h"
#include "verdict.h"

enum answer_code {
    ANSWER_OK,
    ANSWER_NOT_FOUND,
    ANSWER_UNAVAILABLE,
    ANSWER_EXISTS,
    ANSWER_NO_PARENT,
    ANSWER_PARENT_UNAVAILABLE,
    ANSWER_WRONG_PARENT,
    ANSWER_BAD_ID,
    ANSWER_BAD_N,
    ANSWER_WRONG_COUNT,
    ANSWER_NOT_INTEGER,
    ANSWER_OUT_OF_RANGE,
    ANSWER_USAGE,   /* text says what was wrong with the command */
    ANSWER_SYSTEM,  /* text says what the machine refused */
    ANSWER_UNKNOWN, /* word is no command */
    ANSWER_CODES,
};

enum answer_command {
    ANSWER_CREATE,
    ANSWER_EXEC,
    ANSWER_PINGALL,
    ANSWER_KILL,
    ANSWER_EXPLAIN,
    ANSWER_STATUS,
    ANSWER_LINE, /* a line that is none of them */
};

/* To whom a node is connected. */
enum answer_link {
    ANSWER_LINK_NONE,       /* to nobody: it is unavailable */
    ANSWER_LINK_CONTROLLER, /* to the controller */
    ANSWER_LINK_NODE,       /* to another node */
};

/* What is held of one node. */
struct answer_node {
    int64_t id, pid;
    enum verdict state;
    int64_t parent; /* in the search tree; -1: it is the root */
    enum answer_link link;
    int64_t connected_to; /* with ANSWER_LINK_NODE */
    size_t depth;         /* edges from the root of the search tree */
    uint64_t execs;       /* answered with a sum */
    uint64_t numbers;     /* added in these */
    int64_t survey_us;    /* from the start of the last survey that it answered; -1: none */
    uint64_t started_us;  /* since 1970 */
};

struct answer {
    enum answer_command command;
    enum answer_code code;
    int64_t id;             /* the node that the command named */
    int64_t pid;            /* create: the process id of the node */
    int128 sum;             /* exec: the exact sum */
    const int64_t *ids;     /* pingall: the unavailable nodes, ascending; borrowed */
    size_t id_count;        /* pingall: how many */
    int64_t parent;         /* WRONG_PARENT: the parent that was given ... */
    int64_t place;          /* ... and the one that the search tree wants */
    uint64_t expected, got; /* WRONG_COUNT */
    uint64_t position;      /* NOT_INTEGER, OUT_OF_RANGE: which number, from 1 */
    const char *word;       /* NOT_INTEGER, OUT_OF_RANGE, BAD_ID, UNKNOWN: the word; borrowed */
    size_t word_len;        /* its length; only the first ANSWER_WORD_MAX bytes are shown */
    /* USAGE, SYSTEM: the message; explain: the lines; UNKNOWN: what there is, or NULL; borrowed */
    const char *text;
    /* status: the nodes, parents before children, left before right; borrowed */
    const struct answer_node *nodes;
    size_t node_count;
};

enum {
    ANSWER_WORD_MAX = 64,     /* bytes of a wrong word that an error shows */
    ANSWER_N_MAX = 100000000, /* the most numbers of one exec */
};

/* A short name of the code that never changes, for programs ("not_found"). */
const char *answer_name(enum answer_code code);

/* Writes the answer's line, without its newline, to text as snprintf does: at most size bytes with
 * the end mark; returns the length that the whole has. */
size_t answer_print(const struct answer *answer, char *text, size_t size);

/* The same of an error alone: what comes after "Error: " or "Error:ID: ". */
size_t answer_print_error(const struct answer *answer, char *text, size_t size);

#endif
