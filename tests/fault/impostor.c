/*
 * impostor: in the place of the node program, against a live controller (banyan --node impostor).
 * Mostly it becomes a real node; but with the ids FIRST, FIRST + STEP and so on it does wrong what
 * impostor --kinds says. (So real nodes can stand between any two impostors.) It speaks by hand what nng speaks.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "language/number.h"
#include "process/process.h"
#include "wire/wire.h"
#include "wire_by_hand.h"

enum { FIRST = 1000, STEP = 10, CONNECTIONS = 64, ROOM = 5 << 20, MANY = 500000, FLOOD = 2000 };

/* What it does wrong, and otherwise right. */
enum kind {
    BIRTH_GARBAGE,
    BIRTH_HALF_LINE,
    BIRTH_LONG,
    BIRTH_CONTROLS,
    BIRTH_NOTHING,
    BIRTH_NEVER,    /* says nothing, and stays when its parent ends */
    DEAF,           /* says that it listens, and does not */
    MUTE_HANDSHAKE, /* never answers the handshake */
    BAD_HANDSHAKE,
    OTHER_PROTOCOL,
    HANGS_UP, /* on every request */
    SILENT,   /* to every request */
    EMPTY,
    VERSION,
    OPERATION,
    STATUS,
    SHORT,
    LONGER,
    OVERSIZED,
    LYING_LENGTH,
    OTHER_ID, /* of the request */
    NO_ID,
    TWICE,
    FLOODS, /* with answers that nobody asked for */
    LONG_TEXT,
    CONTROL_TEXT,
    UNENDED_TEXT,
    COUNT_LESS,
    COUNT_MORE,
    COUNT_HUGE,
    SUM_HUGE,
    SUM_COUNT_HUGE,
    SUM_ERROR,
    SUM_WORD,
    PING_LIES,
    PING_MANY,
    PING_GARBAGE,
    PING_SILENT,
    SPAWN_INIT, /* says that process 1 is the node that it has started */
    SPAWN_CONTROLLER,
    SPAWN_SELF,
    SPAWN_NOBODY,
    REAP_SHORT,
    JOINS_EARLY,  /* says that it has joined before it listens */
    JOINS_FLOODS, /* says so of itself and of others, and nonsense, again and again */
    JOINS_STRAY,  /* has a process that nobody asked for say so, and answers once that is ended */
    RANDOM,
    KINDS,
};

static const char *const names[KINDS] = {
    "birth_garbage", "birth_half_line", "birth_long",   "birth_controls",
    "birth_nothing", "birth_never",     "deaf",         "mute_handshake",
    "bad_handshake", "other_protocol",  "hangs_up",     "silent",
    "empty",         "version",         "operation",    "status",
    "short",         "longer",          "oversized",    "lying_length",
    "other_id",      "no_id",           "twice",        "floods",
    "long_text",     "control_text",    "unended_text", "count_less",
    "count_more",    "count_huge",      "sum_huge",     "sum_count",
    "sum_error",     "sum_word",        "ping_lies",    "ping_many",
    "ping_garbage",  "ping_silent",     "spawn_init",   "spawn_controller",
    "spawn_self",    "spawn_nobody",    "reap_short",   "joins_early",
    "joins_floods",  "joins_stray",     "random",
};

struct connection {
    int fd; /* -1: free */
    bool survey, greeted;
    uint8_t in[1 << 16];
    size_t have;
};

static enum kind kind;
static uint64_t own_serial;
static const char *own_address;
static struct connection connections[CONNECTIONS];
static uint8_t out[ROOM];

/* ---- joining ---- */

/* Once its parent is connected to both of its sockets. */
static void join(bool survey) {
    static bool connected[2], joined;
    connected[survey] = true;
    if (!joined && connected[0] && connected[1])
        joined = process_notify(PROCESS_NOTIFY_FD, own_serial);
}

static void flood_joins(void) {
    static const char nonsense[100];
    for (uint64_t i = 0; i < FLOOD; i++) {
        process_notify(PROCESS_NOTIFY_FD, i % 4 == 0 ? own_serial : i);
        if (send(PROCESS_NOTIFY_FD, nonsense, i % sizeof nonsense, MSG_NOSIGNAL) < 0)
            exit(1);
    }
}

enum { STRAY_ID = -2 };

