/* answers: reports answers and notices to the program. Both functions are ports of the engine,
 * called by the thread of the tree. */
#ifndef BANYAN_ANSWERS_H
#define BANYAN_ANSWERS_H

#include "language/answer.h"

void answers_report(void *tree, void *tag, const struct answer *answer);
void answers_notice(void *tree, const char *line);

#endif
