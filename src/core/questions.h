/*
 * questions: direct questions to single nodes, past the tree. A node has at most one open question.
 * Its answer counts for the surveys that had begun when the question was asked.
 */
#ifndef BANYAN_QUESTIONS_H
#define BANYAN_QUESTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct member;

/* A member's piece. questions.c writes asked and asked_round, rounds.c all else. */
struct hearing {
    uint64_t joined_round; /* the latest round that had begun when it joined */
    uint64_t heard_round;  /* the latest round that it answered */
    int64_t survey_us;     /* how long that answer took; -1: it answered none */
    uint64_t asked_round;  /* the latest round that had begun when it was asked directly */
    bool asked;            /* a direct question is open */
    bool answered;         /* to a direct question, and not handled yet */
    bool heard;            /* in a survey, and not handled yet */
};

/* Asks the node directly, unless a question is open. False: out of memory. */
bool question_ask(struct engine *engine, struct member *member);

/* Drops the open question, if there is one. */
void question_drop(struct engine *engine, struct member *member);

#endif
