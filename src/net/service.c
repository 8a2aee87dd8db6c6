#include "service.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    WAITING_LEAST = 16, /* calls that wait for a message; 1 would do but for the crash above */
    CALLS_MOST = 2048,  /* beyond it the peers wait */
    SEND_TIMEOUT_MS = 10000,
};

struct call {
    struct service *service;
    nng_ctx context;
    nng_aio *aio;
    enum { CALL_RECEIVING, CALL_SERVED, CALL_ANSWERING } state;
};

struct service {
    nng_socket socket;
    enum net_kind kind;
    service_handler *handler;
    service_connected *connected;
    void *arg;
    pthread_mutex_t lock; /* of the counts */
    unsigned calls, waiting;
};

static void call_event(void *arg);

static void call_receive(struct call *call) {
    call->state = CALL_RECEIVING;
    pthread_mutex_lock(&call->service->lock);
    call->service->waiting++;
    pthread_mutex_unlock(&call->service->lock);
    nng_aio_set_timeout(call->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(call->context, call->aio);
}

/* One more call waits. 0, or an error of nng. */
static int call_open(struct service *service) {
    struct call *call = calloc(1, sizeof *call);
    int error = call == NULL ? NNG_ENOMEM : 0;
    if (error == 0 && (error = nng_ctx_open(&call->context, service->socket)) == 0) {
        call->service = service;
        if ((error = nng_aio_alloc(&call->aio, call_event, call)) == 0) {
            call_receive(call);
            return 0;
        }
        nng_ctx_close(call->context);
    }
    free(call);
    return error;
}

/* A call stops waiting; another takes its place if few are left. A refusal leaves the peers to wait
 * for the calls that exist. */
static void replace(struct service *service) {
    pthread_mutex_lock(&service->lock);
    service->waiting--;
    bool more = service->waiting < WAITING_LEAST && service->calls < CALLS_MOST;
    if (more)
        service->calls++;
    pthread_mutex_unlock(&service->lock);
    if (more && call_open(service) != 0) {
        pthread_mutex_lock(&service->lock);
        service->calls--;
        pthread_mutex_unlock(&service->lock);
    }
}

static void call_event(void *arg) {
    struct call *call = arg;
    int error = nng_aio_result(call->aio);
    nng_msg *message = nng_aio_get_msg(call->aio);
    nng_aio_set_msg(call->aio, NULL);
    if (call->state == CALL_RECEIVING) {
        replace(call->service);
        if (error == NNG_ECLOSED || error == NNG_ECANCELED)
            return; /* the socket is closing: the process ends */
        if (error != 0) {
            call_receive(call);
            return;
        }
        call->state = CALL_SERVED;
        call->service->handler(call->service->arg, call, message);
        return;
    }
    if (error != 0 && message != NULL) /* an answer that was not sent is ours again */
        nng_msg_free(message);
    if (error != NNG_ECLOSED && error != NNG_ECANCELED)
        call_receive(call);
}

void call_answer(struct call *call, nng_msg *answer) {
    call->state = CALL_ANSWERING;
    nng_aio_set_msg(call->aio, answer);
    nng_aio_set_timeout(call->aio, SEND_TIMEOUT_MS);
    nng_ctx_send(call->context, call->aio);
}

void call_drop(struct call *call) {
    call_receive(call);
}

static void pipe_added(nng_pipe pipe, nng_pipe_ev event, void *arg) {
    struct service *service = arg;
    (void)pipe, (void)event;
    service->connected(service->arg, service->kind);
}

struct service *service_open(enum net_kind kind, const char *url, service_handler *handler,
                             service_connected *connected, void *arg, int *error) {
    struct service *service = calloc(1, sizeof *service);
    if (service == NULL) {
        *error = NNG_ENOMEM;
        return NULL;
    }
    service->kind = kind;
    service->handler = handler;
    service->connected = connected;
    service->arg = arg;
    pthread_mutex_init(&service->lock, NULL);
    *error = kind == NET_REQUESTS ? nng_rep0_open(&service->socket)
                                  : nng_respondent0_open(&service->socket);
    if (*error != 0) {
        free(service);
        return NULL;
    }
    *error = net_guard(service->socket);
    if (*error == 0 && connected != NULL)
        *error = nng_pipe_notify(service->socket, NNG_PIPE_EV_ADD_POST, pipe_added, service);
    for (int i = 0; i < WAITING_LEAST && *error == 0; i++, service->calls++)
        *error = call_open(service);
    if (*error == 0)
        *error = nng_listen(service->socket, url, NULL, 0);
    return *error == 0 ? service : NULL; /* with an error the process ends; calls may refer to it */
}