/* A process that nobody has asked for says that it has joined. */
static _Noreturn void be_stray(uint64_t serial) {
    process_notify(PROCESS_NOTIFY_FD, serial);
    for (;;)
        pause();
}

static void wait_for_end_of_stray(void) {
    char address[WIRE_ADDRESS_MAX], *arguments[] = {"banyan-node", "-2", "1234567", address, NULL};
    snprintf(address, sizeof address, "%.*s/1234567",
             (int)(strrchr(own_address, '/') - own_address), own_address);
    pid_t pid = fork();
    if (pid == 0) {
        execv("/proc/self/exe", arguments);
        _exit(1);
    }
    if (pid < 0 || waitpid(pid, NULL, 0) != pid)
        exit(1);
}

/* ---- answers: their bodies ---- */

static void put_sum(struct wire_writer *writer, uint64_t count, wire_int128 sum, uint32_t error,
                    uint32_t word_len) {
    wire_put_u64(writer, count);
    wire_put_i128(writer, sum);
    wire_put_u32(writer, error);
    wire_put_u32(writer, word_len);
}

/* One slice of numbers is what the test sends. */
static void answer_sums(struct wire_writer *writer) {
    if (kind == JOINS_STRAY)
        wait_for_end_of_stray();
    const wire_int128 largest = (wire_int128)(~(__extension__(unsigned __int128) 0) >> 1);
    wire_put_u32(writer, kind == COUNT_LESS   ? 0
                         : kind == COUNT_MORE ? 3
                         : kind == COUNT_HUGE ? UINT32_MAX
                                              : 1);
    put_sum(writer, kind == SUM_COUNT_HUGE ? UINT64_MAX : 2, kind == SUM_HUGE ? largest : 3,
            kind == SUM_ERROR ? 77 : kind == SUM_WORD, kind == SUM_WORD ? UINT32_MAX : 0);
    if (kind == COUNT_MORE) {
        put_sum(writer, 2, 3, 0, 0);
        put_sum(writer, 2, 3, 0, 0);
    }
}

static void answer_ping(struct wire_writer *writer) {
    uint32_t count = kind == PING_MANY ? MANY : 1;
    wire_put_u32(writer, kind == PING_LIES ? UINT32_MAX : count);
    wire_put_u64(writer, own_serial);
    for (uint32_t i = 1; i < count; i++)
        wire_put_u64(writer, UINT64_C(1) << 40 | i);
    if (kind == PING_GARBAGE)
        wire_put_u16(writer, 7);
}

static void answer_spawn(struct wire_writer *writer) {
    pid_t pids[] = {1, getppid(), getpid(),
                    0x7ffffff0}; /* it is a child of the controller's root */
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", (int)getppid());
    FILE *status = fopen(path, "re");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        sscanf(line, "PPid: %d", &pids[1]);
    if (status != NULL)
        fclose(status);
    wire_put_u32(
        writer, kind >= SPAWN_INIT && kind <= SPAWN_NOBODY ? (uint32_t)pids[kind - SPAWN_INIT] : 0);
}

static void answer_text(struct wire_writer *writer) {
    static const char controls[] = "no\nOk: 1\n\x1b[2J";
    static char text[60000];
    memset(text, 'x', sizeof text - 1);
    wire_put_text(writer, kind == CONTROL_TEXT ? controls : text);
    if (kind == UNENDED_TEXT)
        writer->at -= 100;
}

/* The answers to PROBE and PING are right, or it would be just an unavailable node, except where it
 * is about all answers, or about these. */
static void answer(struct wire_writer *writer, enum wire_operation operation) {
    bool refuses = kind >= LONG_TEXT && kind <= UNENDED_TEXT && operation == WIRE_SUMS;
    wire_put_answer(writer, operation, refuses ? WIRE_REFUSED : WIRE_OK);
    if (refuses)
        answer_text(writer);
    else if (operation == WIRE_SUMS)
        answer_sums(writer);
    else if (operation == WIRE_PING)
        answer_ping(writer);
    else if (operation == WIRE_SPAWN)
        answer_spawn(writer);
    else if (operation == WIRE_REAP && kind != REAP_SHORT)
        wire_put_u32(writer, 0);
}

/* ---- what is wrong with all but PROBE and PING ---- */

