/*
 * flow.c: requests over REQ and REP contexts, a given number in flight, driven by nng's callbacks
 * alone: no thread of the program wakes up for a message, which is the fastest way to use nng. Only
 * ping waits in the program's own thread, as most programs do.
 */
#include "bare.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- asking ---- */

struct flow {
    nng_msg *(*next)(void *arg);                  /* NULL: there is nothing more to ask */
    void (*answered)(void *arg, nng_msg *answer); /* the answer is borrowed */
    void *arg;                                    /* both are called under the lock */
    pthread_mutex_t lock;
    pthread_cond_t quiet;
    unsigned under_way;
};

struct request {
    struct flow *flow;
    nng_ctx context;
    nng_aio *aio;
    bool sending;
};

/* Under the lock. */
static void request_send(struct request *request) {
    nng_msg *message = request->flow->next(request->flow->arg);
    if (message == NULL) {
        if (--request->flow->under_way == 0)
            pthread_cond_signal(&request->flow->quiet);
        return;
    }
    request->sending = true;
    nng_aio_set_msg(request->aio, message);
    nng_ctx_send(request->context, request->aio);
}

static void request_event(void *arg) {
    struct request *request = arg;
    struct flow *flow = request->flow;
    check(nng_aio_result(request->aio), "a request");
    if (request->sending) {
        request->sending = false;
        nng_ctx_recv(request->context, request->aio);
        return;
    }
    nng_msg *answer = nng_aio_get_msg(request->aio);
    pthread_mutex_lock(&flow->lock);
    flow->answered(flow->arg, answer);
    request_send(request);
    pthread_mutex_unlock(&flow->lock);
    nng_msg_free(answer);
}

static nng_socket dial(const char *url) {
    nng_socket socket;
    check(nng_req0_open(&socket), "cannot open a REQ socket");
    check(nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE), "resending");
    check(nng_dial(socket, url, NULL, 0), url);
    return socket;
}

/* Asks until there is nothing more to ask and all is answered. */
static void flow_run(struct flow *flow, const char *url, unsigned in_flight) {
    nng_socket socket = dial(url);
    struct request *requests = calloc(in_flight, sizeof *requests);
    if (requests == NULL)
        die("requests", strerror(errno));
    pthread_mutex_init(&flow->lock, NULL);
    pthread_cond_init(&flow->quiet, NULL);
    for (unsigned i = 0; i < in_flight; i++) {
        requests[i].flow = flow;
        check(nng_ctx_open(&requests[i].context, socket), "cannot open a context");
        check(nng_aio_alloc(&requests[i].aio, request_event, &requests[i]), "aio");
    }
    pthread_mutex_lock(&flow->lock);
    flow->under_way = in_flight;
    for (unsigned i = 0; i < in_flight; i++)
        request_send(&requests[i]);
    while (flow->under_way > 0)
        pthread_cond_wait(&flow->quiet, &flow->lock);
    pthread_mutex_unlock(&flow->lock);
    nng_close(socket);
    for (unsigned i = 0; i < in_flight; i++)
        nng_aio_free(requests[i].aio);
    free(requests);
}

static nng_msg *message_new(size_t len) {
    nng_msg *message;
    check(nng_msg_alloc(&message, len), "a message");
    return message;
}

static nng_msg *message_small(size_t len, uint8_t hops) {
    nng_msg *message = message_new(len);
    memset(nng_msg_body(message), 0, len);
    ((uint8_t *)nng_msg_body(message))[0] = hops;
    return message;
}

/* ---- answering, and relaying ---- */

struct call {
    nng_ctx context, onward;
    nng_aio *aio;
    nng_msg *(*answer)(nng_msg *request); /* NULL: the request is to be relayed */
    enum { RECEIVING, ASKING, WAITING, ANSWERING } state;
};

