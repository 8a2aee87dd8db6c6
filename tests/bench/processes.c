/* processes.c: bare processes that listen: how fast they start, how they answer a survey. */
#include "bare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEERS_MOST = 100000 };

void role_listen(const char *url, const char *next) {
    nng_socket socket;
    (void)next;
    check(nng_rep0_open(&socket), "cannot open a REP socket");
    check(nng_listen(socket, url, NULL, 0), url);
}

void measure_start(char **arguments) {
    unsigned count = parse_count(arguments[0], PEERS_MOST);
    struct peer peer;
    while (count-- > 0) {
        uint64_t start_ns = now_ns();
        peer_start(&peer, "listen", NULL);
        peers_wait(1);
        printf("%.3f\n", (double)(now_ns() - start_ns) / 1e3);
        peers_end(&peer, 1);
    }
}

static struct peer *crowd_start(unsigned count, bool one_by_one) {
    struct peer *peers = calloc(count, sizeof *peers);
    if (peers == NULL)
        die("peers", strerror(errno));
    for (unsigned i = 0; i < count; i++) {
        peer_start(&peers[i], "listen", NULL);
        if (one_by_one)
            peers_wait(1);
    }
    if (!one_by_one)
        peers_wait(count);
    return peers;
}

void measure_crowd(char **arguments) {
    unsigned count = parse_count(arguments[0], PEERS_MOST);
    bool one_by_one = strcmp(arguments[1], "one") == 0;
    if (!one_by_one && strcmp(arguments[1], "all") != 0)
        die(arguments[1], "expected one or all");
    uint64_t start_ns = now_ns();
    struct peer *peers = crowd_start(count, one_by_one);
    printf("%.6f\n", (double)(now_ns() - start_ns) / 1e9);
    peers_end(peers, count);
    free(peers);
}

void measure_hold(char **arguments) {
    unsigned count = parse_count(arguments[0], PEERS_MOST);
    struct peer *peers = crowd_start(count, false);
    char byte;
    ssize_t len;
    for (unsigned i = 0; i < count; i++)
        printf("%d\n", (int)peers[i].pid);
    fflush(stdout);
    do
        len = read(STDIN_FILENO, &byte, 1);
    while (len > 0 || (len < 0 && errno == EINTR));
    peers_end(peers, count);
    free(peers);
}

/* ---- surveys ---- */

struct respondent {
    nng_ctx context;
    nng_aio *aio;
    bool receiving;
};

static void respondent_event(void *arg) {
    struct respondent *respondent = arg;
    check(nng_aio_result(respondent->aio), "a survey");
    respondent->receiving = !respondent->receiving;
    if (respondent->receiving)
        nng_ctx_recv(respondent->context, respondent->aio);
    else
        nng_ctx_send(respondent->context, respondent->aio); /* the question is the answer */
}

void role_respond(const char *url, const char *next) {
    static struct respondent respondents[CONTEXTS];
    nng_socket socket;
    (void)next;
    check(nng_respondent0_open(&socket), "cannot open a RESPONDENT socket");
    for (unsigned i = 0; i < CONTEXTS; i++) {
        struct respondent *respondent = &respondents[i];
        check(nng_ctx_open(&respondent->context, socket), "cannot open a context");
        check(nng_aio_alloc(&respondent->aio, respondent_event, respondent), "aio");
        respondent->receiving = true;
        nng_ctx_recv(respondent->context, respondent->aio);
    }
    check(nng_listen(socket, url, NULL, 0), url);
}

void measure_survey(char **arguments) {
    unsigned count = parse_count(arguments[0], 10000000);
    nng_socket socket;
    struct peer peer;
    peer_start(&peer, "respond", NULL);
    peers_wait(1);
    check(nng_surveyor0_open(&socket), "cannot open a SURVEYOR socket");
    check(nng_dial(socket, peer.url, NULL, 0), peer.url);
    while (count-- > 0) {
        nng_msg *message;
        check(nng_msg_alloc(&message, CONTEXTS), "a message");
        uint64_t start_ns = now_ns();
        check(nng_sendmsg(socket, message, 0), "cannot send a survey");
        check(nng_recvmsg(socket, &message, 0), "no answer to a survey");
        printf("%.3f\n", (double)(now_ns() - start_ns) / 1e3);
        nng_msg_free(message);
    }
    nng_close(socket);
    peers_end(&peer, 1);
}
