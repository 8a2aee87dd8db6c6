/*
 * Requests as a node decodes them: the node's own functions (src/node), with nothing behind them:
 * no socket, and no process. The input is one message, as a peer may send it.
 *
 * Whatever it is: the request is answered once, or sent on, or dropped; an answer is one that the
 * controller's decoder takes; an address or a set that goes further is well-formed.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "node/node.h"
#include "process/process.h"

enum { OWN_ID = 10, OWN_SERIAL = 3, RELAYED_MOST = 4 };

struct call {
    unsigned ends; /* answered, dropped, or sent on */
};

static struct call call;
static struct call *asked_before; /* a SPAWN that is not answered */
static struct call older;

/* ---- what stands behind the node ---- */

static void check_answer(nng_msg *answer) {
    const uint8_t *body = nng_msg_body(answer);
    struct wire_reader reader = {.at = body, .end = body + nng_msg_len(answer)};
    enum wire_operation operation = body[1];
    enum wire_status status;
    char text[WIRE_TEXT_MAX];
    FUZZ_CHECK(wire_get_answer(&reader, operation, &status));
    if (status == WIRE_REFUSED) {
        wire_get_text(&reader, text, sizeof text);
        FUZZ_CHECK(text[0] != '\0' && wire_get_end(&reader));
    } else if (status == WIRE_BROKEN) {
        FUZZ_CHECK(wire_get_end(&reader));
    } else if (operation == WIRE_SUMS) {
        for (uint32_t count = wire_get_u32(&reader); count > 0; count--) {
            wire_get_bytes(&reader, 28);
            uint32_t len = wire_get_u32(&reader);
            wire_get_bytes(&reader, len < WIRE_WORD_MAX ? len : WIRE_WORD_MAX);
        }
        FUZZ_CHECK(wire_get_end(&reader));
    }
}

void call_answer(struct call *answered, nng_msg *answer) {
    answered->ends++;
    check_answer(answer);
    nng_msg_free(answer);
    if (answered == asked_before)
        asked_before = NULL;
}

void call_drop(struct call *dropped) {
    dropped->ends++;
}

/* A path that breaks at once, or an answer that is passed back without a look at it. */
void children_request(struct children *children, int64_t id, nng_msg *request, link_done *done,
                      void *arg) {
    (void)children;
    FUZZ_CHECK(id != OWN_ID);
    nng_msg_free(request);
    done(arg, NNG_ECONNRESET, NULL);
}

static void check_child(const struct child *child) {
    FUZZ_CHECK(child->node.low <= child->node.id && child->node.id <= child->node.high);
    FUZZ_CHECK(memchr(child->address, '\0', sizeof child->address) != NULL);
}

int children_set(struct children *children, const struct child *nodes, size_t count) {
    (void)children;
    for (size_t i = 0; i < count; i++)
        check_child(&nodes[i]);
    return count % 7 == 6 ? NNG_ENOMEM : 0;
}

int children_add(struct children *children, const struct child *child) {
    (void)children;
    check_child(child);
    return 0;
}

void children_remove(struct children *children, uint64_t serial) {
    (void)children, (void)serial;
}

struct surveyor *children_surveyor(struct children *children) {
    return (struct surveyor *)children;
}

void survey_start(struct surveyor *surveyor, uint64_t round, uint64_t deadline_us,
                  uint64_t slack_us, survey_done *done, void *arg) {
    static const uint64_t serials[] = {1, 2, UINT64_MAX};
    (void)surveyor;
    FUZZ_CHECK(slack_us < deadline_us + slack_us); /* no deadline before the beginning */
    done(arg, serials, round % 4);
}

uint64_t net_now_us(void) {
    return 1000;
}

void net_unlink(const char *address) {
    FUZZ_CHECK(strlen(address) < WIRE_ADDRESS_MAX);
}

/* A birth connection to a process that does not exist; every fourth start is refused. */
pid_t process_start(const struct process_spec *spec, int *birth, char text[PROCESS_TEXT_MAX]) {
    FUZZ_CHECK(strlen(spec->address) < WIRE_ADDRESS_MAX);
    *birth = spec->serial % 4 == 3 ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (*birth >= 0)
        return 4711;
    snprintf(text, PROCESS_TEXT_MAX, "refused");
    return -1;
}

int process_read_birth(int birth, char text[PROCESS_TEXT_MAX]) {
    (void)birth;
    snprintf(text, PROCESS_TEXT_MAX, "ended");
    return 1;
}

/* These stand in for the system's (see CMakeLists.txt). */
int stub_shutdown(int fd, int how);
int stub_kill(pid_t pid, int number);
pid_t stub_waitpid(pid_t pid, int *status, int options);

int stub_shutdown(int fd, int how) {
    (void)fd, (void)how;
    return 0;
}

int stub_kill(pid_t pid, int number) {
    FUZZ_CHECK(pid == 4711 && number == SIGKILL);
    return 0;
}

pid_t stub_waitpid(pid_t pid, int *status, int options) {
    (void)options;
    *status = SIGKILL;
    return pid;
}

/* ---- a message ---- */

static struct node *node_new(void) {
    static struct node node;
    node = (struct node){.id = OWN_ID, .serial = OWN_SERIAL, .program = "node", .wake = -1};
    node.version = node.set_version = 5;
    pthread_mutex_init(&node.lock, NULL);
    return &node;
}

/* A node that is starting a child, with the question for it still open. */
static void add_start(struct node *node, uint64_t serial) {
    struct start *start = calloc(1, sizeof *start);
    FUZZ_CHECK(start != NULL);
    older = (struct call){0};
    asked_before = &older;
    *start = (struct start){.pid = 4711, .birth = -1, .version = 5, .call = &older};
    start->child.node = (struct wire_node){.serial = serial, .id = 12, .low = 11, .high = 20};
    start->birth = open("/dev/null", O_RDONLY | O_CLOEXEC);
    start->next = NULL;
    start->prev = start; /* a list of one */
    node->starts = start;
}

static void do_work(struct node *node) {
    struct work *work = node->work, *next;
    node->work = NULL;
    for (; work != NULL; work = next) {
        next = work->next;
        starts_work(node, work);
        free(work);
    }
}

static void end_starts(struct node *node) {
    struct start *start = node->starts, *next;
    for (; start != NULL; start = next) {
        next = start->next;
        if (start->call != NULL)
            call_drop(start->call);
        close(start->birth);
        free(start);
    }
    pthread_mutex_destroy(&node->lock);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    nng_msg *message;
    struct node *node = node_new();
    if (size == 0 || nng_msg_alloc(&message, size - 1) != 0)
        return 0;
    memcpy(nng_msg_body(message), data + 1, size - 1);
    call = (struct call){0};
    add_start(node, 7);
    if (data[0] % 2 == 0)
        node_request(node, &call, message);
    else
        node_survey(node, &call, message);
    do_work(node);
    if (data[0] % 4 >= 2 && node->starts != NULL)
        starts_birth(node, node->starts);
    end_starts(node);
    FUZZ_CHECK(call.ends == 1);
    FUZZ_CHECK(older.ends == 1);
    return 0;
}
