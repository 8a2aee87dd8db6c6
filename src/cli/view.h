/*
 * view: what is shown of nodes.
 *
 *   draw.c     the search tree as lines
 *   dot.c      the search tree and the overlay for Graphviz
 *   table.c    a table of nodes, and one node in lines
 *   memory.c   how much memory the process of a node uses
 *
 * All but memory.c are pure. The nodes are those of one answer, in its order. What is written ends
 * with a newline. The caller checks the file for errors of writing. One thread.
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

/* Writes the name of a state, in its colour. */
void view_state(FILE *file, enum banyan_state state, const struct style *style);

/* False: out of memory. */
bool view_tree(FILE *file, const struct banyan_node *nodes, size_t count,
               const struct style *style);
void view_dot(FILE *file, const struct banyan_node *nodes, size_t count);
/* memory_kb: of each node; -1: not known. False: out of memory. */
bool view_table(FILE *file, const struct banyan_node *nodes, const int64_t *memory_kb, size_t count,
                const struct style *style);
void view_node(FILE *file, const struct banyan_node *node, int64_t memory_kb);

/* The memory of a node's process in kB; of pages that it shares, its share. -1: not known, or it
 * has ended. */
int64_t memory_of(const struct banyan_node *node);

#endif
