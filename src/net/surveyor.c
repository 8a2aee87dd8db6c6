#include "surveyor.h"

#include <pthread.h>
#include <stdlib.h>
#include <utlist.h>

#include "message.h"
#include "targets.h"

enum {
    LONGEST_US = 600 * 1000000,
    SERIALS_MOST = (WIRE_MESSAGE_MAX - WIRE_ANSWER_HEAD - 4) / 8 - 1, /* less this node's own */
    /* Of nng's own timer, made so long that it never fires; the aio has the survey's time. (Below
     * 1.7 a context locks up if it is reused while this timer fires; nng_patch.c leaves the timer
     * out there.) */
    NNG_TIME_MS = 24 * 3600 * 1000,
};

struct part { /* of a survey: its question on one socket */
    struct survey *survey;
    struct group *group;
    nng_ctx context;
    bool opened; /* the context exists */
    nng_aio *aio;
    enum { PART_IDLE, PART_SENDING, PART_RECEIVING } state;
    unsigned pending; /* children on this socket that neither answered nor were lost */
    struct part *next;
};

struct survey {
    struct surveyor *surveyor;
    uint64_t deadline_us;
    unsigned active; /* parts that are not over */
    struct part *parts;
    struct target **pending; /* borrowed; NULL where the child has answered or was lost */
    size_t pending_count, pending_room;
    uint64_t *serials;
    size_t count, room;
    survey_done *done;
    void *arg;
    struct survey *prev, *next;
};

struct surveyor {
    struct targets targets; /* and the lock of everything */
    struct survey *active, *idle;
    pthread_cond_t quiet; /* active is empty */
};

/* ---- a survey, under the surveyor's lock ---- */

static void part_event(void *arg);

/* The part of this survey for a group, made if necessary. NULL: out of memory. */
static struct part *part_of(struct survey *survey, struct group *group) {
    struct part *part;
    LL_FOREACH(survey->parts, part) {
        if (part->group == group)
            return part;
    }
    part = calloc(1, sizeof *part);
    if (part == NULL || nng_aio_alloc(&part->aio, part_event, part) != 0) {
        free(part);
        return NULL;
    }
    part->survey = survey;
    part->group = group;
    LL_PREPEND(survey->parts, part);
    return part;
}

static struct survey *survey_take(struct surveyor *surveyor) {
    struct survey *survey = surveyor->idle;
    if (survey != NULL)
        DL_DELETE(surveyor->idle, survey);
    else if ((survey = calloc(1, sizeof *survey)) == NULL)
        return NULL;
    survey->surveyor = surveyor;
    survey->active = 0;
    survey->count = survey->pending_count = 0;
    return survey;
}

static bool grow(void **array, size_t *room, size_t wanted, size_t size) {
    if (wanted <= *room)
        return true;
    size_t larger = wanted < 16 ? 16 : wanted * 2;
    void *moved = realloc(*array, larger * size);
    if (moved == NULL)
        return false;
    *array = moved;
    *room = larger;
    return true;
}

static bool survey_expect(struct survey *survey, struct target *target) {
    struct part *part = part_of(survey, target->group);
    if (part == NULL || !grow((void **)&survey->pending, &survey->pending_room,
                              survey->pending_count + 1, sizeof *survey->pending))
        return false;
    survey->pending[survey->pending_count++] = target;
    part->pending++;
    return true;
}

/* A child has answered, or was lost: it is no longer pending. */
static void survey_settle(struct survey *survey, const struct target *target) {
    for (size_t i = 0; i < survey->pending_count; i++) {
        if (survey->pending[i] == target) {
            struct part *part = part_of(survey, target->group);
            survey->pending[i] = NULL;
            if (part->pending > 0) /* not over yet */
                part->pending--;
            return;
        }
    }
}

static void survey_settle_serial(struct survey *survey, uint64_t serial) {
    for (size_t i = 0; i < survey->pending_count; i++) {
        if (survey->pending[i] != NULL && survey->pending[i]->serial == serial) {
            survey_settle(survey, survey->pending[i]);
            return;
        }
    }
}

/* Adds the serials of an answer. Ignores an answer that does not decode, or with which the row
 * would not fit one message. */
static void survey_merge(struct survey *survey, nng_msg *answer) {
    struct wire_reader reader = message_reader(answer);
    enum wire_status status;
    if (!wire_get_answer(&reader, WIRE_PING, &status) || status != WIRE_OK)
        return;
    uint32_t count = wire_get_u32(&reader);
    if ((size_t)(reader.end - reader.at) != (size_t)count * 8 ||
        count > SERIALS_MOST - survey->count ||
        !grow((void **)&survey->serials, &survey->room, survey->count + count,
              sizeof *survey->serials))
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t serial = wire_get_u64(&reader);
        survey->serials[survey->count++] = serial;
        survey_settle_serial(survey, serial);
    }
}

static void part_receive(struct part *part) {
    uint64_t now_us = net_now_us(), deadline_us = part->survey->deadline_us;
    uint64_t left_ms = deadline_us > now_us ? (deadline_us - now_us + 999) / 1000 : 1;
    part->state = PART_RECEIVING;
    nng_aio_set_timeout(part->aio, (nng_duration)left_ms);
    nng_ctx_recv(part->context, part->aio);
}

static void part_end(struct part *part) {
    part->state = PART_IDLE;
    part->pending = 0;
    part->survey->active--;
}

static bool part_context(struct part *part) {
    if (part->opened)
        return true;
    if (nng_ctx_open(&part->context, part->group->socket) != 0)
        return false;
    nng_ctx_set_ms(part->context, NNG_OPT_SURVEYOR_SURVEYTIME, NNG_TIME_MS);
    part->opened = true;
    return true;
}

