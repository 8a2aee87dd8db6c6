/* hostile_peer.c: a peer that does everything wrong. */
#include "hostile.h"

#include <stdlib.h>

#include "../unit/random.h"
#include "wire/wire.h"
#include "wire_by_hand.h"

enum {
    FRAME_MOST = 4096, /* bytes of a message, usually */
    LAST_ID = 42,      /* of the last request on a connection */
};

#define NO_SERIAL (UINT64_C(1) << 63) /* of no node */

/* The rounds of bad surveys, of good ones and of the controller's are far from each other, so that
 * none passes for a late one of another kind. */
#define FAR_ROUND (UINT64_C(1) << 63)
static uint64_t good_round = UINT64_C(1) << 62;

struct peer_counts counts;
static char sockets[256];

void peer_sockets(const char *directory) {
    snprintf(sockets, sizeof sockets, "%s", directory);
}

/* ---- connections ---- */

static void socket_path(char path[300], int node, bool survey) {
    snprintf(path, 300, "%s/%d.%s", sockets, node + 1, survey ? "srv" : "req");
}

/* What has been read of the present connection: a handshake, then messages. */
static struct {
    uint8_t start[SP_HANDSHAKE + SP_LEAD + 4]; /* of the message: its length, and an id */
    size_t have, skip;
    bool greeted, last; /* the answer to LAST_ID is there */
} reading;

int peer_dial(int node, bool survey) {
    struct sockaddr_un address;
    char path[300];
    memset(&reading, 0, sizeof reading);
    socket_path(path, node, survey);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || !sp_address(&address, path))
        fail("no socket");
    while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        if (errno != EAGAIN && errno != EINTR)
            fail("cannot connect to a node");
    }
    return fd;
}

static void message_begins(void) {
    static const uint8_t id[4] = {0xff, 0xff, 0xff, LAST_ID};
    uint64_t len = 0;
    for (int i = 1; i < SP_LEAD; i++)
        len = len << 8 | reading.start[i];
    if (reading.start[0] != 1 || len < sizeof id + WIRE_ANSWER_HEAD || len > WIRE_MESSAGE_MAX)
        fail("a node sends a message that is none");
    reading.last = reading.last || memcmp(reading.start + SP_LEAD, id, sizeof id) == 0;
    reading.have = 0;
    reading.skip = (size_t)len - sizeof id;
    counts.answers++;
}

static void read_bytes(const uint8_t *bytes, size_t len) {
    while (len > 0) {
        size_t wanted = reading.skip > 0   ? reading.skip
                        : !reading.greeted ? SP_HANDSHAKE - reading.have
                                           : SP_LEAD + 4 - reading.have;
        size_t some = len < wanted ? len : wanted;
        if (reading.skip > 0) {
            reading.skip -= some;
        } else {
            memcpy(reading.start + reading.have, bytes, some);
            reading.have += some;
            if (some == wanted && reading.greeted)
                message_begins();
            else if (some == wanted)
                reading.have = 0, reading.greeted = true;
        }
        bytes += some;
        len -= some;
    }
}

/* Reads what is there; false: the node has hung up. */
static bool drain(int fd) {
    static uint8_t bytes[1 << 16];
    for (;;) {
        ssize_t len = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (len < 0)
            return true;
        read_bytes(bytes, (size_t)len);
    }
}

/* A few bytes, without reading. */
static bool send_bytes(int fd, const uint8_t *bytes, size_t len) {
    return send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* All of it, reading meanwhile, so that neither side waits for the other. */
static bool send_all(int fd, const uint8_t *bytes, size_t len) {
    while (len > 0) {
        struct pollfd watch = {.fd = fd, .events = POLLIN | POLLOUT};
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (sent > 0) {
            bytes += sent;
            len -= (size_t)sent;
        } else if (poll(&watch, 1, 10000) == 0) {
            fail("a node does not read");
        }
        if (!drain(fd))
            return false;
    }
    return true;
}

int peer_dial_well(int node, bool survey) {
    uint8_t bytes[SP_HANDSHAKE];
    int fd = peer_dial(node, survey);
    sp_handshake(bytes, survey ? SP_SURVEYOR : SP_REQ);
    if (!send_all(fd, bytes, sizeof bytes))
        fail("a node refuses a good handshake");
    return fd;
}

/* ---- messages ---- */

static void put_head(struct wire_writer *writer, enum wire_operation operation, int node) {
    struct wire_head head = {
        .operation = operation, .id = node_ids[node], .serial = (uint64_t)node + 1};
    if (random_below(8) == 0)
        head.id = node_ids[random_below(NODES)];
    if (random_below(4) == 0)
        head.serial = random_bits();
    wire_put_head(writer, &head);
}

/* A request or survey whose form is right. */
static size_t well_formed(uint8_t *bytes, size_t room, enum wire_operation operation, int node) {
    struct wire_writer writer = {.at = bytes, .end = bytes + room};
    char text[200];
    put_head(&writer, operation, node);
    if (operation == WIRE_ARRANGE) { /* a set of one child, for a node that does not exist */
        wire_put_u32(&writer, 1);
        wire_put_u64(&writer, NO_SERIAL);
        wire_put_u64(&writer, (uint64_t)node_ids[random_below(NODES)]);
        wire_put_u64(&writer, random_bits());
        wire_put_u32(&writer, 1);
        wire_put_node(&writer, &(struct wire_node){.serial = 99, .id = 5, .low = 1, .high = 9});
        wire_put_text(&writer, "ipc:///nowhere/99");
    }
    if (operation == WIRE_SUMS) {
        int len = snprintf(text, sizeof text, "%d %d wrong 99999999999999999999", node, -node);
        wire_put_u32(&writer, 1);
        wire_put_u32(&writer, (uint32_t)len);
        wire_put_bytes(&writer, text, (size_t)len);
    }
    if (operation == WIRE_PING) {
        wire_put_u64(&writer, FAR_ROUND | random_bits());
        wire_put_u64(&writer, random_bits());
        wire_put_u64(&writer, random_bits());
    }
    return (size_t)(writer.at - bytes);
}

static void put_random(uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)random_next();
}

