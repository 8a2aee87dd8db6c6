/*
 * Requests as a node decodes them: the node's own functions (src/node), with children and sockets
 * that are stubs. The first byte of the input chooses how these behave; the rest is one message, as
 * a peer may send it.
 *
 * Whatever the message: it is answered once, or relayed, or dropped; an answer is one that the
 * controller's decoder takes; sets and children that go further are well-formed.
 */
#include <sys/eventfd.h>

#include "fuzz.h"
#include "net/message.h"
#include "node/node.h"

enum { OWN_ID = 10, OWN_SERIAL = 3, ROUND = 4, VERSION = 5, PENDING_MOST = 64 };

/* Of the first byte. */
enum { SURVEY = 1, CONFIRMS = 2, LATER = 4, NOISE = 8, SET_FAILS = 16, NO_CHILDREN = 32 };

struct exchange {
    unsigned ends; /* answered or dropped */
};

static struct exchange only;
static unsigned mode;
static const nng_msg *given; /* the message: what is relayed is itself */

/* Requests that are answered later. */
static struct pending {
    nng_msg *request;
    link_done *done;
    void *arg;
} pending[PENDING_MOST];
static size_t pending_count;

/* ---- answers ---- */

static void check_sums(struct wire_reader *reader) {
    for (uint32_t count = wire_get_u32(reader); count > 0; count--) {
        wire_get_bytes(reader, 28);
        uint32_t len = wire_get_u32(reader);
        wire_get_bytes(reader, len < WIRE_WORD_MAX ? len : WIRE_WORD_MAX);
    }
}

static void check_answer(nng_msg *answer) {
    struct wire_reader reader = message_reader(answer);
    enum wire_operation operation = reader.at[1];
    enum wire_status status;
    char text[WIRE_TEXT_MAX] = "";
    FUZZ_CHECK(wire_get_answer(&reader, operation, &status));
    if (status == WIRE_REFUSED) {
        wire_get_text(&reader, text, sizeof text);
        FUZZ_CHECK(text[0] != '\0');
    } else if (status == WIRE_OK && operation == WIRE_SUMS) {
        check_sums(&reader);
    } else if (status == WIRE_OK && operation == WIRE_ARRANGE) {
        wire_get_bytes(&reader, (size_t)wire_get_u32(&reader) * 16);
    } else if (status == WIRE_OK && operation == WIRE_PING) {
        wire_get_bytes(&reader, (size_t)wire_get_u32(&reader) * 8);
    }
    FUZZ_CHECK(wire_get_end(&reader));
}

void exchange_answer(struct exchange *exchange, nng_msg *answer) {
    exchange->ends++;
    FUZZ_CHECK(answer != NULL);
    check_answer(answer);
    nng_msg_free(answer);
}

void exchange_drop(struct exchange *exchange) {
    exchange->ends++;
}

/* ---- children ---- */

/* Two children, above this node; nothing leads to an id below it. */
bool children_find(struct children *children, int64_t id, struct wire_node *node) {
    static const struct wire_node nodes[] = {{.serial = 7, .id = 12, .low = 11, .high = 20},
                                             {.serial = 8, .id = 21, .low = 21, .high = INT64_MAX}};
    (void)children;
    if ((mode & NO_CHILDREN) != 0 || id <= OWN_ID)
        return false;
    *node = nodes[id > 20];
    return true;
}

/* The sets in a piece, each confirmed; only the head of the answer with NOISE. */
static nng_msg *confirmation(nng_msg *request) {
    struct wire_reader reader = message_reader(request);
    struct wire_writer writer;
    struct wire_head head;
    FUZZ_CHECK(wire_get_head(&reader, &head));
    uint32_t count = wire_get_u32(&reader);
    nng_msg *answer = message_answer(WIRE_ARRANGE, WIRE_OK, 4 + 16 * (size_t)count, &writer);
    FUZZ_CHECK(answer != NULL);
    wire_put_u32(&writer, (mode & NOISE) != 0 ? count + mode : count);
    for (uint32_t i = 0; i < 2 * count; i++)
        wire_put_u64(&writer, i);
    return answer;
}

static void answer_request(nng_msg *request, link_done *done, void *arg) {
    nng_msg *answer = (mode & CONFIRMS) != 0 ? confirmation(request) : NULL;
    nng_msg_free(request);
    done(arg, answer != NULL ? 0 : NNG_ECONNRESET, answer);
}

static void check_piece(nng_msg *request, int64_t id) {
    struct wire_reader reader = message_reader(request);
    struct wire_head head;
    FUZZ_CHECK(wire_get_head(&reader, &head) && head.operation == WIRE_ARRANGE && head.id == id);
    struct arrange *arrange = arrange_read(reader.at, (size_t)(reader.end - reader.at));
    FUZZ_CHECK(arrange != NULL);
    arrange_free(arrange);
}

/* A request that is relayed breaks at once; the answer would be passed back without a look at
 * it. */
void children_request(struct children *children, int64_t id, nng_msg *request, link_done *done,
                      void *arg) {
    (void)children;
    FUZZ_CHECK(id != OWN_ID);
    if (request == given) {
        nng_msg_free(request);
        done(arg, NNG_ECONNRESET, NULL);
        return;
    }
    check_piece(request, id);
    if ((mode & LATER) != 0 && pending_count < PENDING_MOST)
        pending[pending_count++] = (struct pending){request, done, arg};
    else
        answer_request(request, done, arg);
}

int children_set(struct children *children, const struct wire_child *nodes, size_t count) {
    (void)children;
    for (size_t i = 0; i < count; i++) {
        const struct wire_node *node = &nodes[i].node;
        FUZZ_CHECK(node->low <= node->id && node->id <= node->high);
        FUZZ_CHECK(memchr(nodes[i].address, '\0', sizeof nodes[i].address) != NULL);
    }
    return (mode & SET_FAILS) != 0 ? NNG_ENOMEM : 0;
}

struct surveyor *children_surveyor(struct children *children) {
    return (struct surveyor *)children;
}

void survey_start(struct surveyor *surveyor, uint64_t round, uint64_t budget_us, uint64_t slack_us,
                  survey_done *done, void *arg) {
    static const uint64_t serials[] = {1, 2, UINT64_MAX};
    (void)surveyor;
    FUZZ_CHECK(round >= ROUND);
    FUZZ_CHECK(budget_us <= UINT64_MAX - slack_us); /* shorter than what the parent had */
    done(arg, serials, round % 4);
}

/* ---- a message ---- */

static struct node *node_new(void) {
    static struct node node = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = -1};
    if (node.wake < 0)
        node.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    FUZZ_CHECK(node.wake >= 0);
    node.rules = (struct rules){
        .id = OWN_ID, .serial = OWN_SERIAL, .round = ROUND, .set_version = VERSION};
    return &node;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    nng_msg *message;
    struct node *node = node_new();
    if (size == 0 || nng_msg_alloc(&message, size - 1) != 0)
        return 0;
    memcpy(nng_msg_body(message), data + 1, size - 1);
    only = (struct exchange){0};
    mode = data[0];
    given = message;
    if ((mode & SURVEY) != 0)
        node_survey(node, &only, message);
    else
        node_request(node, &only, message);
    arranging_work(node);
    while (pending_count > 0) { /* the latest first */
        FUZZ_CHECK(only.ends == 0);
        struct pending *last = &pending[--pending_count];
        answer_request(last->request, last->done, last->arg);
    }
    FUZZ_CHECK(only.ends == 1);
    return 0;
}