static size_t spoil(uint8_t *body, size_t len) {
    switch (kind) {
    case EMPTY:
        return 0;
    case VERSION:
        body[0] = 9;
        break;
    case OPERATION:
        body[1] ^= 3;
        break;
    case STATUS:
        body[2] = 200;
        break;
    case SHORT:
        return len - 1;
    case LONGER:
        return len + 3;
    case RANDOM:
        for (size_t i = 0; i < len; i++)
            body[i] = (uint8_t)rand();
        break;
    default:
        break;
    }
    return len;
}

static void hang_up(struct connection *connection) {
    close(connection->fd);
    connection->fd = -1;
}

static void send_out(struct connection *connection, const uint8_t *bytes, size_t len) {
    while (len > 0 && connection->fd >= 0) {
        ssize_t sent = send(connection->fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) {
            hang_up(connection);
            return;
        }
        bytes += sent;
        len -= (size_t)sent;
    }
}

/* The id of the request goes before the answer. */
static void send_answer(struct connection *connection, const uint8_t id[4], size_t body) {
    uint8_t *at = out + SP_LEAD;
    size_t skip = kind == NO_ID ? 4 : 0, len = 4 - skip + body;
    memcpy(at, id, 4);
    if (kind == OTHER_ID)
        at[2] ^= 0x55;
    sp_lead(out + skip, kind == OVERSIZED      ? WIRE_MESSAGE_MAX + 1000
                        : kind == LYING_LENGTH ? UINT64_MAX
                                               : len);
    send_out(connection, out + skip, SP_LEAD + len);
}

static void flood(struct connection *connection, size_t body) {
    for (uint32_t i = 0; i < FLOOD; i++) {
        const uint8_t id[4] = {0x80, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        send_answer(connection, id, body);
    }
}

static void answer_message(struct connection *connection, const uint8_t *message, size_t len) {
    struct wire_writer writer = {.at = out + SP_LEAD + 4, .end = out + sizeof out};
    struct wire_reader reader = {.at = message + 4, .end = message + len};
    struct wire_head head;
    if (len < 4 || !wire_get_head(&reader, &head))
        return;
    answer(&writer, head.operation);
    size_t body = (size_t)(writer.at - out) - SP_LEAD - 4;
    bool spared = head.operation == WIRE_PROBE || head.operation == WIRE_PING;
    if (kind == PING_SILENT && head.operation == WIRE_PING)
        return;
    if (kind == FLOODS)
        flood(connection, body);
    if (spared) {
        enum kind real = kind;
        kind = kind == TWICE ? TWICE : KINDS;
        send_answer(connection, message, body);
        kind = real;
    } else if (kind == HANGS_UP) {
        hang_up(connection);
    } else if (kind != SILENT) {
        send_answer(connection, message, spoil(out + SP_LEAD + 4, body));
    }
    if (kind == TWICE)
        send_answer(connection, message, body);
}

/* ---- connections ---- */

static void greet(struct connection *connection) {
    uint8_t bytes[SP_HANDSHAKE];
    sp_handshake(bytes, connection->survey ? SP_RESPONDENT : SP_REP);
    if (kind == BAD_HANDSHAKE)
        memset(bytes, 'x', sizeof bytes);
    if (kind == OTHER_PROTOCOL)
        bytes[5] ^= 0x70;
    if (kind != MUTE_HANDSHAKE)
        send_out(connection, bytes, sizeof bytes);
    connection->greeted = true;
    if (kind != MUTE_HANDSHAKE && kind != BAD_HANDSHAKE && kind != OTHER_PROTOCOL)
        join(connection->survey);
}

static uint64_t message_len(const uint8_t *lead) {
    uint64_t len = 0;
    for (int i = 1; i < SP_LEAD; i++)
        len = len << 8 | lead[i];
    return len;
}

static void take(struct connection *connection, size_t len) {
    connection->have -= len;
    memmove(connection->in, connection->in + len, connection->have);
}

static void receive(struct connection *connection) {
    ssize_t len = recv(connection->fd, connection->in + connection->have,
                       sizeof connection->in - connection->have, 0);
    if (len <= 0) {
        hang_up(connection);
        return;
    }
    connection->have += (size_t)len;
    if (!connection->greeted) {
        if (connection->have < SP_HANDSHAKE)
            return;
        take(connection, SP_HANDSHAKE);
        greet(connection);
    }
    while (connection->fd >= 0 && connection->have >= SP_LEAD &&
           connection->have - SP_LEAD >= message_len(connection->in)) {
        size_t message = (size_t)message_len(connection->in);
        answer_message(connection, connection->in + SP_LEAD, message);
        take(connection, SP_LEAD + message);
    }
}

static void accept_one(int listener, bool survey) {
    int fd = accept(listener, NULL, NULL);
    for (int i = 0; fd >= 0 && i < CONNECTIONS; i++) {
        if (connections[i].fd < 0) {
            connections[i].fd = fd;
            connections[i].survey = survey;
            connections[i].greeted = false;
            connections[i].have = 0;
            return;
        }
    }
    if (fd >= 0)
        close(fd);
}

static int listen_at(const char *address, const char *suffix) {
    struct sockaddr_un name;
    char path[200];
    snprintf(path, sizeof path, "%.150s%s", address + strlen("ipc://"), suffix);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || !sp_address(&name, path) ||
        bind(fd, (struct sockaddr *)&name, sizeof name) != 0 || listen(fd, 64) != 0)
        exit(1);
    return fd;
}

