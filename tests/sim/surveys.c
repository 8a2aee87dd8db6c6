/*
 * surveys.c: a question to all below: it goes to every connected child, and from there on; each
 * answers with its own serial and those that answered it, once all its children have answered or
 * were lost, or its share of the time is over.
 */
#include <inttypes.h>
#include <string.h>
#include <utlist.h>

#include "sim.h"

enum { PING_BYTES = WIRE_HEAD + 24 };

/* The question on one connection. */
struct question {
    struct survey *asker;
    struct link *link;
    struct message message;
    const uint64_t *serials; /* the answer */
    size_t count;
    bool settled; /* no survey waits for it */
};

struct survey {
    struct node *owner;
    uint64_t round;
    struct question *up; /* NULL: the controller's own */
    struct question *questions[MOST_CHILDREN];
    unsigned asked, pending;
    uint64_t serials[MOST_NODES];
    size_t count;
    bool over;
    struct survey *prev, *next;
};

static void answered(struct sim *sim, void *arg);

static void survey_end(struct sim *sim, struct survey *survey) {
    struct question *up = survey->up;
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

static void settle(struct sim *sim, struct question *question) {
    if (question->settled)
        return;
    question->settled = true;
    if (--question->asker->pending == 0)
        survey_end(sim, question->asker);
}

/* A node that was moved meanwhile may have answered twice. */
static void merge(struct sim *sim, struct survey *survey, uint64_t serial) {
    for (size_t i = 0; i < survey->count; i++) {
        if (survey->serials[i] == serial)
            return;
    }
    if (survey->count + 1 < MOST_NODES)
        survey->serials[survey->count++] = serial;
    else
        sim_fail(sim, "more nodes answer than there are");
}

static void answered(struct sim *sim, void *arg) {
    struct question *question = arg;
    struct survey *survey = question->asker;
    if (survey->over || question->settled)
        return;
    for (size_t i = 0; i < question->count; i++)
        merge(sim, survey, question->serials[i]);
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

static void start(struct sim *sim, struct node *owner, const struct rules_survey *what,
                  struct question *up);

static void asked(struct sim *sim, void *arg) {
    struct question *question = arg;
    const struct message *message = &question->message;
    struct node *node = question->link->to;
    struct wire_reader reader = {.at = message->bytes, .end = message->bytes + message->len};
    struct rules_survey survey;
    if (rules_survey(&node->rules, &reader, &survey))
        start(sim, node, &survey, question);
}

static struct message ping_message(struct sim *sim, const struct rules_survey *what) {
    uint8_t bytes[PING_BYTES];
    struct wire_writer writer = {.at = bytes, .end = bytes + sizeof bytes};
    wire_put_head(&writer, &(struct wire_head){.operation = WIRE_PING});
    wire_put_u64(&writer, what->round);
    wire_put_u64(&writer, what->budget_us);
    wire_put_u64(&writer, what->slack_us);
    return sim_message(sim, bytes, sizeof bytes);
}

static void ask(struct sim *sim, struct survey *survey, struct link *link,
                const struct message *message) {
    struct line *line = &link->lines[SOCKET_SURVEYS];
    struct question *question = sim_alloc(sim, sizeof *question);
    question->asker = survey;
    question->link = link;
    question->message = *message;
    survey->questions[survey->asked++] = question;
    survey->pending++;
    sim_at(sim, line_arrival(sim, line), link->to, asked, question);
}

static void start(struct sim *sim, struct node *owner, const struct rules_survey *what,
                  struct question *up) {
    struct survey *survey = sim_alloc(sim, sizeof *survey);
    struct message message = ping_message(sim, what);
    survey->owner = owner;
    survey->round = what->round;
    survey->up = up;
    DL_APPEND(owner->surveys, survey);
    for (unsigned i = 0; i < owner->child_count && what->budget_us > 0; i++) {
        if (owner->children[i].link->lines[SOCKET_SURVEYS].connected)
            ask(sim, survey, owner->children[i].link, &message);
    }
    if (survey->pending == 0)
        survey_end(sim, survey);
    else
        sim_in(sim, what->budget_us, owner, time_is_over, survey);
}

void survey_begin(struct sim *sim, uint64_t round, uint64_t budget_us, uint64_t slack_us) {
    start(sim, &sim->controller,
          &(struct rules_survey){.round = round, .budget_us = budget_us, .slack_us = slack_us},
          NULL);
}
