/* timers: when something in the engine is due. Times are the engine's, in microseconds; 0:
 * never. */
#ifndef BANYAN_TIMERS_H
#define BANYAN_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct engine;

enum { RETRY_US = 3000 }; /* after a broken path: about the time that a repair takes */

/* The earlier of two times; either may be 0. */
uint64_t timer_earlier(uint64_t one_us, uint64_t other_us);

bool timer_due(const struct engine *engine, uint64_t at_us);

/* Something is due at that time: engine_tick will then look at all members. 0: nothing. */
void timer_set(struct engine *engine, uint64_t at_us);

/* A request that may take too long is in flight: patience.c will watch it. */
void timer_watch(struct engine *engine);

#endif
