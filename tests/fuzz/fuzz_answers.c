/*
 * Answers as the controller decodes them (src/controller/sums.c and sets.c): the input is what a
 * node, or something in its place, answered. The engine must be told exactly once about a bundle
 * and about each set, and only what holds: as many results as there were slices, sums that such
 * texts can have, texts that end, and sets in force that the answer names.
 */
#include "controller/controller.h"
#include "controller/peers.h"
#include "controller/sets.h"
#include "fuzz.h"

enum { MOST = 3, SLICE_LEN = 100, VERSION = 7 };

static const uint8_t *input; /* behind its first byte */
static size_t input_len;
static unsigned summed, arranged[MOST]; /* how often the engine was told */
static char touched;                    /* so that no read is optimised away */

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

void engine_summed(struct engine *engine, struct bundle *bundle, enum outcome outcome,
                   const struct slice_result *results, const char *text) {
    (void)engine;
    summed++;
    FUZZ_CHECK((results != NULL) == (outcome == OUTCOME_OK));
    for (uint32_t i = 0; outcome == OUTCOME_OK && i < bundle->slice_count; i++)
        check_result(&results[i]);
    if (outcome == OUTCOME_REFUSED)
        touch(text, strlen(text));
}

/* Whether the input holds this pair of numbers as an answer would. */
static bool is_named(uint64_t serial, uint64_t version) {
    uint8_t pair[16];
    struct wire_writer writer = {.at = pair, .end = pair + sizeof pair};
    wire_put_u64(&writer, serial);
    wire_put_u64(&writer, version);
    return input_len >= WIRE_ANSWER_HEAD + 4 + sizeof pair && input[2] == WIRE_OK &&
           memmem(input, input_len, pair, sizeof pair) != NULL;
}

void engine_arranged(struct engine *engine, const struct engine_arranged *sets, size_t count) {
    (void)engine;
    for (size_t i = 0; i < count; i++) {
        FUZZ_CHECK(sets[i].parent >= 1 && sets[i].parent <= MOST && sets[i].version == VERSION);
        arranged[sets[i].parent - 1]++;
        FUZZ_CHECK(sets[i].outcome == OUTCOME_BROKEN ||
                   (sets[i].outcome == OUTCOME_OK && is_named(sets[i].parent, VERSION)));
    }
}

/* ---- the rest of the controller ---- */

/* Children of the controller: 0: none, 1: one that leads everywhere, 2: one for each id. */
static unsigned children_kind;

bool children_find(struct children *children, int64_t id, struct wire_node *node) {
    (void)children;
    *node = (struct wire_node){.serial = children_kind == 1 ? 1 : (uint64_t)id, .id = id};
    return children_kind != 0;
}

int children_set(struct children *children, const struct wire_child *nodes, size_t count) {
    (void)children, (void)nodes, (void)count;
    return 0;
}

const char *peer_address(struct banyan *tree, uint64_t serial) {
    (void)tree, (void)serial;
    return "ipc:///tmp/banyan/1";
}

nng_msg *buffers_message(const struct bundle *bundle) {
    nng_msg *message;
    (void)bundle;
    return nng_msg_alloc(&message, WIRE_HEAD) == 0 ? message : NULL;
}

static struct event *posted, **posted_end = &posted;

void event_post(struct event *event) {
    event->next = NULL;
    *posted_end = event;
    posted_end = &event->next;
}

/* Each request is answered at once, with the input. */
void children_request(struct children *children, int64_t id, nng_msg *request, link_done *done,
                      void *arg) {
    nng_msg *reply;
    (void)children, (void)id;
    nng_msg_free(request);
    if (nng_msg_alloc(&reply, input_len) != 0)
        abort();
    memcpy(nng_msg_body(reply), input, input_len);
    done(arg, 0, reply);
}

static void handle_posted(struct banyan *tree) {
    while (posted != NULL) {
        struct event *event = posted;
        posted = event->next;
        if (posted == NULL)
            posted_end = &posted;
        event->handle(tree, event);
    }
}

/* ---- an answer ---- */

static void send_sums(struct banyan *tree, uint32_t count) {
    struct slice slices[MOST];
    struct bundle bundle = {.slices = slices, .slice_count = count};
    for (uint32_t i = 0; i < count; i++)
        slices[i] = (struct slice){.number = i, .len = SLICE_LEN};
    FUZZ_CHECK(sums_send(tree, &bundle));
    handle_posted(tree);
    FUZZ_CHECK(summed == 1);
}

static void send_sets(struct banyan *tree, size_t count) {
    const struct engine_node child = {.serial = 9, .id = 1, .low = 1, .high = 1};
    struct engine_set sets[MOST];
    for (size_t i = 0; i < count; i++)
        sets[i] = (struct engine_set){.parent = count - i,
                                      .parent_id = (int64_t)(10 + i),
                                      .version = VERSION,
                                      .nodes = &child,
                                      .count = i % 2};
    FUZZ_CHECK(sets_send(tree, sets, count));
    handle_posted(tree);
    for (size_t i = 0; i < MOST; i++)
        FUZZ_CHECK(arranged[i] == (i < count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct banyan tree;
    if (size == 0)
        return 0;
    input = data + 1;
    input_len = size - 1;
    summed = 0;
    memset(arranged, 0, sizeof arranged);
    children_kind = data[0] % 4 - (data[0] % 4 > 0);
    uint32_t count = 1 + data[0] / 8 % MOST;
    if (data[0] % 4 == 0)
        send_sums(&tree, count);
    else
        send_sets(&tree, count);
    return 0;
}
