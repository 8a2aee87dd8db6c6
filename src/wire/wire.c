#include "wire.h"

#include <string.h>

/* ---- writing ---- */

void wire_put_bytes(struct wire_writer *writer, const void *bytes, size_t len) {
    if ((size_t)(writer->end - writer->at) < len) {
        writer->overflow = true;
        return;
    }
    if (len > 0)
        memcpy(writer->at, bytes, len);
    writer->at += len;
}

static void put_le(struct wire_writer *writer, uint64_t value, size_t len) {
    uint8_t bytes[8];
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    wire_put_bytes(writer, bytes, len);
}

void wire_put_u16(struct wire_writer *writer, uint16_t value) {
    put_le(writer, value, 2);
}

void wire_put_u32(struct wire_writer *writer, uint32_t value) {
    put_le(writer, value, 4);
}

void wire_put_u64(struct wire_writer *writer, uint64_t value) {
    put_le(writer, value, 8);
}

void wire_put_i128(struct wire_writer *writer, wire_int128 value) {
    wire_put_u64(writer, (uint64_t)value);
    wire_put_u64(writer, (uint64_t)(value >> 64));
}

void wire_put_text(struct wire_writer *writer, const char *text) {
    size_t len = strlen(text);
    if (len > UINT16_MAX)
        len = UINT16_MAX;
    wire_put_u16(writer, (uint16_t)len);
    wire_put_bytes(writer, text, len);
}

void wire_put_node(struct wire_writer *writer, const struct wire_node *node) {
    wire_put_u64(writer, node->serial);
    wire_put_u64(writer, (uint64_t)node->id);
    wire_put_u64(writer, (uint64_t)node->low);
    wire_put_u64(writer, (uint64_t)node->high);
}

void wire_put_head(struct wire_writer *writer, const struct wire_head *head) {
    const uint8_t start[8] = {WIRE_VERSION, (uint8_t)head->operation};
    wire_put_bytes(writer, start, sizeof start);
    wire_put_u64(writer, (uint64_t)head->id);
    wire_put_u64(writer, head->serial);
}

void wire_put_answer(struct wire_writer *writer, enum wire_operation operation,
                     enum wire_status status) {
    const uint8_t start[8] = {WIRE_VERSION, (uint8_t)operation, (uint8_t)status};
    wire_put_bytes(writer, start, sizeof start);
}

/* ---- reading ---- */

const uint8_t *wire_get_bytes(struct wire_reader *reader, size_t len) {
    const uint8_t *bytes = reader->at;
    if (reader->bad || (size_t)(reader->end - reader->at) < len) {
        reader->bad = true;
        return NULL;
    }
    reader->at += len;
    return bytes;
}

static uint64_t get_le(struct wire_reader *reader, size_t len) {
    const uint8_t *bytes = wire_get_bytes(reader, len);
    uint64_t value = 0;
    for (size_t i = 0; bytes != NULL && i < len; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

uint16_t wire_get_u16(struct wire_reader *reader) {
    return (uint16_t)get_le(reader, 2);
}

uint32_t wire_get_u32(struct wire_reader *reader) {
    return (uint32_t)get_le(reader, 4);
}

uint64_t wire_get_u64(struct wire_reader *reader) {
    return get_le(reader, 8);
}

wire_int128 wire_get_i128(struct wire_reader *reader) {
    uint64_t low = wire_get_u64(reader);
    uint64_t high = wire_get_u64(reader);
    return (wire_int128)((__extension__(unsigned __int128) high << 64) | low);
}

void wire_get_text(struct wire_reader *reader, char *text, size_t room) {
    size_t len = wire_get_u16(reader);
    const uint8_t *bytes = len < room ? wire_get_bytes(reader, len) : NULL;
    text[0] = '\0';
    if (bytes == NULL || memchr(bytes, '\0', len) != NULL) {
        reader->bad = true;
        return;
    }
    memcpy(text, bytes, len);
    text[len] = '\0';
}

struct wire_node wire_get_node(struct wire_reader *reader) {
    struct wire_node node;
    node.serial = wire_get_u64(reader);
    node.id = (int64_t)wire_get_u64(reader);
    node.low = (int64_t)wire_get_u64(reader);
    node.high = (int64_t)wire_get_u64(reader);
    if (node.id < node.low || node.id > node.high)
        reader->bad = true;
    return node;
}

bool wire_get_head(struct wire_reader *reader, struct wire_head *head) {
    const uint8_t *start = wire_get_bytes(reader, 8);
    head->id = (int64_t)wire_get_u64(reader);
    head->serial = wire_get_u64(reader);
    if (reader->bad || start[0] != WIRE_VERSION || start[1] == 0 || start[1] >= WIRE_OPERATIONS)
        return false;
    head->operation = (enum wire_operation)start[1];
    return true;
}

bool wire_get_answer(struct wire_reader *reader, enum wire_operation operation,
                     enum wire_status *status) {
    const uint8_t *start = wire_get_bytes(reader, WIRE_ANSWER_HEAD);
    if (start == NULL || start[0] != WIRE_VERSION || start[2] >= WIRE_STATUSES)
        return false;
    if (start[1] != operation && start[2] != WIRE_BROKEN)
        return false;
    *status = (enum wire_status)start[2];
    return true;
}

bool wire_get_end(const struct wire_reader *reader) {
    return !reader->bad && reader->at == reader->end;
}
