/*
 * program: finds the program of the nodes. BANYAN_NODE_PROGRAM is the path where it is installed,
 * BANYAN_NODE_RELATIVE the same path relative to the directory of the program banyan, so that an
 * installation that is moved as a whole keeps working.
 */
#ifndef BANYAN_PROGRAM_H
#define BANYAN_PROGRAM_H

#include <stddef.h>

/* Returns the path of the program, to be freed by the caller. given: that program; NULL: the one
 * beside the running program, or the installed one. On failure NULL; error, of size bytes, says
 * why. */
char *program_find(const char *given, char *error, size_t size);

#endif
