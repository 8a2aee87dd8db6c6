#include "probes.h"

#include <stdlib.h>

#include "controller.h"
#include "net/closer.h"
#include "net/message.h"
#include "net/place.h"
#include "peers.h"
#include "requests.h"

struct probe {
    struct request request;
    uint64_t serial;
};

/* Any answer is a sign of life. */
static void handle_answer(struct banyan *tree, struct event *event) {
    struct probe *probe = (struct probe *)event;
    if (probe->request.error == 0)
        engine_probed(tree->engine, probe->serial);
    request_free(&probe->request);
}

static bool ask(struct banyan *tree, struct peer *peer) {
    char url[NET_URL_MAX];
    struct wire_head head = {.operation = WIRE_PROBE, .id = peer->id, .serial = peer->serial};
    struct wire_writer writer;
    struct probe *probe = request_new(tree, sizeof *probe, handle_answer);
    nng_msg *message = message_request(&head, 0, &writer);
    if (probe != NULL && message != NULL && place_url(peer->address, NET_REQUESTS, url) &&
        link_open(&peer->probe, url) == 0) {
        probe->serial = peer->serial;
        link_request(peer->probe, message, request_ended, probe);
        return true;
    }
    free(probe);
    if (message != NULL)
        nng_msg_free(message);
    return false;
}

/* While the connections of many earlier questions are still being closed, no new question is asked:
 * otherwise an overloaded machine would get ever more connections. */
bool probes_ask(void *arg, uint64_t serial) {
    struct peer *peer = peer_find(arg, serial);
    return peer != NULL && (peer->probe != NULL || (!closer_backed_up() && ask(arg, peer)));
}

void probes_drop(void *arg, uint64_t serial) {
    struct peer *peer = peer_find(arg, serial);
    if (peer == NULL || peer->probe == NULL)
        return;
    link_close(peer->probe);
    peer->probe = NULL;
}