/* Something wrong with it. A message that would be obeyed is none: this is about bad ones. */
static size_t spoil(uint8_t *bytes, size_t len) {
    static const uint32_t lies[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x40000000, 255};
    uint32_t lie = lies[random_below(sizeof lies / sizeof *lies)];
    switch (random_below(6)) {
    case 0: /* truncated */
        return random_below(len);
    case 1: /* with something behind it */
        put_random(bytes + len, 100);
        return len + 1 + random_below(99);
    case 2: /* another version */
        bytes[0] = (uint8_t)(WIRE_VERSION + 1 + random_below(200));
        return len;
    case 3: /* an unknown operation */
        bytes[1] = (uint8_t)(WIRE_OPERATIONS + random_below(200));
        return len;
    case 4: /* a length or count that lies, with a version that would do */
        if (len >= WIRE_HEAD + 4)
            memcpy(bytes + WIRE_HEAD + random_below(len - WIRE_HEAD - 3), &lie, sizeof lie);
        break;
    default: /* changed anywhere */
        for (size_t i = 1 + random_below(8); i > 0; i--)
            bytes[random_below(len)] = (uint8_t)random_next();
    }
    if (len >= WIRE_HEAD + 12 && bytes[1] == WIRE_ARRANGE)
        bytes[WIRE_HEAD + 11] |= 0x80; /* still for a node that does not exist */
    if (len >= WIRE_HEAD + 8 && bytes[1] == WIRE_PING)
        bytes[WIRE_HEAD + 7] |= 0x80; /* still a round that is far from the good ones */
    return len;
}

/* The body of one bad message. Well-formed pings and sums are no harm, and come, too. */
static size_t bad_body(uint8_t *bytes, int node, bool survey) {
    enum wire_operation operation = (enum wire_operation)(1 + random_below(WIRE_OPERATIONS - 1));
    if (random_below(8) == 0) {
        size_t len = random_below(FRAME_MOST);
        put_random(bytes, len);
        return len;
    }
    if (survey && random_below(2) == 0)
        operation = WIRE_PING;
    size_t len = well_formed(bytes, FRAME_MOST, operation, node);
    return spoil(bytes, len);
}

/* One bad message, with a request or survey id that is right, wrong, too short, or behind hops. */
static bool send_bad(int fd, int node, bool survey) {
    static uint8_t bytes[SP_LEAD + 200 + 2 * FRAME_MOST];
    uint8_t *at = bytes + SP_LEAD;
    size_t hops = random_below(16) == 0 ? random_below(20) : 0;
    for (size_t i = 0; i < 4 * hops; i++)
        *at++ = (uint8_t)(random_next() & 0x7f);
    if (random_below(16) != 0) {
        put_random(at, 4);
        *at |= 0x80;
        at += 4;
    }
    at += bad_body(at, node, survey);
    sp_lead(bytes, (uint64_t)(at - bytes - SP_LEAD));
    counts.frames++;
    return send_all(fd, bytes, (size_t)(at - bytes));
}

static bool send_good(int fd, int node, bool survey, uint64_t budget_us) {
    uint8_t bytes[SP_LEAD + 4 + WIRE_HEAD + 24] = {0};
    const uint8_t id[4] = {0xff, 0xff, 0xff, LAST_ID};
    struct wire_head head = {.operation = survey ? WIRE_PING : WIRE_PROBE, .id = node_ids[node]};
    struct wire_writer writer = {.at = bytes + SP_LEAD, .end = bytes + sizeof bytes};
    head.serial = (uint64_t)node + 1;
    wire_put_bytes(&writer, id, sizeof id);
    wire_put_head(&writer, &head);
    if (survey) {
        wire_put_u64(&writer, good_round++);
        wire_put_u64(&writer, budget_us);
        wire_put_u64(&writer, 1);
    }
    sp_lead(bytes, (uint64_t)(writer.at - bytes - SP_LEAD));
    return send_bytes(fd, bytes, (size_t)(writer.at - bytes));
}

