#include "surveyor.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "closer.h"
#include "wire/wire.h"

enum {
    PEERS_PER_SOCKET = 64,
    RECONNECT_FIRST_MS = 10,
    RECONNECT_LAST_MS = 500,
    LONGEST_US = 600 * 1000000,
    SERIALS_MOST = (WIRE_MESSAGE_MAX - WIRE_ANSWER_HEAD - 4) / 8 - 1, /* and one's own */
    /* Of nng's own timer, which is not wanted: ours is the aio's. (Below 1.7 a context locks up that is
     * used again while this one fires; there the repair has it never fire.) */
    NNG_TIME_MS = 24 * 3600 * 1000,
};

struct group { /* one socket */
    struct surveyor *surveyor;
    nng_socket socket;
    unsigned peers;
    struct group *next;
};

struct peer { /* one child */
    uint64_t serial;
    struct group *group;
    nng_dialer dialer;
    bool connected;       /* and surveys go to it */
    bool removed;         /* it is to be hung up on */
    struct closing later; /* how the closer does that */
    struct peer *prev, *next;
};

struct part { /* of a survey: what went out on one socket */
    struct survey *survey;
    struct group *group;
    nng_ctx context;
    bool opened; /* the context is there */
    nng_aio *aio;
    enum { PART_IDLE, PART_SENDING, PART_RECEIVING } state;
    unsigned pending; /* children on this socket that have neither answered nor been lost */
    struct part *next;
};

struct survey {
    struct surveyor *surveyor;
    uint64_t deadline_us;
    unsigned active; /* parts that are not over */
    struct part *parts;
    struct peer **pending; /* borrowed; NULL where the child has answered or was lost */
    size_t pending_count, pending_room;
    uint64_t *serials;
    size_t count, room;
    survey_done *done;
    void *arg;
    struct survey *prev, *next;
};

struct surveyor {
    pthread_mutex_t lock; /* of everything */
    struct group *groups;
    struct peer *peers;
    struct survey *active, *idle;
    pthread_cond_t quiet; /* active is empty */
};

struct surveyor *surveyor_new(void) {
    struct surveyor *surveyor = calloc(1, sizeof *surveyor);
    if (surveyor == NULL)
        return NULL;
    pthread_mutex_init(&surveyor->lock, NULL);
    pthread_cond_init(&surveyor->quiet, NULL);
    return surveyor;
}

/* ---- a survey, under the surveyor's lock ---- */

static void part_event(void *arg);

/* The part of this survey for a group, made if need be. NULL: out of memory. */
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

static bool survey_expect(struct survey *survey, struct peer *peer) {
    struct part *part = part_of(survey, peer->group);
    if (part == NULL || !grow((void **)&survey->pending, &survey->pending_room,
                              survey->pending_count + 1, sizeof *survey->pending))
        return false;
    survey->pending[survey->pending_count++] = peer;
    part->pending++;
    return true;
}

