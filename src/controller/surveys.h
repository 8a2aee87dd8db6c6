/* surveys: questions to all nodes, which go down the overlay hop by hop. */
#ifndef BANYAN_SURVEYS_H
#define BANYAN_SURVEYS_H

#include <stdbool.h>
#include <stdint.h>

/* The engine's port: starts a survey -> engine_heard, then engine_surveyed. Times in microseconds.
 * False: out of memory. */
bool surveys_start(void *tree, uint64_t round, uint64_t budget_us, uint64_t slack_us);

#endif
