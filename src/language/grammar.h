/*
 * grammar: the commands, in one table, and the parser that reads lines by it. Help, completion,
 * JSON and errors of usage use the same table, so a new command is one row here, one kind of
 * request, and one case in cli/run.c.
 *
 * Pure; any thread.
 */
#ifndef BANYAN_GRAMMAR_H
#define BANYAN_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "answer.h"
#include "words.h"

/* What a command asks for. */
enum request_kind {
    REQUEST_CREATE,
    REQUEST_EXEC,
    REQUEST_EXEC_FILE,
    REQUEST_PINGALL,
    REQUEST_KILL,
    REQUEST_TREE,
    REQUEST_DOT,
    REQUEST_STATUS,
    REQUEST_EXPLAIN,
    REQUEST_HELP,
    REQUEST_EXIT,
};

/* What an argument is. The last three take all the rest of the line. */
enum argument {
    ARGUMENT_NONE,    /* there is no such argument */
    ARGUMENT_NEW_ID,  /* the id of a node that does not exist yet */
    ARGUMENT_NODE,    /* the id of a node */
    ARGUMENT_PARENT,  /* the id of a node, or -1, which means that none is given */
    ARGUMENT_COUNT,   /* how many numbers there are */
    ARGUMENT_LITERAL, /* the word in form.literal */
    ARGUMENT_NUMBERS, /* numbers; the only argument that may not have been read to its end */
    ARGUMENT_FILE,    /* the sign '<' and the name of a file */
    ARGUMENT_ANY,     /* anything; it is ignored */
};

enum { FORM_ARGUMENTS = 3 };

/* A command in one of its forms. */
struct form {
    const char *name;
    const char *arguments; /* as help shows them; arguments in brackets are optional */
    const char *summary;   /* NULL: another name of the form before it */
    enum request_kind kind;
    enum argument kinds[FORM_ARGUMENTS]; /* of the first, the second, ... argument */
    unsigned required;                   /* how many arguments are needed */
    bool other;          /* another form of the command before it, which has its own word or sign */
    const char *literal; /* the word of an ARGUMENT_LITERAL */
};

/* The table, in the order of help; the forms of one command follow each other. A form without a
 * name ends it. */
extern const struct form forms[];

/* Writes the list of commands that `help` and --help show. */
void forms_help(FILE *file);

struct request {
    const struct form *form; /* NULL: the command is not known */
    bool named;              /* the command names a node: id */
    bool whole;              /* the line is whole, so `rest` has all numbers */
    int64_t id;
    int64_t parent;   /* BANYAN_NO_PARENT: not given */
    uint64_t n;       /* of an exec; 0: a word that is no such number */
    struct word rest; /* the numbers, or the name of the file; borrowed from the line */
};

/* Why a line is refused. */
struct refusal {
    struct answer answer;
    char text[256]; /* answer.text may point to it */
};

enum parse {
    PARSE_NOTHING, /* the line is empty or a comment */
    PARSE_REQUEST,
    PARSE_REFUSED,
};

/* Reads a line. whole false: the line is only a beginning, of the length that command_head
 * returned. Fills in the request; for a refused line only its form. With PARSE_REFUSED fills in the
 * refusal. */
enum parse command_parse(struct words line, bool whole, struct request *request,
                         struct refusal *refusal);

/* How many bytes of a line's beginning must be parsed: after them come only numbers, or the line is
 * refused anyway. The last of the len bytes may be in the middle of a word, so a last word does not
 * decide what the line is. */
size_t command_head(const char *line, size_t len);

#endif
