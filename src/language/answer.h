/*
 * answer: the answer to a command, and its text. Every text that the contract fixes is in answer.c
 * and nowhere else. Codes, states and the records of nodes are those of banyan.h.
 *
 * Pure; any thread.
 */
#ifndef BANYAN_ANSWER_H
#define BANYAN_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "banyan.h"
#include "number.h"

/* Which command an answer belongs to. */
enum command_kind {
    COMMAND_CREATE,
    COMMAND_EXEC,
    COMMAND_PINGALL,
    COMMAND_KILL,
    COMMAND_EXPLAIN,
    COMMAND_STATUS,
    COMMAND_LINE, /* a line that is none of these commands */
};

struct answer {
    enum command_kind command;
    enum banyan_code code;
    int64_t id;             /* the node that the command named */
    int64_t pid;            /* create: the process id of the node */
    int128 sum;             /* exec: the exact sum */
    const int64_t *ids;     /* pingall: the unavailable nodes, ascending; borrowed */
    size_t id_count;        /* pingall: how many */
    int64_t parent;         /* WRONG_PARENT: the parent that was given */
    int64_t place;          /* WRONG_PARENT: the parent that the search finds */
    uint64_t expected, got; /* WRONG_COUNT */
    uint64_t position;      /* NOT_INTEGER, OUT_OF_RANGE: which number, from 1 */
    const char *word;       /* NOT_INTEGER, OUT_OF_RANGE, BAD_ID, UNKNOWN: the word; borrowed */
    size_t word_len;        /* its whole length; only ANSWER_WORD_MAX bytes are shown */
    /* USAGE, SYSTEM: the message; explain: the lines; UNKNOWN: the known commands, or NULL;
     * borrowed */
    const char *text;
    /* status: the nodes, parents before children, left before right; borrowed */
    const struct banyan_node *nodes;
    size_t node_count;
};

enum {
    ANSWER_WORD_MAX = 64,     /* bytes of a wrong word that an error shows */
    ANSWER_N_MAX = 100000000, /* the most numbers of one exec */
};

/* A short name of the code that never changes, for programs ("not_found"). */
const char *answer_name(enum banyan_code code);

/* A word for a state, for people and programs ("available"). */
const char *answer_state_name(enum banyan_state state);

/* Writes the answer, without a newline, as snprintf: at most size bytes with the end mark. Returns
 * the length of the whole answer. */
size_t answer_print(const struct answer *answer, char *text, size_t size);

/* The same, but only what comes after "Error: " or "Error:ID: ". */
size_t answer_print_error(const struct answer *answer, char *text, size_t size);

#endif