/* A child has answered, or nobody waits for it any more. */
static void survey_settle(struct survey *survey, const struct peer *peer) {
    for (size_t i = 0; i < survey->pending_count; i++) {
        if (survey->pending[i] == peer) {
            survey->pending[i] = NULL;
            part_of(survey, peer->group)->pending--;
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

/* Takes the serials out of an answer; one that does not decode says nothing, and neither does one
 * with more than can be handed on. */
static void survey_merge(struct survey *survey, nng_msg *answer) {
    const uint8_t *body = nng_msg_body(answer);
    struct wire_reader reader = {.at = body, .end = body + nng_msg_len(answer)};
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

/* Without the lock: tells the result and keeps the survey for the next one. */
static void survey_finish(struct survey *survey) {
    struct surveyor *surveyor = survey->surveyor;
    survey->done(survey->arg, survey->serials, survey->count);
    pthread_mutex_lock(&surveyor->lock);
    DL_DELETE(surveyor->active, survey);
    DL_PREPEND(surveyor->idle, survey);
    if (surveyor->active == NULL)
        pthread_cond_broadcast(&surveyor->quiet);
    pthread_mutex_unlock(&surveyor->lock);
}

static void part_event(void *arg) {
    struct part *part = arg;
    struct survey *survey = part->survey;
    pthread_mutex_lock(&survey->surveyor->lock);
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
    pthread_mutex_unlock(&survey->surveyor->lock);
    if (over)
        survey_finish(survey);
}

/* Under the lock: nobody needs to wait for this child. */
static void peer_lost(struct surveyor *surveyor, struct peer *peer) {
    struct survey *survey;
    struct part *part;
    peer->connected = false;
    DL_FOREACH(surveyor->active, survey) {
        survey_settle(survey, peer);
        LL_FOREACH(survey->parts, part) {
            if (part->state == PART_RECEIVING && part->pending == 0)
                nng_aio_abort(part->aio, NNG_ECANCELED);
        }
    }
}

static void connection_event(nng_pipe pipe, nng_pipe_ev event, void *arg) {
    struct group *group = arg;
    struct peer *peer;
    int dialer = nng_dialer_id(nng_pipe_dialer(pipe));
    pthread_mutex_lock(&group->surveyor->lock);
    DL_FOREACH(group->surveyor->peers, peer) {
        if (nng_dialer_id(peer->dialer) != dialer)
            continue;
        atomic_store(&peer->later.connected, event != NNG_PIPE_EV_REM_POST);
        if (event == NNG_PIPE_EV_REM_POST)
            peer_lost(group->surveyor, peer);
        else
            peer->connected = !peer->removed;
        break;
    }
    pthread_mutex_unlock(&group->surveyor->lock);
}

/* ---- children ---- */

static int group_open(struct surveyor *surveyor, struct group **result) {
    struct group *group = calloc(1, sizeof *group);
    if (group == NULL)
        return NNG_ENOMEM;
    int error = nng_surveyor0_open(&group->socket);
    if (error != 0) {
        free(group);
        return error;
    }
    group->surveyor = surveyor;
    error = net_guard(group->socket);
    if (error == 0)
        error = nng_socket_set_ms(group->socket, NNG_OPT_RECONNMINT, RECONNECT_FIRST_MS);
    if (error == 0)
        error = nng_socket_set_ms(group->socket, NNG_OPT_RECONNMAXT, RECONNECT_LAST_MS);
    if (error == 0)
        error = nng_pipe_notify(group->socket, NNG_PIPE_EV_ADD_POST, connection_event, group);
    if (error == 0)
        error = nng_pipe_notify(group->socket, NNG_PIPE_EV_REM_POST, connection_event, group);
    if (error != 0) {
        nng_close(group->socket);
        free(group);
        return error;
    }
    LL_PREPEND(surveyor->groups, group);
    *result = group;
    return 0;
}

/* Under the lock: a group with room for one more child. */
static int group_take(struct surveyor *surveyor, struct group **result) {
    struct group *group;
    LL_FOREACH(surveyor->groups, group) {
        if (group->peers < PEERS_PER_SOCKET) {
            *result = group;
            return 0;
        }
    }
    return group_open(surveyor, result);
}

/* On the closer's thread. */
static void hang_up(void *arg) {
    struct peer *peer = arg;
    struct surveyor *surveyor = peer->group->surveyor;
    pthread_mutex_lock(&surveyor->lock);
    DL_DELETE(surveyor->peers, peer);
    peer->group->peers--;
    pthread_mutex_unlock(&surveyor->lock);
    nng_dialer_close(peer->dialer);
    free(peer);
}

int surveyor_add(struct surveyor *surveyor, uint64_t serial, const char *url) {
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return NNG_ENOMEM;
    peer->serial = serial;
    peer->later.close = hang_up;
    peer->later.arg = peer;
    snprintf(peer->later.url, sizeof peer->later.url, "%s", url);
    pthread_mutex_lock(&surveyor->lock);
    int error = group_take(surveyor, &peer->group);
    if (error == 0)
        error = nng_dialer_create(&peer->dialer, peer->group->socket, url);
    if (error == 0) {
        peer->group->peers++;
        DL_APPEND(surveyor->peers, peer);
    }
    pthread_mutex_unlock(&surveyor->lock);
    if (error != 0) {
        free(peer);
        return error;
    }
    error = nng_dialer_start(peer->dialer, NNG_FLAG_NONBLOCK);
    if (error != 0)
        surveyor_remove(surveyor, serial);
    return error;
}

void surveyor_free(struct surveyor *surveyor) {
    struct survey *survey, *next_survey;
    struct part *part, *next_part;
    struct group *group, *next_group;
    struct peer *peer, *next_peer;
    LL_FOREACH(surveyor->groups, group) {
        nng_close(group->socket); /* every survey that is under way ends */
    }
    pthread_mutex_lock(&surveyor->lock);
    while (surveyor->active != NULL)
        pthread_cond_wait(&surveyor->quiet, &surveyor->lock);
    pthread_mutex_unlock(&surveyor->lock);
    DL_FOREACH_SAFE(surveyor->idle, survey, next_survey) {
        LL_FOREACH_SAFE(survey->parts, part, next_part) {
            nng_aio_free(part->aio);
            free(part);
        }
        free(survey->pending);
        free(survey->serials);
        free(survey);
    }
    DL_FOREACH_SAFE(surveyor->peers, peer, next_peer) {
        free(peer);
    }
    LL_FOREACH_SAFE(surveyor->groups, group, next_group) {
        free(group);
    }
    pthread_cond_destroy(&surveyor->quiet);
    pthread_mutex_destroy(&surveyor->lock);
    free(surveyor);
}

void surveyor_remove(struct surveyor *surveyor, uint64_t serial) {
    struct peer *peer;
    pthread_mutex_lock(&surveyor->lock);
    DL_FOREACH(surveyor->peers, peer) {
        if (peer->serial == serial && !peer->removed)
            break;
    }
    if (peer != NULL) {
        peer->removed = true;
        peer_lost(surveyor, peer);
    }
    pthread_mutex_unlock(&surveyor->lock);
    if (peer != NULL)
        closer_close(&peer->later);
}

/* ---- starting ---- */

static nng_msg *question_new(uint64_t round, uint64_t deadline_us, uint64_t slack_us) {
    nng_msg *question;
    if (nng_msg_alloc(&question, WIRE_HEAD + 24) != 0)
        return NULL;
    uint8_t *body = nng_msg_body(question);
    struct wire_writer writer = {.at = body, .end = body + nng_msg_len(question)};
    wire_put_head(&writer, &(struct wire_head){.operation = WIRE_PING});
    wire_put_u64(&writer, round);
    wire_put_u64(&writer, deadline_us);
    wire_put_u64(&writer, slack_us);
    return question;
}

void survey_start(struct surveyor *surveyor, uint64_t round, uint64_t deadline_us,
                  uint64_t slack_us, survey_done *done, void *arg) {
    uint64_t now_us = net_now_us();
    uint64_t left_us = deadline_us > now_us ? deadline_us - now_us : 0;
    if (left_us > LONGEST_US) { /* it comes from a peer: it may be anything */
        left_us = LONGEST_US;
        deadline_us = now_us + left_us;
    }
    nng_duration left_ms = (nng_duration)(left_us / 1000);
    struct peer *peer;
    struct part *part;
    pthread_mutex_lock(&surveyor->lock);
    struct survey *survey = left_ms > 0 ? survey_take(surveyor) : NULL;
    if (survey == NULL) {
        pthread_mutex_unlock(&surveyor->lock);
        done(arg, NULL, 0);
        return;
    }
    survey->deadline_us = deadline_us;
    survey->done = done;
    survey->arg = arg;
    DL_APPEND(surveyor->active, survey);
    DL_FOREACH(surveyor->peers, peer) {
        if (peer->connected)
            survey_expect(survey, peer); /* a child that finds no room is asked directly later */
    }
    LL_FOREACH(survey->parts, part) {
        nng_msg *question = part->pending > 0 ? question_new(round, deadline_us, slack_us) : NULL;
        if (question != NULL)
            part_send(part, question, left_ms);
        else
            part->pending = 0;
    }
    bool over = survey->active == 0;
    pthread_mutex_unlock(&surveyor->lock);
    if (over)
        survey_finish(survey);
}
