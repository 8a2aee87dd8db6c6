/*
 * replies: answers on their way out. A command is expected, which takes its ticket and its tag; its
 * answer becomes text or JSON and goes through the order to the output. An error is also told on
 * standard error (errors.h).
 *
 * One thread.
 */
#ifndef BANYAN_REPLIES_H
#define BANYAN_REPLIES_H

#include "banyan.h"
#include "calls.h"
#include "errors.h"
#include "order.h"
#include "output.h"
#include "screen.h"
#include "view.h"

struct replies {
    struct order *order;   /* owned */
    struct calls calls;    /* pending commands */
    struct output *output; /* borrowed, as is the screen */
    struct screen *screen;
    struct errors errors;
    struct style style;
    bool json;
    size_t views;   /* pending commands that may be answered with many nodes */
    bool failed;    /* an answer was an error */
    bool exhausted; /* there was no memory for an answer */
};

/* Opens the order; all other members are set already. False: out of memory. */
bool replies_open(struct replies *replies, bool by_command);
void replies_close(struct replies *replies);

/* The tag for a request, which stands in that line. NULL: out of memory; then replies is
 * exhausted. */
void *replies_expect(struct replies *replies, const struct request *request, uint64_t line);

/* The answer to the command with that tag. */
void replies_answer(struct replies *replies, void *tag, const struct banyan_answer *answer);

/* Answers a request at once: because of an error in its line, or with the list of commands. */
void replies_refuse(struct replies *replies, const struct request *request, uint64_t line,
                    const struct answer *error);
void replies_help(struct replies *replies, const struct request *request, uint64_t line);

#endif