static void call_event(void *arg) {
    struct call *call = arg;
    check(nng_aio_result(call->aio), "a call");
    nng_msg *message = nng_aio_get_msg(call->aio);
    switch (call->state) {
    case RECEIVING:
        message = call->answer(message);
        nng_aio_set_msg(call->aio, message);
        if (((uint8_t *)nng_msg_body(message))[0] > 0 && call->onward.id != 0) {
            ((uint8_t *)nng_msg_body(message))[0]--;
            call->state = ASKING;
            nng_ctx_send(call->onward, call->aio);
            break;
        }
        call->state = ANSWERING;
        nng_ctx_send(call->context, call->aio);
        break;
    case ASKING:
        call->state = WAITING;
        nng_ctx_recv(call->onward, call->aio);
        break;
    case WAITING: /* the answer lies in the aio already */
        call->state = ANSWERING;
        nng_ctx_send(call->context, call->aio);
        break;
    case ANSWERING:
        call->state = RECEIVING;
        nng_ctx_recv(call->context, call->aio);
        break;
    }
}

/* Requests whose first byte is not zero are passed on to `next`, if there is one, with that byte
 * one less. */
static void serve(const char *url, const char *next, nng_msg *(*answer)(nng_msg *request)) {
    nng_socket socket, onward = NNG_SOCKET_INITIALIZER;
    unsigned contexts = 4 * CONTEXTS; /* as many as are in flight, at most */
    struct call *calls = calloc(contexts, sizeof *calls);
    if (calls == NULL)
        die("calls", strerror(errno));
    check(nng_rep0_open(&socket), "cannot open a REP socket");
    if (next != NULL)
        onward = dial(next);
    for (unsigned i = 0; i < contexts; i++) {
        struct call *call = &calls[i];
        call->answer = answer;
        check(nng_ctx_open(&call->context, socket), "cannot open a context");
        if (next != NULL)
            check(nng_ctx_open(&call->onward, onward), "cannot open a context");
        check(nng_aio_alloc(&call->aio, call_event, call), "aio");
        nng_ctx_recv(call->context, call->aio);
    }
    check(nng_listen(socket, url, NULL, 0), url); /* calls live as long as the process */
}

/* ---- transfer: bulk from one process to another ---- */

struct transfer {
    int fd;
    uint64_t arrived;
};

static nng_msg *transfer_next(void *arg) {
    struct transfer *transfer = arg;
    nng_msg *message = message_new(MESSAGE_BYTES);
    ssize_t len;
    do
        len = read(transfer->fd, nng_msg_body(message), MESSAGE_BYTES);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        die("cannot read", strerror(errno));
    if (len == 0) {
        nng_msg_free(message);
        return NULL;
    }
    nng_msg_chop(message, MESSAGE_BYTES - (size_t)len);
    return message;
}

static void transfer_answered(void *arg, nng_msg *answer) {
    struct transfer *transfer = arg;
    uint64_t len;
    if (nng_msg_len(answer) != 1 + sizeof len)
        die("transfer", "an answer of another size");
    memcpy(&len, (uint8_t *)nng_msg_body(answer) + 1, sizeof len);
    transfer->arrived += len;
}

void measure_transfer(char **arguments) {
    enum { IN_FLIGHT = 4 }; /* 2 to 8 are as fast, 16 is slower */
    struct transfer transfer = {.fd = open(arguments[0], O_RDONLY | O_CLOEXEC)};
    struct flow flow = {.next = transfer_next, .answered = transfer_answered, .arg = &transfer};
    struct peer peer;
    if (transfer.fd < 0)
        die(arguments[0], strerror(errno));
    peer_start(&peer, "count", NULL);
    peers_wait(1);
    flow_run(&flow, peer.url, IN_FLIGHT);
    peers_end(&peer, 1);
    printf("%llu\n", (unsigned long long)transfer.arrived);
}

/* A zero, as of a request that is not relayed, and how long the request was. */
static nng_msg *answer_len(nng_msg *request) {
    uint64_t len = nng_msg_len(request);
    nng_msg *answer = message_small(1 + sizeof len, 0);
    memcpy((uint8_t *)nng_msg_body(answer) + 1, &len, sizeof len);
    nng_msg_free(request);
    return answer;
}

