/*
 * json: answers for programs, one JSON object on a line for each command.
 *
 *     {"command":"exec","number":3,"line":4,"ok":true,"id":5,"sum":"42","elapsed_us":180}
 *     {"command":"kill","number":4,"line":5,"ok":false,"id":7,
 *      "error":{"code":"not_found","text":"Not found"},"elapsed_us":12}
 *
 * A member that does not apply is left out, except that a node without a parent has a parent that
 * is null. Sums are strings, because they may need more than 64 bits.
 *
 * One thread.
 */
#ifndef BANYAN_JSON_H
#define BANYAN_JSON_H

#include "banyan.h"
#include "calls.h"

/* The answer to a call as one line, without its newline, to be freed; NULL: out of memory. */
char *json_answer(const struct call *call, const struct banyan_answer *answer);
char *json_error(const struct call *call, const struct answer *error);
char *json_help(const struct call *call);

#endif
