#include "service.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    WAITING_FIRST = 2,     /* exchanges that wait for a message, before service_fill */
    WAITING_LEAST = 16,    /* the same afterwards: enough that nng parks no message */
    EXCHANGES_MOST = 2048, /* then peers wait */
    SEND_TIMEOUT_MS = 10000,
};

struct exchange {
    struct service *service;
    nng_ctx context;
    nng_aio *aio;
    enum { EXCHANGE_RECEIVING, EXCHANGE_SERVED, EXCHANGE_ANSWERING } state;
};

struct service {
    nng_socket socket;
    enum net_kind kind;
    service_handler *handler;
    service_connected *connected;
    void *arg;
    pthread_mutex_t lock; /* of the counts */
    unsigned exchanges, waiting;
};

static void exchange_event(void *arg);

static void exchange_receive(struct exchange *exchange) {
    exchange->state = EXCHANGE_RECEIVING;
    pthread_mutex_lock(&exchange->service->lock);
    exchange->service->waiting++;
    pthread_mutex_unlock(&exchange->service->lock);
    nng_aio_set_timeout(exchange->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(exchange->context, exchange->aio);
}

/* Opens an exchange, which waits for a message. 0, or an error of nng. */
static int exchange_open(struct service *service) {
    struct exchange *exchange = calloc(1, sizeof *exchange);
    int error = exchange == NULL ? NNG_ENOMEM : 0;
    if (error == 0 && (error = nng_ctx_open(&exchange->context, service->socket)) == 0) {
        exchange->service = service;
        if ((error = nng_aio_alloc(&exchange->aio, exchange_event, exchange)) == 0) {
            exchange_receive(exchange);
            return 0;
        }
        nng_ctx_close(exchange->context);
    }
    free(exchange);
    return error;
}

/* Opens one more exchange if few wait. False: enough wait; or out of memory: then peers wait for
 * the exchanges that exist. */
static bool add(struct service *service) {
    pthread_mutex_lock(&service->lock);
    bool more = service->waiting < WAITING_LEAST && service->exchanges < EXCHANGES_MOST;
    if (more)
        service->exchanges++;
    pthread_mutex_unlock(&service->lock);
    if (!more || exchange_open(service) == 0)
        return more;
    pthread_mutex_lock(&service->lock);
    service->exchanges--;
    pthread_mutex_unlock(&service->lock);
    return false;
}

void service_fill(struct service *service) {
    while (add(service))
        ;
}

/* An exchange has got a message: another one may have to wait in its place. */
static void received(struct service *service) {
    pthread_mutex_lock(&service->lock);
    service->waiting--;
    pthread_mutex_unlock(&service->lock);
    add(service);
}

static void exchange_event(void *arg) {
    struct exchange *exchange = arg;
    int error = nng_aio_result(exchange->aio);
    nng_msg *message = nng_aio_get_msg(exchange->aio);
    nng_aio_set_msg(exchange->aio, NULL);
    if (exchange->state == EXCHANGE_RECEIVING) {
        received(exchange->service);
        if (error == NNG_ECLOSED || error == NNG_ECANCELED)
            return; /* the socket is closing: the process ends */
        if (error != 0) {
            exchange_receive(exchange);
            return;
        }
        exchange->state = EXCHANGE_SERVED;
        exchange->service->handler(exchange->service->arg, exchange, message);
        return;
    }
    if (error != 0 && message != NULL) /* an unsent answer belongs to us again */
        nng_msg_free(message);
    if (error != NNG_ECLOSED && error != NNG_ECANCELED)
        exchange_receive(exchange);
}

void exchange_answer(struct exchange *exchange, nng_msg *answer) {
    if (answer == NULL) {
        exchange_receive(exchange);
        return;
    }
    exchange->state = EXCHANGE_ANSWERING;
    nng_aio_set_msg(exchange->aio, answer);
    nng_aio_set_timeout(exchange->aio, SEND_TIMEOUT_MS);
    nng_ctx_send(exchange->context, exchange->aio);
}

void exchange_drop(struct exchange *exchange) {
    exchange_receive(exchange);
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
    for (int i = 0; i < WAITING_FIRST && *error == 0; i++, service->exchanges++)
        *error = exchange_open(service);
    if (*error == 0)
        *error = nng_listen(service->socket, url, NULL, 0);
    return *error == 0 ? service : NULL; /* not freed: exchanges may refer to it */
}
