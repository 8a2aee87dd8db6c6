/*
 * wire: the messages between the processes, as bytes. All numbers are little-endian.
 *
 * A request starts with a head of WIRE_HEAD bytes that every relay reads:
 *
 *     0  u8   version of this format
 *     1  u8   operation
 *     2  u16  0
 *     4  u32  0
 *     8  i64  id of the node it is for
 *    16  u64 serial of that node (a request for an earlier node of the same id is answered
 *        WIRE_BROKEN)
 *
 * and an answer with WIRE_ANSWER_HEAD bytes:
 *
 *     0  u8   version
 *     1  u8   operation (any, with WIRE_BROKEN)
 *     2  u8   status
 *     3  u8   0
 *     4  u32  0
 *
 * What follows depends on the operation:
 *
 *     operation  request                                answer, status WIRE_OK
 *     PROBE      -                                      -
 *     ARRANGE    u32 n, n times set                     u32 n, n times (u64 serial, u64 version)
 *     SUMS       u32 n, n times u32 length              n times sum
 *                (top bit: from a file), then the texts
 *     PING       u64 round, u64 budget, u64 slack       u32 n, n times u64 serial
 *
 * sum: u64 count, i128 sum, u32 error, u32 word length, up to 64 bytes of the word.
 * set: u64 serial, i64 id, u64 version, u32 n, n times (node, address): the children of the node
 * with that serial (see arrange.h).
 * node: u64 serial, i64 id, i64 low, i64 high. address: u16 length, bytes.
 * budget, slack: microseconds.
 *
 * PING is a survey, the others are requests. PROBE only asks for a sign of life. An answer with
 * another status carries a text, in the format of an address, or nothing.
 *
 * A message that does not decode is refused; nothing in a message is trusted, lengths least of all.
 *
 * Pure; any thread.
 */
#ifndef BANYAN_WIRE_H
#define BANYAN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 wire_int128;

enum {
    WIRE_VERSION = 3,
    WIRE_HEAD = 24,
    WIRE_ANSWER_HEAD = 8,
    WIRE_ADDRESS_MAX = 128,     /* of an address, with its end mark */
    WIRE_TEXT_MAX = 256,        /* of a text, with its end mark */
    WIRE_WORD_MAX = 64,         /* bytes of a wrong word in an answer */
    WIRE_NODE = 32,             /* bytes of a node */
    WIRE_SUM_MIN = 32,          /* bytes of one sum in an answer, without a word */
    WIRE_MESSAGE_MAX = 4 << 20, /* no message is larger */
};

/* The top bit of a slice's length: from a file, so any white space separates the numbers. */
#define WIRE_FROM_FILE UINT32_C(0x80000000)

enum wire_operation {
    WIRE_PROBE = 1,
    WIRE_ARRANGE,
    WIRE_SUMS,
    WIRE_PING,
    WIRE_OPERATIONS,
};

enum wire_status {
    WIRE_OK,
    WIRE_BROKEN,  /* the path to the node broke, or none leads there at the moment */
    WIRE_REFUSED, /* the node cannot, and says why */
    WIRE_STATUSES,
};

struct wire_head {
    enum wire_operation operation;
    int64_t id;
    uint64_t serial;
};

struct wire_node {
    uint64_t serial;
    int64_t id, low, high;
};

/* Writes into a buffer of a fixed size. A value that does not fit is left out, and sets
 * overflow. */
struct wire_writer {
    uint8_t *at, *end;
    bool overflow;
};

/* Reads from a buffer. Beyond its end every value is zero, and bad is set for good. */
struct wire_reader {
    const uint8_t *at, *end;
    bool bad;
};

void wire_put_u16(struct wire_writer *writer, uint16_t value);
void wire_put_u32(struct wire_writer *writer, uint32_t value);
void wire_put_u64(struct wire_writer *writer, uint64_t value);
void wire_put_i128(struct wire_writer *writer, wire_int128 value);
void wire_put_bytes(struct wire_writer *writer, const void *bytes, size_t len);
void wire_put_text(struct wire_writer *writer, const char *text);
void wire_put_node(struct wire_writer *writer, const struct wire_node *node);
void wire_put_head(struct wire_writer *writer, const struct wire_head *head);
void wire_put_answer(struct wire_writer *writer, enum wire_operation operation,
                     enum wire_status status);

uint16_t wire_get_u16(struct wire_reader *reader);
uint32_t wire_get_u32(struct wire_reader *reader);
uint64_t wire_get_u64(struct wire_reader *reader);
wire_int128 wire_get_i128(struct wire_reader *reader);
/* The next len bytes, borrowed from the buffer; NULL: fewer are left. */
const uint8_t *wire_get_bytes(struct wire_reader *reader, size_t len);
/* Copies a text with an end mark. If it is longer than the room, or contains a zero byte, sets
 * bad. */
void wire_get_text(struct wire_reader *reader, char *text, size_t room);
struct wire_node wire_get_node(struct wire_reader *reader);
/* Reads the head of a request. False: malformed, or of another version. */
bool wire_get_head(struct wire_reader *reader, struct wire_head *head);
/* Reads the head of an answer. False: malformed, of another version, or to another operation; with
 * WIRE_BROKEN the operation does not matter, because a relay does not know it. */
bool wire_get_answer(struct wire_reader *reader, enum wire_operation operation,
                     enum wire_status *status);
/* Whether the buffer was read exactly to its end. */
bool wire_get_end(const struct wire_reader *reader);

#endif
