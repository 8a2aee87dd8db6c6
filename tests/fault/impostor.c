/*
 * impostor: in the place of the node program, against a live controller (banyan --node impostor).
 * Mostly it becomes a real node; but with the ids FIRST, FIRST + STEP and so on it does wrong what
 * impostor --kinds says. (So real nodes can stand between any two impostors.) What nng speaks, it
 * speaks by hand.
 */
#include "impostor.h"

#include <stdlib.h>

#include "language/number.h"
#include "start/birth.h"
#include "wire_by_hand.h"

enum { FIRST = 1000, STEP = 10, CONNECTIONS = 64, ROOM = 5 << 20, FLOOD = 2000 };

static const char *const names[KINDS] = {
    "birth_garbage",
    "birth_half_line",
    "birth_long",
    "birth_controls",
    "birth_nothing",
    "birth_never",
    "birth_twice",
    "birth_joins_first",
    "birth_joins_early",
    "birth_closes",
    "birth_closes_late",
    "birth_forks",
    "birth_floods",
    "deaf",
    "mute_handshake",
    "bad_handshake",
    "other_protocol",
    "hangs_up",
    "silent",
    "empty",
    "version",
    "operation",
    "status",
    "short",
    "longer",
    "oversized",
    "lying_length",
    "other_id",
    "no_id",
    "twice",
    "floods",
    "long_text",
    "control_text",
    "unended_text",
    "count_less",
    "count_more",
    "count_huge",
    "sum_huge",
    "sum_count",
    "sum_error",
    "sum_word",
    "ping_lies",
    "ping_many",
    "ping_garbage",
    "ping_silent",
    "sets_none",
    "sets_others",
    "sets_huge",
    "sets_refused",
    "sets_unconnected",
    "random",
};

struct connection {
    int fd; /* -1: free */
    bool survey, greeted;
    uint8_t in[1 << 16];
    size_t have;
};

enum kind kind;
uint64_t own_serial;
static int line = BIRTH_FD; /* -1: closed */
static struct connection connections[CONNECTIONS];
static uint8_t out[ROOM];

/* ---- the birth line ---- */

static void close_line(void) {
    close(line);
    line = -1;
}

static void flood_line(void) {
    static const char nonsense[100];
    for (int i = 0; i < FLOOD; i++) {
        if (send(line, i % 2 == 0 ? "ready\n" : nonsense, 6, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            return; /* the starter reads no more, which is right */
    }
}

/* When its parent is connected to both of its sockets. */
static void join(bool survey) {
    static bool connected[2], joined;
    connected[survey] = true;
    if (joined || !connected[0] || !connected[1])
        return;
    joined = true;
    if (line >= 0 && kind != LINE_JOINS_EARLY)
        birth_write_joined(line);
    if (kind == LINE_CLOSES_LATE)
        close_line();
    if (kind == LINE_FLOODS)
        flood_line();
}

/* The child ends when the starter has closed its end. */
static void have_child(void) {
    struct pollfd watch = {.fd = line};
    if (fork() != 0)
        return;
    poll(&watch, 1, -1);
    _exit(0);
}

static void be_born(void) {
    static char longer[5000];
    memset(longer, 'x', sizeof longer);
    switch (kind) {
    case LINE_NOTHING:
        exit(0);
    case LINE_NEVER:
        return;
    case LINE_GARBAGE:
        send(line, "what\n", 5, MSG_NOSIGNAL);
        return;
    case LINE_HALF_LINE:
        send(line, "rea", 3, MSG_NOSIGNAL);
        return;
    case LINE_LONG:
        send(line, longer, sizeof longer, MSG_NOSIGNAL);
        return;
    case LINE_CONTROLS:
        birth_write_failure(line, "no\x1b[2J\tOk: 1");
        return;
    case LINE_JOINS_FIRST:
        birth_write_joined(line);
        return;
    default:
        birth_write_ready(line);
    }
    if (kind == LINE_TWICE)
        birth_write_ready(line);
    if (kind == LINE_JOINS_EARLY)
        birth_write_joined(line);
    if (kind == LINE_CLOSES)
        close_line();
    if (kind == LINE_FORKS)
        have_child();
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
    answer(&writer, head.operation, &reader);
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

static _Noreturn void serve(const int listeners[2]) {
    for (;;) {
        struct pollfd watches[3 + CONNECTIONS] = {
            {.fd = line, .events = POLLIN},
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
    if (id < FIRST || id >= FIRST + STEP * KINDS || id % STEP != 0)
        be_real(argv);
    kind = (enum kind)((id - FIRST) / STEP);
    own_serial = (uint64_t)serial;
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
