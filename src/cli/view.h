/*
 * view: what is shown of nodes.
 *
 *   draw.c     the search tree as lines
 *   dot.c      the search tree and the overlay for Graphviz
 *   table.c    a table of nodes, and one node in lines
 *   memory.c   what the process of a node needs
 *
 * All but memory.c are functions of their arguments. The nodes are those of one answer, in its
 * order. What is written ends with a newline; that it could all be written, the caller sees when it
 * closes the file. One thread.
 */
#ifndef BANYAN_VIEW_H
#define BANYAN_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "banyan.h"

struct style {
    bool color; /* with the escape sequences of ECMA-48 */
    bool utf8;  /* with box characters; otherwise in ASCII */
};

/* The state in words, in its colour. */
void view_state(FILE *file, enum banyan_state state, const struct style *style);

/* False: out of memory. */
bool view_tree(FILE *file, const struct banyan_node *nodes, size_t count,
               const struct style *style);
void view_dot(FILE *file, const struct banyan_node *nodes, size_t count);
/* memory_kb: of each node; -1: not known. False: out of memory. */
bool view_table(FILE *file, const struct banyan_node *nodes, const int64_t *memory_kb, size_t count,
                const struct style *style);
void view_node(FILE *file, const struct banyan_node *node, int64_t memory_kb);

/* The memory of a process that is its own, in kB: what it shares with others counts in parts. -1:
 * not known. */
int64_t memory_of(int64_t pid);

#endif