static void part_send(struct part *part, nng_msg *question, nng_duration timeout_ms) {
    struct survey *survey = part->survey;
    if (!part_context(part)) {
        part->pending = 0;
        nng_msg_free(question);
        return;
    }
    survey->active++;
    part->state = PART_SENDING;
    nng_aio_set_msg(part->aio, question);
    nng_aio_set_timeout(part->aio, timeout_ms);
    nng_ctx_send(part->context, part->aio);
}

/* ---- events ---- */

/* Without the lock: reports the result, and keeps the record for the next survey. */
static void survey_finish(struct survey *survey) {
    struct surveyor *surveyor = survey->surveyor;
    survey->done(survey->arg, survey->serials, survey->count);
    pthread_mutex_lock(&surveyor->targets.lock);
    DL_DELETE(surveyor->active, survey);
    DL_PREPEND(surveyor->idle, survey);
    if (surveyor->active == NULL)
        pthread_cond_broadcast(&surveyor->quiet);
    pthread_mutex_unlock(&surveyor->targets.lock);
}

static void part_event(void *arg) {
    struct part *part = arg;
    struct survey *survey = part->survey;
    pthread_mutex_lock(&survey->surveyor->targets.lock);
    int error = nng_aio_result(part->aio);
    nng_msg *message = nng_aio_get_msg(part->aio);
    nng_aio_set_msg(part->aio, NULL);
    if (part->state == PART_RECEIVING && error == 0)
        survey_merge(survey, message);
    if (message != NULL)
        nng_msg_free(message);
    if (error == 0 && part->pending > 0)
        part_receive(part);
    else
        part_end(part);
    bool over = survey->active == 0;
    pthread_mutex_unlock(&survey->surveyor->targets.lock);
    if (over)
        survey_finish(survey);
}

/* A target_lost; under the lock. */
static void target_gone(void *arg, const struct target *target) {
    struct surveyor *surveyor = arg;
    struct survey *survey;
    struct part *part;
    DL_FOREACH(surveyor->active, survey) {
        survey_settle(survey, target);
        LL_FOREACH(survey->parts, part) {
            if (part->state == PART_RECEIVING && part->pending == 0)
                nng_aio_abort(part->aio, NNG_ECANCELED);
        }
    }
}

/* ---- starting ---- */

static nng_msg *question_new(uint64_t round, uint64_t budget_us, uint64_t slack_us) {
    struct wire_writer writer;
    nng_msg *question = message_request(&(struct wire_head){.operation = WIRE_PING}, 24, &writer);
    if (question == NULL)
        return NULL;
    wire_put_u64(&writer, round);
    wire_put_u64(&writer, budget_us);
    wire_put_u64(&writer, slack_us);
    return question;
}

void survey_start(struct surveyor *surveyor, uint64_t round, uint64_t budget_us, uint64_t slack_us,
                  survey_done *done, void *arg) {
    struct target *target;
    struct part *part;
    if (budget_us > LONGEST_US) /* it comes from a peer, so it may be anything */
        budget_us = LONGEST_US;
    nng_duration budget_ms = (nng_duration)(budget_us / 1000);
    net_defer();
    pthread_mutex_lock(&surveyor->targets.lock);
    struct survey *survey = budget_ms > 0 ? survey_take(surveyor) : NULL;
    if (survey == NULL) {
        pthread_mutex_unlock(&surveyor->targets.lock);
        net_run_deferred();
        done(arg, NULL, 0);
        return;
    }
    survey->deadline_us = net_now_us() + budget_us;
    survey->done = done;
    survey->arg = arg;
    DL_APPEND(surveyor->active, survey);
    DL_FOREACH(surveyor->targets.all, target) {
        if (target->connected)
            survey_expect(survey, target); /* if it fails, the controller asks directly later */
    }
    LL_FOREACH(survey->parts, part) {
        nng_msg *question = part->pending > 0 ? question_new(round, budget_us, slack_us) : NULL;
        if (question != NULL)
            part_send(part, question, budget_ms);
        else
            part->pending = 0;
    }
    bool over = survey->active == 0;
    pthread_mutex_unlock(&surveyor->targets.lock);
    if (over)
        survey_finish(survey);
    net_run_deferred();
}

/* ---- the surveyor ---- */

struct surveyor *surveyor_new(void) {
    struct surveyor *surveyor = calloc(1, sizeof *surveyor);
    if (surveyor == NULL)
        return NULL;
    targets_open(&surveyor->targets, target_gone, surveyor);
    pthread_cond_init(&surveyor->quiet, NULL);
    return surveyor;
}

static void survey_free(struct survey *survey) {
    struct part *part, *next;
    LL_FOREACH_SAFE(survey->parts, part, next) {
        nng_aio_free(part->aio);
        free(part);
    }
    free(survey->pending);
    free(survey->serials);
    free(survey);
}

void surveyor_free(struct surveyor *surveyor) {
    struct survey *survey, *next;
    targets_close(&surveyor->targets); /* every survey in flight ends */
    pthread_mutex_lock(&surveyor->targets.lock);
    while (surveyor->active != NULL)
        pthread_cond_wait(&surveyor->quiet, &surveyor->targets.lock);
    pthread_mutex_unlock(&surveyor->targets.lock);
    DL_FOREACH_SAFE(surveyor->idle, survey, next) {
        survey_free(survey);
    }
    targets_free(&surveyor->targets);
    pthread_cond_destroy(&surveyor->quiet);
    free(surveyor);
}

int surveyor_add(struct surveyor *surveyor, uint64_t serial, const char *url) {
    return targets_add(&surveyor->targets, serial, url);
}

void surveyor_remove(struct surveyor *surveyor, uint64_t serial) {
    targets_remove(&surveyor->targets, serial);
}