void role_count(const char *url, const char *next) {
    (void)next;
    serve(url, NULL, answer_len);
}

/* ---- rate: small requests, many in flight ---- */

enum { SMALL_BYTES = 24 }; /* as long as banyan's own head of a request */

static nng_msg *rate_next(void *arg) {
    unsigned *left = arg;
    if (*left == 0)
        return NULL;
    (*left)--;
    return message_small(SMALL_BYTES, 0);
}

static void rate_answered(void *arg, nng_msg *answer) {
    (void)arg;
    if (nng_msg_len(answer) != SMALL_BYTES)
        die("rate", "an answer of another size");
}

static nng_msg *answer_same(nng_msg *request) {
    return request;
}

void role_relay(const char *url, const char *next) {
    serve(url, next, answer_same);
}

void measure_rate(char **arguments) {
    unsigned left = parse_count(arguments[0], 100000000);
    unsigned in_flight = parse_count(arguments[1], 4 * CONTEXTS);
    struct flow flow = {.next = rate_next, .answered = rate_answered, .arg = &left};
    struct peer peer;
    peer_start(&peer, "relay", NULL);
    peers_wait(1);
    uint64_t start_ns = now_ns();
    flow_run(&flow, peer.url, in_flight);
    printf("%.6f\n", (double)(now_ns() - start_ns) / 1e9);
    peers_end(&peer, 1);
}

/* ---- ping: one small request at a time, with the calls that wait ---- */

void measure_ping(char **arguments) {
    unsigned count = parse_count(arguments[0], 10000000);
    struct peer peer;
    peer_start(&peer, "relay", NULL);
    peers_wait(1);
    nng_socket socket = dial(peer.url);
    while (count-- > 0) {
        nng_msg *message = message_small(SMALL_BYTES, 0);
        uint64_t start_ns = now_ns();
        check(nng_sendmsg(socket, message, 0), "cannot send a request");
        check(nng_recvmsg(socket, &message, 0), "no answer to a request");
        printf("%.3f\n", (double)(now_ns() - start_ns) / 1e3);
        nng_msg_free(message);
    }
    nng_close(socket);
    peers_end(&peer, 1);
}

/* ---- relays: one small request at a time, to each process of a chain in turn ---- */

enum { DEPTH_MOST = 100 };

struct pings {
    unsigned depth, left, at; /* at: how deep the next one goes */
    uint64_t sent_ns;
};

static nng_msg *ping_next(void *arg) {
    struct pings *pings = arg;
    if (pings->left == 0)
        return NULL;
    nng_msg *message = message_small(SMALL_BYTES, (uint8_t)pings->at);
    pings->sent_ns = now_ns();
    return message;
}

static void ping_answered(void *arg, nng_msg *answer) {
    struct pings *pings = arg;
    printf("%.3f\n", (double)(now_ns() - pings->sent_ns) / 1e3);
    if (nng_msg_len(answer) != SMALL_BYTES || ((uint8_t *)nng_msg_body(answer))[0] != 0)
        die("relays", "another answer than was asked for");
    if (++pings->at == pings->depth) {
        pings->at = 0;
        pings->left--;
    }
}

/* The first of the chain is started last, since each dials the one behind it. */
void measure_relays(char **arguments) {
    struct pings pings = {.depth = parse_count(arguments[0], DEPTH_MOST)};
    pings.left = parse_count(arguments[1], 10000000);
    struct flow flow = {.next = ping_next, .answered = ping_answered, .arg = &pings};
    struct peer peers[DEPTH_MOST];
    for (unsigned i = 0; i < pings.depth; i++) {
        peer_start(&peers[i], "relay", i > 0 ? peers[i - 1].url : NULL);
        peers_wait(1);
    }
    flow_run(&flow, peers[pings.depth - 1].url, 1);
    peers_end(peers, pings.depth);
}
