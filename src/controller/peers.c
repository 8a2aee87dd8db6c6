#include "peers.h"

#include <stdio.h>
#include <stdlib.h>

#include "controller.h"
#include "net/place.h"

/* ---- the table ---- */

struct peer *peer_find(struct banyan *tree, uint64_t serial) {
    struct peer *peer = NULL;
    HASH_FIND(hh, tree->peers, &serial, sizeof serial, peer);
    return peer;
}

const char *peer_address(struct banyan *tree, uint64_t serial) {
    const struct peer *peer = peer_find(tree, serial);
    return peer != NULL ? peer->address : "";
}

/* Without memory uthash leaves the peer out, which only a lookup shows. */
static struct peer *peer_new(struct banyan *tree, const struct engine_node *node) {
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return NULL;
    peer->serial = node->serial;
    peer->id = node->id;
    HASH_ADD(hh, tree->peers, serial, sizeof peer->serial, peer);
    if (peer_find(tree, peer->serial) == peer)
        return peer;
    free(peer);
    return NULL;
}

static void peer_free(struct banyan *tree, struct peer *peer) {
    if (peer->probe != NULL)
        link_close(peer->probe);
    if (peer->address[0] != '\0')
        place_unlink(peer->address);
    HASH_DEL(tree->peers, peer);
    free(peer);
}

void peers_forget(void *arg, uint64_t serial) {
    struct peer *peer = peer_find(arg, serial);
    if (peer != NULL)
        peer_free(arg, peer);
}

void peers_free(struct banyan *tree) {
    struct peer *peer, *next;
    HASH_ITER(hh, tree->peers, peer, next) {
        peer_free(tree, peer);
    }
}

/* ---- starting ---- */

/* A start that failed because there is no directory. It is reported through the inbox, because
 * ports must not call the engine. */
struct failure {
    struct event event;
    uint64_t serial;
    char text[DIRECTORY_TEXT_MAX];
};

static void handle_failure(struct banyan *tree, struct event *event) {
    struct failure *failure = (struct failure *)event;
    engine_start_failed(tree->engine, failure->serial, failure->text);
    free(failure);
}

static bool fail(struct banyan *tree, uint64_t serial, const char *text) {
    struct failure *failure = malloc(sizeof *failure);
    if (failure == NULL)
        return false;
    failure->event = (struct event){.handle = handle_failure, .inbox = &tree->inbox};
    failure->serial = serial;
    snprintf(failure->text, sizeof failure->text, "%s", text);
    event_post(&failure->event);
    return true;
}

static bool start(struct banyan *tree, struct peer *peer) {
    char text[DIRECTORY_TEXT_MAX];
    if (!directory_make(&tree->directory, text))
        return fail(tree, peer->serial, text);
    place_address(tree->directory.path, peer->serial, peer->address); /* always fits */
    return starter_start(tree->starter, &(struct start_spec){.program = tree->program,
                                                             .id = peer->id,
                                                             .serial = peer->serial,
                                                             .address = peer->address});
}

bool peers_start(void *arg, const struct engine_node *node) {
    struct banyan *tree = arg;
    struct peer *peer = peer_new(tree, node);
    if (peer == NULL)
        return false;
    if (start(tree, peer))
        return true;
    peer_free(tree, peer);
    peers_tidy(tree);
    return false;
}

/* ---- processes ---- */

void peers_end(void *arg, uint64_t serial) {
    const struct banyan *tree = arg;
    starter_kill(tree->starter, serial);
}

bool peers_runs(void *arg, uint64_t serial) {
    const struct banyan *tree = arg;
    return starter_runs(tree->starter, serial);
}

void peers_heard(void *arg, const struct start_news *news) {
    struct banyan *tree = arg;
    const char *address = peer_address(tree, news->serial);
    if ((news->kind == START_FAILED || news->kind == START_ENDED) && address[0] != '\0')
        place_unlink(address);
    switch (news->kind) {
    case START_FAILED:
        engine_start_failed(tree->engine, news->serial, news->text);
        break;
    case START_READY:
        engine_ready(tree->engine, news->serial, news->pid);
        break;
    case START_JOINED:
        engine_joined(tree->engine, news->serial);
        break;
    case START_STOPPED:
        engine_stopped(tree->engine, news->serial, news->text);
        break;
    case START_CONTINUED:
        engine_continued(tree->engine, news->serial);
        break;
    case START_ENDED:
        engine_ended(tree->engine, news->serial, news->text);
        break;
    }
}

void peers_tidy(struct banyan *tree) {
    if (starter_count(tree->starter) == 0)
        directory_remove(&tree->directory);
}
