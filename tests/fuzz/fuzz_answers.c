/*
 * Answers as the controller decodes them (src/controller/asks.c): the input is what a node, or
 * something in its place, answered. The engine must be told exactly once, and only what holds:
 * as many results as there were slices, sums that such texts can have, texts that end.
 */
#include "controller/controller.h"
#include "fuzz.h"

enum { SLICES = 3, SLICE_LEN = 100 };

static unsigned told;
static char touched; /* so that reading what is told is not optimised away */

static void touch(const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++)
        touched = (char)(touched ^ bytes[i]);
}

/* ---- the engine's side ---- */

static void check_result(const struct slice_result *result) {
    int128 most = (int128)result->count << 63;
    FUZZ_CHECK(result->count <= (SLICE_LEN + 1) / 2);
    FUZZ_CHECK(result->sum >= -most && result->sum <= most);
    FUZZ_CHECK(result->error == BANYAN_OK || result->error == BANYAN_NOT_INTEGER ||
               result->error == BANYAN_OUT_OF_RANGE);
    FUZZ_CHECK(result->word_len <= SLICE_LEN);
    touch(result->word, result->word_len < WIRE_WORD_MAX ? result->word_len : WIRE_WORD_MAX);
}

void engine_summed(struct engine *engine, struct bundle *bundle, enum hop hop,
                   const struct slice_result *results, const char *text) {
    (void)engine;
    told++;
    FUZZ_CHECK((results != NULL) == (hop == HOP_OK));
    for (uint32_t i = 0; hop == HOP_OK && i < bundle->slice_count; i++)
        check_result(&results[i]);
    if (hop == HOP_REFUSED)
        touch(text, strlen(text));
}

void engine_spawned(struct engine *engine, uint64_t serial, enum hop hop, int64_t pid,
                    const char *text) {
    (void)engine, (void)serial;
    told++;
    FUZZ_CHECK(hop != HOP_OK || pid > 0);
    if (hop == HOP_REFUSED)
        touch(text, strlen(text));
}

void engine_joined(struct engine *engine, uint64_t serial, int64_t pid) {
    (void)engine, (void)serial;
    FUZZ_CHECK(pid > 0);
}

uint64_t engine_version(struct engine *engine) {
    (void)engine;
    return 1;
}

void engine_arranged(struct engine *engine, uint64_t parent, uint64_t version, enum hop hop) {
    (void)engine, (void)parent, (void)version, (void)hop;
    told++;
}

void engine_reaped(struct engine *engine, uint64_t serial, enum hop hop, const char *how) {
    (void)engine, (void)serial, (void)hop;
    told++;
    if (how != NULL)
        touch(how, strlen(how));
}

/* ---- the rest of the controller ---- */

static struct peer peer;

struct peer *peer_find(struct banyan *tree, uint64_t serial) {
    (void)tree, (void)serial;
    return &peer;
}

/* What stands at that process id is the system's to say; here it is always a node. */
bool peer_started_by(struct banyan *tree, struct peer *started, pid_t pid,
                     char text[PROCESS_TEXT_MAX]) {
    (void)tree, (void)started;
    if (pid > 0)
        return true;
    snprintf(text, PROCESS_TEXT_MAX, "cannot watch the node");
    return false;
}

struct event *event_new(struct banyan *tree, enum post kind, uint64_t serial) {
    (void)tree, (void)kind, (void)serial;
    return NULL;
}

void event_post(struct event *event) {
    (void)event;
}

struct peer *peer_new(struct banyan *tree, const struct engine_node *node) {
    (void)tree, (void)node;
    return NULL;
}

bool peer_address(struct banyan *tree, struct peer *addressed, char text[PROCESS_TEXT_MAX]) {
    (void)tree, (void)addressed, (void)text;
    return false;
}

bool peer_start(struct banyan *tree, struct peer *started) {
    (void)tree, (void)started;
    return false;
}

bool peer_collect(struct banyan *tree, uint64_t serial) {
    (void)tree, (void)serial;
    return false;
}

int children_set(struct children *children, const struct child *nodes, size_t count) {
    (void)children, (void)nodes, (void)count;
    return 0;
}

nng_msg *buffer_message(const struct bundle *bundle) {
    (void)bundle;
    return NULL;
}

void children_request(struct children *children, int64_t id, nng_msg *request, link_done *done,
                      void *arg) {
    (void)children, (void)id, (void)done, (void)arg;
    nng_msg_free(request);
}

void process_describe(int status, char text[PROCESS_TEXT_MAX]) {
    snprintf(text, PROCESS_TEXT_MAX, "ended with status %d", status);
}

/* ---- an answer ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct banyan tree;
    static struct slice slices[SLICES];
    static struct bundle bundle = {.slices = slices};
    struct event event = {.tree = &tree, .serial = 3, .bundle = &bundle};
    if (size == 0)
        return 0;
    event.operation = (enum wire_operation)(1 + data[0] % (WIRE_PING - 1));
    if (event.operation == WIRE_PROBE || nng_msg_alloc(&event.reply, size - 1) != 0)
        return 0; /* whatever answers a direct question is a sign of life */
    memcpy(nng_msg_body(event.reply), data + 1, size - 1);
    bundle.slice_count = 1 + data[0] / 8 % SLICES;
    for (uint32_t i = 0; i < SLICES; i++)
        slices[i] = (struct slice){.number = i, .len = SLICE_LEN};
    peer = (struct peer){.serial = 3};
    told = 0;
    asks_handle(&tree, &event);
    FUZZ_CHECK(told == 1);
    nng_msg_free(event.reply);
    return 0;
}
