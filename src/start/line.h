/*
 * line: reads what nodes write on their birth lines.
 */
#ifndef BANYAN_LINE_H
#define BANYAN_LINE_H

#include "family.h"

/* Reads what the child has written, and records it. A child that reports a failure, or writes a
 * wrong line before it is ready, is killed. Under the family's lock. */
void line_take(struct family *family, struct child *child);

#endif
