/*
 * surveys.c: a question to all below: it goes to every connected child, and from there on; each
 * answers with its own serial and those that answered it, once all its children have answered or
 * were lost, or its share of the time is over.
 */
#include <string.h>
#include <utlist.h>

#include "sim.h"

/* The question on one connection. */
struct link_question {
    struct survey *asker;
    struct link *link;
    uint64_t deadline_us;
    const uint64_t *serials; /* the answer */
    size_t count;
    bool settled; /* nobody waits for it */
};

struct survey {
    struct node *owner;
    uint64_t round, slack_us;
    struct link_question *up; /* NULL: the controller's own */
    struct link_question *questions[MOST_CHILDREN];
    unsigned asked, pending;
    uint64_t serials[MOST_NODES];
    size_t count;
    bool over;
    struct survey *prev, *next;
};

static void answered(struct sim *sim, void *arg);

static void survey_end(struct sim *sim, struct survey *survey) {
    struct link_question *up = survey->up;
    if (survey->over)
        return;
    survey->over = true;
    DL_DELETE(survey->owner->surveys, survey);
    if (up != NULL) {
        survey->serials[survey->count++] = survey->owner->serial;
        up->serials = survey->serials;
        up->count = survey->count;
        sim_in(sim, latency(sim), up->link->from, answered, up);
        return;
    }
    shell_post(sim, &(struct posted){.kind = POST_SURVEYED,
                                     .serial = survey->round,
                                     .serials = survey->serials,
                                     .count = survey->count});
}

static void settle(struct sim *sim, struct link_question *question) {
    if (question->settled)
        return;
    question->settled = true;
    if (--question->asker->pending == 0)
        survey_end(sim, question->asker);
}

static void answered(struct sim *sim, void *arg) {
    struct link_question *question = arg;
    struct survey *survey = question->asker;
    if (survey->over || question->settled)
        return;
    memcpy(survey->serials + survey->count, question->serials,
           question->count * sizeof *question->serials);
    survey->count += question->count;
    settle(sim, question);
}

void survey_forget(struct sim *sim, struct link *link) {
    struct survey *survey, *next;
    DL_FOREACH_SAFE(link->from->surveys, survey, next) {
        for (unsigned i = 0; i < survey->asked && !survey->over; i++) {
            if (survey->questions[i]->link == link)
                settle(sim, survey->questions[i]);
        }
    }
}

static void time_is_over(struct sim *sim, void *arg) {
    survey_end(sim, arg);
}

/* A question that lay in the queue of a stopped node until its time was over is dropped. */
static void asked(struct sim *sim, void *arg) {
    struct link_question *question = arg;
    struct survey *asker = question->asker;
    if (question->deadline_us > sim->now_us)
        survey_start(sim, question->link->to, asker->round, question->deadline_us - asker->slack_us,
                     asker->slack_us, question);
}

static void ask(struct sim *sim, struct survey *survey, struct link *link, uint64_t deadline_us) {
    struct link_question *question = sim_alloc(sim, sizeof *question);
    question->asker = survey;
    question->link = link;
    question->deadline_us = deadline_us;
    survey->questions[survey->asked++] = question;
    survey->pending++;
    sim_in(sim, latency(sim), link->to, asked, question);
}

void survey_start(struct sim *sim, struct node *owner, uint64_t round, uint64_t deadline_us,
                  uint64_t slack_us, struct link_question *up) {
    struct survey *survey = sim_alloc(sim, sizeof *survey);
    survey->owner = owner;
    survey->round = round;
    survey->slack_us = slack_us;
    survey->up = up;
    DL_APPEND(owner->surveys, survey);
    for (unsigned i = 0; i < owner->child_count && deadline_us > sim->now_us + 1000; i++) {
        if (owner->children[i]->connected)
            ask(sim, survey, owner->children[i], deadline_us);
    }
    if (survey->pending == 0)
        survey_end(sim, survey);
    else
        sim_at(sim, deadline_us, owner, time_is_over, survey);
}
