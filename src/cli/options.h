/*
 * options: the program's options, in one table that parsing and --help share.
 */
#ifndef BANYAN_OPTIONS_H
#define BANYAN_OPTIONS_H

#include <stdbool.h>

#include "banyan.h"

/* The choices among words, as indices into them. */
enum { OUTPUT_TEXT, OUTPUT_JSON };
enum { ORDER_AUTO, ORDER_COMMAND, ORDER_COMPLETION };
enum { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

struct options {
    struct banyan_options tree;
    const char *file; /* where commands come from; NULL: standard input */
    const char *log;  /* NULL: none */
    bool errexit;
    int output, order, color, errors; /* choices */
};

/* Reads the arguments. With --help and --version it prints what they ask for, and exits; after
 * wrong usage it exits with this status. */
enum { EXIT_USAGE = 2 };
struct options options_read(int argc, char **argv);

#endif
