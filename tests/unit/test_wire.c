/*
 * The messages: their bytes as wire.h lays them down, every kind of message there and back, and
 * then everything that can be wrong with one: cut short anywhere, lengths that lie, any byte
 * changed, and noise. Buffers lie on the heap at exactly their size, so that a sanitizer finds a
 * byte read or written outside of them.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "wire/wire.h"

__extension__ typedef unsigned __int128 unsigned_int128;

enum { MESSAGE_ROOM = 2048, ITEMS_MOST = 16, RANDOM_MESSAGES = 2000, RANDOM_NOISE = 20000 };

/* ---- buffers ---- */

static struct wire_writer writer_of(uint8_t *bytes, size_t len) {
    return (struct wire_writer){.at = bytes, .end = bytes + len};
}

static struct wire_reader reader_of(const uint8_t *bytes, size_t len) {
    return (struct wire_reader){.at = bytes, .end = bytes + len};
}

/* Memory whose end is that of the buffer, also of an empty one. */
struct room {
    uint8_t *memory, *bytes;
};

static struct room room_of(size_t len) {
    struct room room = {.memory = malloc(1 + len)};
    assert_non_null(room.memory);
    room.bytes = room.memory + 1;
    return room;
}

static struct room copy_of(const uint8_t *bytes, size_t len) {
    struct room room = room_of(len);
    memcpy(room.bytes, bytes, len);
    return room;
}

/* ---- messages: a head and items, one letter each ---- */

struct item {
    char kind; /* 2: u16, 4: u32, 8: u64, x: i128, n: node, t: text, b: 5 bytes */
    uint64_t number;
    wire_int128 big;
    struct wire_node node;
    char text[WIRE_TEXT_MAX];
};

struct message {
    bool answer;
    enum wire_operation operation;
    enum wire_status status; /* of an answer */
    struct wire_head head;   /* of a request */
    size_t count;
    struct item items[ITEMS_MOST];
};

