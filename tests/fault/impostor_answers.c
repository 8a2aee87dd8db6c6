/* impostor_answers.c: what the impostor answers. */
#include <stdlib.h>

#include "impostor.h"
#include "wire/arrange.h"
#include "wire_by_hand.h"

enum { MANY = 500000 };

static void put_sum(struct wire_writer *writer, uint64_t count, wire_int128 sum, uint32_t error,
                    uint32_t word_len) {
    wire_put_u64(writer, count);
    wire_put_i128(writer, sum);
    wire_put_u32(writer, error);
    wire_put_u32(writer, word_len);
}

/* One slice of numbers is what the test sends. */
static void answer_sums(struct wire_writer *writer) {
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

/* Connects to one socket of a child, for as long as this process lives. */
static void dial(const char *address, const char *suffix, enum sp_protocol protocol) {
    struct sockaddr_un name;
    uint8_t bytes[SP_HANDSHAKE];
    char path[200];
    snprintf(path, sizeof path, "%.150s%s", address + strlen("ipc://"), suffix);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sp_handshake(bytes, protocol);
    if (fd >= 0 && sp_address(&name, path) &&
        connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
}

static void connect_to(const struct wire_child *children, size_t count) {
    for (size_t i = 0; i < count && kind != SETS_UNCONNECTED; i++) {
        dial(children[i].address, ".req", SP_REQ);
        dial(children[i].address, ".srv", SP_SURVEYOR);
    }
}

/* Sets for others are as if no child led to them. */
static void answer_arrange(struct wire_writer *writer, const struct wire_reader *reader) {
    const struct wire_child *children;
    uint64_t version;
    size_t count;
    struct arrange *arrange = arrange_read(reader->at, (size_t)(reader->end - reader->at));
    if (arrange == NULL)
        exit(1);
    if (arrange_own(arrange, own_serial, &version, &children, &count)) {
        connect_to(children, count);
        if (kind != SETS_NONE)
            arrange_confirm(arrange, own_serial + (kind == SETS_OTHERS), version);
    }
    uint8_t *start = writer->at;
    arrange_put_answer(arrange, writer);
    if (kind == SETS_HUGE)
        memset(start, 0xff, 4);
    arrange_free(arrange);
}

static void answer_text(struct wire_writer *writer) {
    static const char controls[] = "no\nOk: 1\n\x1b[2J";
    static char text[60000];
    memset(text, 'x', sizeof text - 1);
    wire_put_text(writer, kind == CONTROL_TEXT ? controls : text);
    if (kind == UNENDED_TEXT)
        writer->at -= 100;
}

/* The answers to PROBE and PING are right, or the node would just be unavailable, except where the
 * fault concerns all answers, or these. */
void answer(struct wire_writer *writer, enum wire_operation operation,
            const struct wire_reader *reader) {
    bool refuses = (kind >= LONG_TEXT && kind <= UNENDED_TEXT && operation == WIRE_SUMS) ||
                   (kind == SETS_REFUSED && operation == WIRE_ARRANGE);
    wire_put_answer(writer, operation, refuses ? WIRE_REFUSED : WIRE_OK);
    if (refuses)
        answer_text(writer);
    else if (operation == WIRE_SUMS)
        answer_sums(writer);
    else if (operation == WIRE_PING)
        answer_ping(writer);
    else if (operation == WIRE_ARRANGE)
        answer_arrange(writer, reader);
}

/* ---- what is wrong with all but PROBE and PING ---- */

size_t spoil(uint8_t *body, size_t len) {
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
