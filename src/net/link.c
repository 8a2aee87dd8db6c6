#include "link.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "closer.h"

struct request {
    struct link *link;
    nng_ctx context;
    nng_aio *aio;
    enum { REQUEST_IDLE, REQUEST_SENDING, REQUEST_WAITING } state;
    link_done *done;
    void *arg;
    struct request *prev, *next; /* in the link's active or idle */
};

struct link {
    nng_socket socket;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t quiet; /* active is empty */
    struct request *active, *idle;
    bool lost; /* its connection broke, and there is no new one yet */
    bool closing;
    struct closing later; /* for the closer */
};

static void request_event(void *arg);

static struct request *request_new(struct link *link) {
    struct request *request = calloc(1, sizeof *request);
    if (request == NULL)
        return NULL;
    request->link = link;
    if (nng_ctx_open(&request->context, link->socket) == 0) {
        if (nng_aio_alloc(&request->aio, request_event, request) == 0)
            return request;
        nng_ctx_close(request->context);
    }
    free(request);
    return NULL;
}

/* Under the link's lock: the request is no longer active. */
static void request_retire(struct request *request) {
    struct link *link = request->link;
    request->state = REQUEST_IDLE;
    DL_DELETE(link->active, request);
    DL_PREPEND(link->idle, request);
    if (link->active == NULL)
        pthread_cond_broadcast(&link->quiet);
}

/* The send or the receive of a request has ended. The receive starts only here, because nng below
 * 1.6 crashes if it is started while the send is pending. It starts under the lock, so that either
 * abort_all sees it, or this function sees the flag. */
static void request_event(void *arg) {
    struct request *request = arg;
    struct link *link = request->link;
    pthread_mutex_lock(&link->lock);
    int error = nng_aio_result(request->aio);
    nng_msg *message = nng_aio_get_msg(request->aio);
    nng_aio_set_msg(request->aio, NULL);
    if (request->state == REQUEST_SENDING && error == 0) {
        if (!link->lost && !link->closing) {
            request->state = REQUEST_WAITING;
            nng_ctx_recv(request->context, request->aio);
            pthread_mutex_unlock(&link->lock);
            return;
        }
        error = NNG_ECONNRESET;
        message = NULL;
    }
    link_done *done = request->done;
    void *done_arg = request->arg;
    request_retire(request);
    pthread_mutex_unlock(&link->lock);
    if (error != 0 && message != NULL) { /* an unsent request belongs to us again */
        nng_msg_free(message);
        message = NULL;
    }
    done(done_arg, error, message);
}

/* Under the link's lock. */
static struct request *request_take(struct link *link) {
    struct request *request = link->idle;
    if (request != NULL)
        DL_DELETE(link->idle, request);
    else
        request = request_new(link);
    return request;
}

void link_request(struct link *link, nng_msg *message, link_done *done, void *arg) {
    struct request *request = NULL;
    net_defer();
    pthread_mutex_lock(&link->lock);
    int error = link->lost || link->closing ? NNG_ECONNRESET : 0;
    if (error == 0 && (request = request_take(link)) == NULL)
        error = NNG_ENOMEM;
    if (error == 0) {
        request->done = done;
        request->arg = arg;
        request->state = REQUEST_SENDING;
        DL_APPEND(link->active, request);
        nng_aio_set_msg(request->aio, message);
        nng_aio_set_timeout(request->aio, NNG_DURATION_INFINITE);
        nng_ctx_send(request->context, request->aio);
    }
    pthread_mutex_unlock(&link->lock);
    net_run_deferred();
    if (error != 0) {
        nng_msg_free(message);
        done(arg, error, NULL);
    }
}

/* Under the link's lock. Each request then ends in request_event. */
static void abort_all(struct link *link) {
    struct request *request;
    DL_FOREACH(link->active, request) {
        nng_aio_abort(request->aio, NNG_ECONNRESET);
    }
}

static void connection_event(nng_pipe pipe, nng_pipe_ev event, void *arg) {
    struct link *link = arg;
    (void)pipe;
    pthread_mutex_lock(&link->lock);
    link->lost = event == NNG_PIPE_EV_REM_POST;
    atomic_store(&link->later.connected, !link->lost);
    if (link->lost)
        abort_all(link);
    pthread_mutex_unlock(&link->lock);
}

static int link_dial(struct link *link, const char *url) {
    int error = net_guard_dialing(link->socket, connection_event, link);
    if (error == 0)
        error = nng_socket_set_ms(link->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    if (error == 0)
        error = nng_dial(link->socket, url, NULL, NNG_FLAG_NONBLOCK);
    return error;
}

static void link_free(struct link *link) {
    struct request *request, *next;
    nng_close(link->socket); /* closes the contexts, too */
    DL_FOREACH_SAFE(link->idle, request, next) {
        nng_aio_free(request->aio);
        free(request);
    }
    pthread_cond_destroy(&link->quiet);
    pthread_mutex_destroy(&link->lock);
    free(link);
}

/* On the closer's thread. */
static void close_later(void *arg) {
    struct link *link = arg;
    pthread_mutex_lock(&link->lock);
    while (link->active != NULL)
        pthread_cond_wait(&link->quiet, &link->lock);
    pthread_mutex_unlock(&link->lock);
    link_free(link);
}

int link_open(struct link **result, const char *url) {
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return NNG_ENOMEM;
    int error = nng_req0_open(&link->socket);
    if (error != 0) {
        free(link);
        return error;
    }
    pthread_mutex_init(&link->lock, NULL);
    pthread_cond_init(&link->quiet, NULL);
    link->later.close = close_later;
    link->later.arg = link;
    snprintf(link->later.url, sizeof link->later.url, "%s", url);
    error = link_dial(link, url);
    if (error != 0)
        link_free(link);
    else
        *result = link;
    return error;
}

void link_close(struct link *link) {
    pthread_mutex_lock(&link->lock);
    link->closing = true;
    abort_all(link);
    pthread_mutex_unlock(&link->lock);
    closer_close(&link->later);
}