/* Every row of the table in wire.h. */
static const struct kind {
    bool answer;
    enum wire_operation operation;
    enum wire_status status;
    const char *items;
} kinds[] = {
    {false, WIRE_PROBE, WIRE_OK, ""},
    {true, WIRE_PROBE, WIRE_OK, ""},
    {false, WIRE_ARRANGE, WIRE_OK, "488848884nt"},
    {false, WIRE_ARRANGE, WIRE_OK, "48884ntnt8884nt"},
    {true, WIRE_ARRANGE, WIRE_OK, "48888"},
    {false, WIRE_SUMS, WIRE_OK, "444bb"},
    {true, WIRE_SUMS, WIRE_OK, "8x448x44b"},
    {false, WIRE_PING, WIRE_OK, "888"},
    {true, WIRE_PING, WIRE_OK, "4888"},
    {true, WIRE_ARRANGE, WIRE_REFUSED, "t"},
    {true, WIRE_SUMS, WIRE_BROKEN, "t"},
    {true, WIRE_PROBE, WIRE_OK, "2xt2"},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* Few of the values are large, as in life, and some are at an end. */
static uint64_t random_u64(void) {
    static const uint64_t ends[] = {0, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN};
    return random_below(4) == 0 ? ends[random_below(4)] : random_bits();
}

static void random_text(char *text) {
    size_t len = random_below(4) == 0 ? random_below(WIRE_TEXT_MAX) : random_below(8);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(1 + random_below(255));
    text[len] = '\0';
}

static struct wire_node random_node(void) {
    struct wire_node node = {.serial = random_u64()};
    node.id = (int64_t)random_u64();
    int64_t below = (int64_t)(random_u64() >> 1), above = (int64_t)(random_u64() >> 1);
    node.low = node.id < INT64_MIN + below ? INT64_MIN : node.id - below;
    node.high = node.id > INT64_MAX - above ? INT64_MAX : node.id + above;
    return node;
}

static struct item random_item(char kind) {
    struct item item = {.kind = kind, .number = random_u64()};
    if (kind == '2' || kind == '4')
        item.number &= kind == '2' ? UINT16_MAX : UINT32_MAX;
    unsigned_int128 big = (unsigned_int128)random_u64() << 64;
    big |= random_u64();
    item.big = (wire_int128)big;
    item.node = random_node();
    random_text(item.text);
    return item;
}

static void random_message(const struct kind *kind, struct message *message) {
    *message = (struct message){
        .answer = kind->answer, .operation = kind->operation, .status = kind->status};
    message->head.operation = kind->operation;
    message->head.id = (int64_t)random_u64();
    message->head.serial = random_u64();
    for (; kind->items[message->count] != '\0'; message->count++)
        message->items[message->count] = random_item(kind->items[message->count]);
}

static void put_item(struct wire_writer *writer, const struct item *item) {
    switch (item->kind) {
    case '2':
        wire_put_u16(writer, (uint16_t)item->number);
        break;
    case '4':
        wire_put_u32(writer, (uint32_t)item->number);
        break;
    case '8':
        wire_put_u64(writer, item->number);
        break;
    case 'x':
        wire_put_i128(writer, item->big);
        break;
    case 'n':
        wire_put_node(writer, &item->node);
        break;
    case 't':
        wire_put_text(writer, item->text);
        break;
    default:
        wire_put_bytes(writer, &item->number, 5);
    }
}

static void put_message(struct wire_writer *writer, const struct message *message) {
    if (message->answer)
        wire_put_answer(writer, message->operation, message->status);
    else
        wire_put_head(writer, &message->head);
    for (size_t i = 0; i < message->count; i++)
        put_item(writer, &message->items[i]);
}

static size_t encode(const struct message *message, uint8_t *bytes) {
    struct wire_writer writer = writer_of(bytes, MESSAGE_ROOM);
    put_message(&writer, message);
    assert_false(writer.overflow);
    return (size_t)(writer.at - bytes);
}

static void get_item(struct wire_reader *reader, struct item *item) {
    const uint8_t *bytes;
    switch (item->kind) {
    case '2':
        item->number = wire_get_u16(reader);
        break;
    case '4':
        item->number = wire_get_u32(reader);
        break;
    case '8':
        item->number = wire_get_u64(reader);
        break;
    case 'x':
        item->big = wire_get_i128(reader);
        break;
    case 'n':
        item->node = wire_get_node(reader);
        break;
    case 't':
        wire_get_text(reader, item->text, sizeof item->text);
        break;
    default:
        if ((bytes = wire_get_bytes(reader, 5)) != NULL)
            memcpy(&item->number, bytes, 5);
    }
}

/* Reads a message of the kind of `like`, from a copy of the bytes. False: not good to its end. */
static bool decode(const uint8_t *bytes, size_t len, const struct message *like,
                   struct message *message) {
    struct room copy = copy_of(bytes, len);
    struct wire_reader reader = reader_of(copy.bytes, len);
    *message = (struct message){.answer = like->answer, .operation = like->operation};
    bool good = like->answer ? wire_get_answer(&reader, like->operation, &message->status)
                             : wire_get_head(&reader, &message->head);
    for (; message->count < like->count; message->count++) {
        message->items[message->count].kind = like->items[message->count].kind;
        get_item(&reader, &message->items[message->count]);
    }
    good = good && wire_get_end(&reader);
    free(copy.memory);
    return good;
}

static bool same_item(const struct item *a, const struct item *b) {
    switch (a->kind) {
    case 'x':
        return a->big == b->big;
    case 'n':
        return a->node.serial == b->node.serial && a->node.id == b->node.id &&
               a->node.low == b->node.low && a->node.high == b->node.high;
    case 't':
        return strcmp(a->text, b->text) == 0;
    case 'b':
        return memcmp(&a->number, &b->number, 5) == 0;
    default:
        return a->number == b->number;
    }
}

static bool same_message(const struct message *a, const struct message *b) {
    bool same = a->answer ? a->status == b->status
                          : a->head.operation == b->head.operation && a->head.id == b->head.id &&
                                a->head.serial == b->head.serial;
    for (size_t i = 0; same && i < a->count; i++)
        same = same_item(&a->items[i], &b->items[i]);
    return same;
}

/* ---- the layout ---- */

static void assert_bytes(const struct wire_writer *writer, const uint8_t *bytes,
                         const char *expected, size_t len) {
    assert_false(writer->overflow);
    assert_int_equal(writer->at - bytes, len);
    assert_memory_equal(bytes, expected, len);
}

#define ASSERT_BYTES(literal)                                                                      \
    assert_bytes(&writer, bytes, literal, sizeof(literal) - 1);                                    \
    writer = writer_of(bytes, sizeof bytes)

static void values_are_laid_out_as_written(void **state) {
    uint8_t bytes[64];
    struct wire_writer writer = writer_of(bytes, sizeof bytes);
    (void)state;
    wire_put_u16(&writer, 0x1234);
    ASSERT_BYTES("\x34\x12");
    wire_put_u32(&writer, 0x12345678);
    ASSERT_BYTES("\x78\x56\x34\x12");
    wire_put_u64(&writer, UINT64_C(0xf123456789abcdef));
    ASSERT_BYTES("\xef\xcd\xab\x89\x67\x45\x23\xf1");
    wire_put_i128(&writer, -2);
    ASSERT_BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    wire_put_i128(&writer, ((wire_int128)0x0102030405060708 << 64) + 9);
    ASSERT_BYTES("\x09\0\0\0\0\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01");
    wire_put_bytes(&writer, "a\0b", 3);
    ASSERT_BYTES("a\0b");
    wire_put_bytes(&writer, NULL, 0);
    ASSERT_BYTES("");
    wire_put_text(&writer, "");
    ASSERT_BYTES("\0\0");
    wire_put_text(&writer, "ipc:///x");
    ASSERT_BYTES("\x08\0ipc:///x");
}

static void heads_are_laid_out_as_written(void **state) {
    uint8_t bytes[64];
    struct wire_writer writer = writer_of(bytes, sizeof bytes);
    (void)state;
    assert_int_equal(WIRE_VERSION, 3);
    assert_int_equal(WIRE_PING, 4);
    wire_put_head(&writer, &(struct wire_head){.operation = WIRE_SUMS, .id = -2, .serial = 258});
    assert_int_equal(writer.at - bytes, WIRE_HEAD);
    ASSERT_BYTES("\x03\x03\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff\x02\x01\0\0\0\0\0\0");
    wire_put_answer(&writer, WIRE_PING, WIRE_REFUSED);
    assert_int_equal(writer.at - bytes, WIRE_ANSWER_HEAD);
    ASSERT_BYTES("\x03\x04\x02\0\0\0\0\0");
    wire_put_node(&writer, &(struct wire_node){.serial = 1, .id = 2, .low = INT64_MIN, .high = 3});
    assert_int_equal(writer.at - bytes, WIRE_NODE);
    ASSERT_BYTES("\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x80\x03\0\0\0\0\0\0\0");
}

/* ---- there and back, and cut short ---- */

static void assert_round_trip(const struct message *message, const uint8_t *bytes, size_t len) {
    struct message again;
    assert_true(decode(bytes, len, message, &again));
    assert_true(same_message(message, &again));
}

static void every_message_there_and_back(void **state) {
    (void)state;
    random_start("every_message_there_and_back");
    for (size_t i = 0; i < RANDOM_MESSAGES * KINDS; i++) {
        struct message message;
        uint8_t bytes[MESSAGE_ROOM];
        random_message(&kinds[i % KINDS], &message);
        assert_round_trip(&message, bytes, encode(&message, bytes));
    }
    print_message("%d messages of %d kinds\n", RANDOM_MESSAGES * KINDS, KINDS);
}

static void every_message_cut_short_or_too_long(void **state) {
    size_t cuts = 0;
    (void)state;
    random_start("every_message_cut_short");
    for (size_t i = 0; i < 20 * KINDS; i++) {
        struct message message, again;
        uint8_t bytes[MESSAGE_ROOM + 1] = {0};
        random_message(&kinds[i % KINDS], &message);
        size_t len = encode(&message, bytes);
        for (size_t cut = 0; cut < len; cut++, cuts++)
            assert_false(decode(bytes, cut, &message, &again));
        assert_true(decode(bytes, len, &message, &again));
        assert_false(decode(bytes, len + 1, &message, &again));
    }
    print_message("%zu cuts\n", cuts);
}

/* What does not fit is left out and noted, and stays noted when something smaller would fit. */
static void every_message_into_too_small_a_buffer(void **state) {
    (void)state;
    random_start("every_message_into_too_small_a_buffer");
    for (size_t i = 0; i < 4 * KINDS; i++) {
        struct message message;
        uint8_t bytes[MESSAGE_ROOM];
        random_message(&kinds[i % KINDS], &message);
        size_t len = encode(&message, bytes);
        for (size_t room = 0; room <= len; room++) {
            struct room small = room_of(room);
            struct wire_writer writer = writer_of(small.bytes, room);
            put_message(&writer, &message);
            assert_int_equal(writer.overflow, room < len);
            assert_true(writer.at <= writer.end);
            wire_put_bytes(&writer, "", 0);
            assert_int_equal(writer.overflow, room < len);
            free(small.memory);
        }
    }
}

static void what_does_not_fit_is_left_out(void **state) {
    uint8_t bytes[8] = "#######";
    struct wire_writer writer = writer_of(bytes, 4);
    (void)state;
    wire_put_u16(&writer, 0x4241);
    wire_put_bytes(&writer, "xyz", 3);
    assert_true(writer.overflow);
    assert_ptr_equal(writer.at, bytes + 2);
    wire_put_u64(&writer, UINT64_MAX);
    wire_put_i128(&writer, -1);
    assert_memory_equal(bytes, "AB#####", 8);
}

/* ---- beyond the end ---- */

static void beyond_the_end_there_are_zeros(void **state) {
    static const uint8_t ones[3] = {0xff, 0xff, 0xff};
    struct room copy = copy_of(ones, sizeof ones);
    struct wire_reader reader = reader_of(copy.bytes, sizeof ones);
    (void)state;
    assert_int_equal(wire_get_u32(&reader), 0); /* not even the bytes that are there */
    assert_true(reader.bad);
    assert_int_equal(wire_get_u16(&reader), 0); /* these would be there: but all after it is bad */
    assert_true(wire_get_u64(&reader) == 0);
    assert_true(wire_get_i128(&reader) == 0);
    assert_null(wire_get_bytes(&reader, 1));
    assert_null(wire_get_bytes(&reader, 0));
    struct wire_node node = wire_get_node(&reader);
    assert_true(node.serial == 0 && node.id == 0 && node.low == 0 && node.high == 0);
    char text[4] = "old";
    wire_get_text(&reader, text, sizeof text);
    assert_string_equal(text, "");
    assert_true(reader.bad);
    assert_false(wire_get_end(&reader));
    free(copy.memory);
}

static void the_end_is_the_end(void **state) {
    static const uint8_t bytes[2] = {1, 2};
    struct wire_reader reader = reader_of(bytes, 2);
    (void)state;
    assert_false(wire_get_end(&reader));
    assert_int_equal(wire_get_u16(&reader), 0x0201);
    assert_true(wire_get_end(&reader));
    assert_non_null(wire_get_bytes(&reader, 0));
    assert_true(wire_get_end(&reader));
    assert_null(wire_get_bytes(&reader, 1));
    assert_false(wire_get_end(&reader));
    reader = reader_of(bytes, 0);
    assert_true(wire_get_end(&reader));
    reader = (struct wire_reader){.at = bytes, .end = bytes, .bad = true};
    assert_false(wire_get_end(&reader));
    reader = (struct wire_reader){.at = NULL}; /* a message without a body */
    assert_true(wire_get_end(&reader));
    assert_int_equal(wire_get_u16(&reader), 0);
    assert_false(wire_get_end(&reader));
}

/* ---- lengths and texts that lie ---- */

static void lengths_that_lie_are_noticed(void **state) {
    static const size_t lengths[] = {9, 10, 4096, UINT32_MAX, SIZE_MAX / 2, SIZE_MAX - 7, SIZE_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t *bytes = calloc(1, 8);
        assert_non_null(bytes);
        struct wire_reader reader = reader_of(bytes, 8);
        assert_null(wire_get_bytes(&reader, lengths[i]));
        assert_true(reader.bad);
        assert_ptr_equal(reader.at, bytes);
        free(bytes);
    }
}

/* Reads a text of the given length from what has `there` bytes of it, into exactly `room` bytes. */
static bool get_text(size_t length, size_t there, size_t room, char fill) {
    uint8_t *bytes = malloc(2 + there);
    char *text = malloc(room);
    assert_non_null(bytes);
    assert_non_null(text);
    memset(text, '#', room);
    bytes[0] = (uint8_t)length;
    bytes[1] = (uint8_t)(length >> 8);
    memset(bytes + 2, fill, there);
    struct wire_reader reader = reader_of(bytes, 2 + there);
    wire_get_text(&reader, text, room);
    bool good = !reader.bad;
    assert_int_equal(strlen(text), good ? length : 0);
    assert_true(!good || memcmp(text, bytes + 2, length) == 0);
    assert_true(!good || reader.at == bytes + 2 + length);
    free(text);
    free(bytes);
    return good;
}

static void texts_that_lie_are_noticed(void **state) {
    static const size_t lengths[] = {0, 1, 2, 127, 128, 129, 255, 256, 257, 4096, 65534, 65535};
    enum { LENGTHS = sizeof lengths / sizeof lengths[0] };
    (void)state;
    for (size_t i = 0; i < LENGTHS; i++) {
        for (size_t j = 0; j < LENGTHS; j++) {
            for (size_t k = 1; k < LENGTHS; k++) {
                bool good = lengths[i] <= lengths[j] && lengths[i] < lengths[k];
                assert_int_equal(get_text(lengths[i], lengths[j], lengths[k], 'x'), good);
            }
        }
    }
    for (size_t length = 0; length < 300; length++) {
        assert_true(get_text(length, length, length + 1, 'x'));
        assert_int_equal(get_text(length, length, length + 1, '\0'), length == 0);
        if (length > 0) {
            assert_false(get_text(length, length, length, 'x')); /* no room for the end mark */
            assert_false(get_text(length, length - 1, length + 1, 'x'));
        }
    }
}

static void a_zero_byte_anywhere_in_a_text_is_bad(void **state) {
    (void)state;
    for (size_t at = 0; at < 20; at++) {
        uint8_t bytes[22] = {20, 0};
        char text[32];
        memset(bytes + 2, 'x', 20);
        bytes[2 + at] = '\0';
        struct wire_reader reader = reader_of(bytes, sizeof bytes);
        wire_get_text(&reader, text, sizeof text);
        assert_true(reader.bad);
        assert_string_equal(text, "");
    }
}

/* A length has 16 bits: a text beyond that must not spoil what follows it. */
static void the_longest_text(void **state) {
    size_t len = 70000;
    char *text = malloc(len + 1), *again = malloc(len + 1);
    uint8_t *bytes = malloc(len + 4);
    (void)state;
    assert_non_null(text);
    assert_non_null(again);
    assert_non_null(bytes);
    memset(text, 'x', len);
    text[len] = '\0';
    struct wire_writer writer = writer_of(bytes, len + 4);
    wire_put_text(&writer, text);
    wire_put_u16(&writer, 77);
    assert_false(writer.overflow);
    struct wire_reader reader = reader_of(bytes, (size_t)(writer.at - bytes));
    wire_get_text(&reader, again, len + 1);
    assert_int_equal(strlen(again), UINT16_MAX);
    assert_int_equal(wire_get_u16(&reader), 77);
    assert_true(wire_get_end(&reader));
    free(bytes);
    free(again);
    free(text);
}

static bool node_is_good(int64_t id, int64_t low, int64_t high) {
    const struct wire_node node = {.serial = 1, .id = id, .low = low, .high = high};
    uint8_t bytes[WIRE_NODE];
    struct wire_writer writer = writer_of(bytes, sizeof bytes);
    wire_put_node(&writer, &node);
    struct wire_reader reader = reader_of(bytes, sizeof bytes);
    struct wire_node again = wire_get_node(&reader);
    assert_true(again.id == id && again.low == low && again.high == high);
    return wire_get_end(&reader);
}

static void an_id_outside_its_interval_is_bad(void **state) {
    (void)state;
    assert_true(node_is_good(5, 5, 5));
    assert_true(node_is_good(0, INT64_MIN, INT64_MAX));
    assert_true(node_is_good(INT64_MIN, INT64_MIN, INT64_MIN));
    assert_true(node_is_good(INT64_MAX, -5, INT64_MAX));
    assert_false(node_is_good(4, 5, 9));
    assert_false(node_is_good(10, 5, 9));
    assert_false(node_is_good(5, 9, 1));
    assert_false(node_is_good(INT64_MIN, INT64_MIN + 1, INT64_MAX));
    assert_false(node_is_good(INT64_MAX, INT64_MIN, INT64_MAX - 1));
}

/* ---- heads ---- */

static void every_version_and_operation_of_a_request(void **state) {
    (void)state;
    for (unsigned version = 0; version < 256; version++) {
        for (unsigned operation = 0; operation < 256; operation++) {
            uint8_t bytes[WIRE_HEAD] = {(uint8_t)version, (uint8_t)operation};
            struct wire_reader reader = reader_of(bytes, sizeof bytes);
            struct wire_head head = {.operation = WIRE_OPERATIONS};
            bool good = version == 3 && operation >= 1 && operation <= 4;
            assert_int_equal(wire_get_head(&reader, &head), good);
            assert_true(!good || head.operation == operation);
        }
    }
}

static bool answer_is_good(uint8_t version, uint8_t operation, uint8_t status,
                           enum wire_operation asked) {
    const uint8_t bytes[WIRE_ANSWER_HEAD] = {version, operation, status};
    struct wire_reader reader = reader_of(bytes, sizeof bytes);
    enum wire_status got = WIRE_STATUSES;
    bool good = wire_get_answer(&reader, asked, &got);
    assert_true(!good || (got == status && wire_get_end(&reader)));
    return good;
}

static void every_operation_and_status_of_an_answer(void **state) {
    (void)state;
    for (int asked = WIRE_PROBE; asked < WIRE_OPERATIONS; asked++) {
        for (unsigned operation = 0; operation < 256; operation++) {
            for (unsigned status = 0; status < 256; status++) {
                bool good = status == WIRE_BROKEN ||
                            ((int)operation == asked && status < WIRE_STATUSES);
                assert_int_equal(answer_is_good(3, (uint8_t)operation, (uint8_t)status,
                                                (enum wire_operation)asked),
                                 good);
            }
        }
    }
    for (unsigned version = 0; version < 256; version++)
        for (uint8_t status = 0; status < WIRE_STATUSES; status++)
            assert_int_equal(answer_is_good((uint8_t)version, WIRE_PING, status, WIRE_PING),
                             version == 3);
}

/* ---- damage and noise ---- */

/* Whatever was changed: either it is refused, or it is another good message, which gives the same
 * bytes again (except the unused bytes of a head). */
static bool damaged_is_refused(const uint8_t *bytes, size_t len, const struct message *like) {
    struct message message;
    uint8_t again[MESSAGE_ROOM];
    if (!decode(bytes, len, like, &message))
        return true;
    size_t unread = message.answer ? 3 : 2;
    size_t operation = message.answer && message.status == WIRE_BROKEN ? 1 : 8;
    assert_int_equal(encode(&message, again), len);
    for (size_t i = 0; i < len; i++)
        if ((i < unread || i >= 8) && i != operation)
            assert_int_equal(again[i], bytes[i]);
    return false;
}

static void every_byte_of_a_message_damaged(void **state) {
    size_t refused = 0, damages = 0;
    (void)state;
    random_start("every_byte_of_a_message_damaged");
    for (size_t i = 0; i < 40 * KINDS; i++) {
        struct message message;
        uint8_t bytes[MESSAGE_ROOM];
        random_message(&kinds[i % KINDS], &message);
        size_t len = encode(&message, bytes);
        for (size_t at = 0; at < len; at++, damages++) {
            uint8_t before = bytes[at];
            bytes[at] ^= (uint8_t)(1 + random_below(255));
            refused += damaged_is_refused(bytes, len, &message);
            bytes[at] = before;
        }
    }
    print_message("%zu damages, %zu refused\n", damages, refused);
    assert_in_range(refused, 1, damages - 1);
}

static void get_anything(struct wire_reader *reader) {
    static const char letters[] = "248xntb";
    struct wire_head head;
    enum wire_status status;
    size_t chosen = random_below(sizeof letters + 2);
    if (chosen == sizeof letters + 1)
        wire_get_head(reader, &head);
    else if (chosen == sizeof letters)
        wire_get_answer(reader, WIRE_PING, &status);
    else if (chosen == sizeof letters - 1)
        wire_get_bytes(reader, random_u64());
    else
        get_item(reader, &(struct item){.kind = letters[chosen]});
}

/* Noise read as anything: never outside of the buffer, never backwards; once bad, always bad. */
static void noise_is_read_within_its_bounds(void **state) {
    (void)state;
    random_start("noise");
    for (size_t i = 0; i < RANDOM_NOISE; i++) {
        size_t len = random_below(200);
        struct room noise = room_of(len);
        for (size_t at = 0; at < len; at++) /* many zeros: so some lengths could be right */
            noise.bytes[at] = random_below(2) == 0 ? 0 : (uint8_t)random_next();
        struct wire_reader reader = reader_of(noise.bytes, len);
        for (size_t step = 0; step < 12; step++) {
            const struct wire_reader before = reader;
            get_anything(&reader);
            assert_true(reader.at >= before.at && reader.at <= reader.end);
            assert_true(!before.bad || (reader.bad && reader.at == before.at));
        }
        free(noise.memory);
    }
    print_message("%d buffers of noise\n", RANDOM_NOISE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_laid_out_as_written),
        cmocka_unit_test(heads_are_laid_out_as_written),
        cmocka_unit_test(every_message_there_and_back),
        cmocka_unit_test(every_message_cut_short_or_too_long),
        cmocka_unit_test(every_message_into_too_small_a_buffer),
        cmocka_unit_test(what_does_not_fit_is_left_out),
        cmocka_unit_test(beyond_the_end_there_are_zeros),
        cmocka_unit_test(the_end_is_the_end),
        cmocka_unit_test(lengths_that_lie_are_noticed),
        cmocka_unit_test(texts_that_lie_are_noticed),
        cmocka_unit_test(a_zero_byte_anywhere_in_a_text_is_bad),
        cmocka_unit_test(the_longest_text),
        cmocka_unit_test(an_id_outside_its_interval_is_bad),
        cmocka_unit_test(every_version_and_operation_of_a_request),
        cmocka_unit_test(every_operation_and_status_of_an_answer),
        cmocka_unit_test(every_byte_of_a_message_damaged),
        cmocka_unit_test(noise_is_read_within_its_bounds),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