/* After all that: a good request or survey on the same connection must be answered. */
static void ask_well(int fd, int node, bool survey) {
    bool open = send_good(fd, node, survey, (uint64_t)WAIT_MS * 1000) && drain(fd);
    while (open && !reading.last) {
        struct pollfd watch = {.fd = fd, .events = POLLIN};
        if (poll(&watch, 1, WAIT_MS) == 0)
            fail(survey ? "a node does not answer surveys any more"
                        : "a node does not answer requests any more");
        open = drain(fd);
    }
    counts.asked_well += reading.last;
}

/* ---- against nng's own rules ---- */

static void break_rules(int fd) {
    uint8_t bytes[64];
    put_random(bytes, sizeof bytes);
    switch (random_below(5)) {
    case 0: /* larger than may be */
        sp_lead(bytes, (uint64_t)WIRE_MESSAGE_MAX + 65 + random_bits() / 2);
        break;
    case 1: /* another kind of message */
        sp_lead(bytes, 10);
        bytes[0] = (uint8_t)random_below(256);
        break;
    case 2: /* it ends in the middle */
        sp_lead(bytes, 1000);
        break;
    case 3:
        sp_lead(bytes, UINT64_MAX - random_below(16));
        break;
    default:
        break; /* random bytes */
    }
    counts.frames++;
    send_all(fd, bytes, 1 + random_below(sizeof bytes));
}

static void bad_handshake(int node, bool survey) {
    uint8_t bytes[64];
    int fd = peer_dial(node, survey);
    put_random(bytes, sizeof bytes);
    size_t len = 1 + random_below(sizeof bytes);
    if (random_below(2) == 0) { /* another protocol, or nearly right */
        sp_handshake(bytes, (enum sp_protocol)random_below(256));
        bytes[random_below(SP_HANDSHAKE)] ^= (uint8_t)random_below(4);
        len = 1 + random_below(SP_HANDSHAKE);
    }
    counts.handshakes++;
    send_all(fd, bytes, len);
    close(fd);
}

/* Asks much and reads nothing. */
void peer_deaf(int node) {
    uint8_t bytes[SP_LEAD + 4 + FRAME_MOST];
    int fd = peer_dial_well(node, false);
    for (int i = 0; i < 300; i++) {
        uint8_t *at = bytes + SP_LEAD;
        const uint8_t id[4] = {0x80, 0, 0, (uint8_t)i};
        memcpy(at, id, sizeof id);
        at += sizeof id;
        at += well_formed(at, FRAME_MOST, WIRE_SUMS, node);
        sp_lead(bytes, (uint64_t)(at - bytes - SP_LEAD));
        counts.frames++;
        if (send(fd, bytes, (size_t)(at - bytes), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
    }
    close(fd);
}

/* ---- in numbers ---- */

void peer_messages(int node, int count) {
    for (int survey = 0; survey <= 1; survey++) {
        int fd = peer_dial_well(node, survey);
        for (int i = 0; i < count / 2; i++) {
            bool open = send_bad(fd, node, survey);
            if (open && random_below(50) != 0)
                continue;
            if (open)
                ask_well(fd, node, survey);
            if (open)
                break_rules(fd);
            close(fd);
            fd = peer_dial_well(node, survey);
        }
        close(fd);
    }
}

void peer_handshakes(int node, int count) {
    for (int i = 0; i < count; i++)
        bad_handshake(node, i % 2 == 0);
}

void peer_vanish(int node, int count) {
    for (int i = 0; i < count; i++, counts.handshakes++)
        close(peer_dial(node, i % 2 == 0));
}

/* ---- a good survey ---- */

static void read_all(int fd, uint8_t *bytes, size_t len) {
    while (len > 0) {
        struct pollfd watch = {.fd = fd, .events = POLLIN};
        ssize_t some = poll(&watch, 1, WAIT_MS) == 1 ? recv(fd, bytes, len, 0) : 0;
        if (some <= 0)
            fail("a survey is not answered");
        bytes += some;
        len -= (size_t)some;
    }
}

uint32_t peer_survey(int node, uint64_t budget_us) {
    uint8_t bytes[SP_HANDSHAKE + SP_LEAD + 4 + WIRE_ANSWER_HEAD + 4];
    int fd = peer_dial(node, true);
    sp_handshake(bytes, SP_SURVEYOR);
    if (!send_bytes(fd, bytes, SP_HANDSHAKE) || !send_good(fd, node, true, budget_us))
        fail("a node refuses a good survey");
    read_all(fd, bytes, sizeof bytes);
    close(fd);
    return bytes[sizeof bytes - 4];
}