static void be_born(void) {
    if (kind == JOINS_EARLY)
        process_notify(PROCESS_NOTIFY_FD, own_serial);
    if (kind == JOINS_FLOODS)
        flood_joins();
    static const char controls[] = "no\x1b[2J\tOk: 1\n";
    static char longer[5000];
    memset(longer, 'x', sizeof longer);
    const char *text = kind == BIRTH_GARBAGE     ? "what\n"
                       : kind == BIRTH_HALF_LINE ? "rea"
                       : kind == BIRTH_CONTROLS  ? controls
                                                 : PROCESS_READY;
    if (kind == BIRTH_NOTHING)
        exit(0);
    if (kind == BIRTH_NEVER)
        return;
    if (send(PROCESS_BIRTH_FD, kind == BIRTH_LONG ? longer : text,
             kind == BIRTH_LONG ? sizeof longer : strlen(text), MSG_NOSIGNAL) < 0)
        exit(1);
}

static _Noreturn void serve(const int listeners[2]) {
    for (;;) {
        struct pollfd watches[3 + CONNECTIONS] = {
            {.fd = PROCESS_LIFELINE_FD, .events = POLLIN},
            {.fd = listeners[0], .events = POLLIN},
            {.fd = listeners[1], .events = POLLIN},
        };
        for (int i = 0; i < CONNECTIONS; i++)
            watches[3 + i] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
        if (poll(watches, 3 + CONNECTIONS, -1) < 0 || watches[0].revents != 0)
            _exit(0);
        for (int i = 0; i < CONNECTIONS; i++) {
            if (connections[i].fd >= 0 && watches[3 + i].revents != 0)
                receive(&connections[i]);
        }
        for (int i = 0; i < 2; i++) {
            if (watches[1 + i].revents != 0)
                accept_one(listeners[i], i == 1);
        }
    }
}

/* Its children are started as it was, so that they may be impostors again. */
static _Noreturn void be_real(char **argv) {
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 20);
    if (len > 0) {
        path[len] = '\0';
        strcpy(strrchr(path, '/'), "/banyan-node");
        execv(path, argv);
    }
    _exit(1);
}

int main(int argc, char **argv) {
    int64_t id, serial;
    if (argc == 2 && strcmp(argv[1], "--kinds") == 0) {
        for (int i = 0; i < KINDS; i++)
            printf("%d %s\n", FIRST + STEP * i, names[i]);
        return 0;
    }
    if (argc != 4 || !number_parse(argv[1], strlen(argv[1]), &id) ||
        !number_parse(argv[2], strlen(argv[2]), &serial))
        return 2;
    if (id == STRAY_ID)
        be_stray((uint64_t)serial);
    if (id < FIRST || id >= FIRST + STEP * KINDS || id % STEP != 0)
        be_real(argv);
    kind = (enum kind)((id - FIRST) / STEP);
    own_serial = (uint64_t)serial;
    own_address = argv[3];
    for (int i = 0; i < CONNECTIONS; i++)
        connections[i].fd = -1;
    int listeners[2] = {-1, -1};
    if (kind != DEAF) {
        listeners[0] = listen_at(argv[3], ".req");
        listeners[1] = listen_at(argv[3], ".srv");
    }
    be_born();
    serve(listeners);
}
