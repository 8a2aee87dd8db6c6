#include "arrange.h"

#include <stdlib.h>

enum {
    PIECE_MOST = WIRE_MESSAGE_MAX - WIRE_HEAD - 4, /* bytes of sets in one message */
    CHILD_MOST = WIRE_NODE + 2 + WIRE_ADDRESS_MAX, /* bytes of one child */
};

enum { SET_HEAD = 28 }; /* bytes of a set without its children */

struct set {
    uint64_t serial, version;
    int64_t id;
    uint32_t count; /* of children */
    size_t at;      /* offset of its first byte; the next set follows its last */
};

struct arrange {
    uint8_t *bytes; /* all sets, in the format of the wire */
    size_t len, room;
    struct set *sets;
    struct arrange_confirmed *confirmed; /* with as much room as sets */
    size_t set_count, set_room, confirmed_count;
    struct wire_child *own; /* the last result of arrange_own */
    size_t next;            /* the first set that is not handed on yet */
    size_t pending;         /* pieces in flight */
    bool handed;            /* arrange_next has returned false */
};

struct arrange *arrange_new(void) {
    return calloc(1, sizeof(struct arrange));
}

void arrange_free(struct arrange *arrange) {
    if (arrange == NULL)
        return;
    free(arrange->bytes);
    free(arrange->sets);
    free(arrange->confirmed);
    free(arrange->own);
    free(arrange);
}

/* ---- making ---- */

static bool keep_sets(struct arrange *arrange, size_t room) {
    struct set *sets = realloc(arrange->sets, room * sizeof *sets);
    if (sets == NULL)
        return false;
    arrange->sets = sets;
    struct arrange_confirmed *confirmed = realloc(arrange->confirmed, room * sizeof *confirmed);
    if (confirmed == NULL)
        return false;
    arrange->confirmed = confirmed;
    arrange->set_room = room;
    return true;
}

static bool note_set(struct arrange *arrange, const struct set *set) {
    if (arrange->set_count == arrange->set_room && !keep_sets(arrange, 2 * arrange->set_room + 8))
        return false;
    arrange->sets[arrange->set_count++] = *set;
    return true;
}

/* Makes a writer with room for `more` bytes; wrote() then takes over what was written. False: out
 * of memory. */
static bool make_room(struct arrange *arrange, size_t more, struct wire_writer *writer) {
    if (arrange->bytes == NULL || arrange->room - arrange->len < more) {
        size_t room = 2 * arrange->room + more + SET_HEAD;
        uint8_t *bytes = realloc(arrange->bytes, room);
        if (bytes == NULL)
            return false;
        arrange->bytes = bytes;
        arrange->room = room;
    }
    *writer = (struct wire_writer){.at = arrange->bytes + arrange->len,
                                   .end = arrange->bytes + arrange->room};
    return true;
}

static void wrote(struct arrange *arrange, const struct wire_writer *writer) {
    arrange->len = (size_t)(writer->at - arrange->bytes);
}

bool arrange_add_set(struct arrange *arrange, uint64_t serial, int64_t id, uint64_t version,
                     uint32_t count) {
    struct set set = {
        .serial = serial, .version = version, .id = id, .count = count, .at = arrange->len};
    struct wire_writer writer;
    if (!make_room(arrange, SET_HEAD, &writer) || !note_set(arrange, &set))
        return false;
    wire_put_u64(&writer, serial);
    wire_put_u64(&writer, (uint64_t)id);
    wire_put_u64(&writer, version);
    wire_put_u32(&writer, count);
    wrote(arrange, &writer);
    return true;
}

bool arrange_add_child(struct arrange *arrange, const struct wire_node *node, const char *address) {
    struct wire_writer writer;
    if (!make_room(arrange, CHILD_MOST, &writer))
        return false;
    wire_put_node(&writer, node);
    wire_put_text(&writer, address);
    wrote(arrange, &writer);
    return !writer.overflow;
}

/* ---- reading ---- */

static void get_set(struct wire_reader *reader, struct set *set) {
    set->serial = wire_get_u64(reader);
    set->id = (int64_t)wire_get_u64(reader);
    set->version = wire_get_u64(reader);
    set->count = wire_get_u32(reader);
}

static void get_child(struct wire_reader *reader, struct wire_child *child) {
    child->node = wire_get_node(reader);
    wire_get_text(reader, child->address, sizeof child->address);
}

/* Reads all sets once, so that later reads need no checks. */
static bool read_sets(struct arrange *arrange, struct wire_reader *reader, uint32_t count) {
    const uint8_t *start = reader->at;
    struct set set;
    struct wire_child child;
    for (uint32_t i = 0; i < count; i++) {
        set.at = (size_t)(reader->at - start);
        get_set(reader, &set);
        for (uint32_t j = 0; j < set.count && !reader->bad; j++)
            get_child(reader, &child);
        if (reader->bad || !note_set(arrange, &set))
            return false;
    }
    return wire_get_end(reader);
}

struct arrange *arrange_read(const uint8_t *body, size_t len) {
    struct wire_reader reader = {.at = body, .end = body + len};
    struct wire_writer writer;
    struct arrange *arrange = arrange_new();
    if (arrange == NULL)
        return NULL;
    uint32_t count = wire_get_u32(&reader);
    size_t rest = (size_t)(reader.end - reader.at);
    if (reader.bad || !make_room(arrange, rest, &writer)) {
        arrange_free(arrange);
        return NULL;
    }
    wire_put_bytes(&writer, reader.at, rest);
    wrote(arrange, &writer);
    if (!read_sets(arrange, &reader, count)) {
        arrange_free(arrange);
        return NULL;
    }
    return arrange;
}

static size_t end_of(const struct arrange *arrange, size_t set) {
    return set + 1 < arrange->set_count ? arrange->sets[set + 1].at : arrange->len;
}

bool arrange_own(struct arrange *arrange, uint64_t serial, uint64_t *version,
                 const struct wire_child **children, size_t *count) {
    size_t i = 0;
    while (i < arrange->set_count && arrange->sets[i].serial != serial)
        i++;
    if (i == arrange->set_count)
        return false;
    const struct set *set = &arrange->sets[i];
    struct wire_reader reader = {.at = arrange->bytes + set->at + SET_HEAD,
                                 .end = arrange->bytes + end_of(arrange, i)};
    *version = set->version;
    *count = set->count;
    free(arrange->own);
    arrange->own = set->count > 0 ? calloc(set->count, sizeof *arrange->own) : NULL;
    for (size_t j = 0; arrange->own != NULL && j < set->count; j++)
        get_child(&reader, &arrange->own[j]);
    *children = arrange->own;
    return true;
}

void arrange_confirm(struct arrange *arrange, uint64_t serial, uint64_t version) {
    if (arrange->confirmed_count < arrange->set_count)
        arrange->confirmed[arrange->confirmed_count++] = (struct arrange_confirmed){
            .serial = serial, .version = version};
}

/* ---- handing on ---- */

/* How many sets, from the first on, go to the same child in one message; sets *child. 0: no child
 * leads to the first set. */
static size_t sets_for_one_child(const struct arrange *arrange, size_t first, uint64_t serial,
                                 arrange_route *route, void *arg, struct wire_node *child) {
    size_t end = first;
    for (; end < arrange->set_count; end++) {
        const struct set *set = &arrange->sets[end];
        const struct wire_node *next = set->serial != serial ? route(arg, set->id) : NULL;
        if (next == NULL || end_of(arrange, end) - arrange->sets[first].at > PIECE_MOST ||
            (end > first && next->serial != child->serial))
            break;
        *child = *next;
    }
    return end - first;
}

bool arrange_next(struct arrange *arrange, uint64_t serial, arrange_route *route, void *arg,
                  struct arrange_piece *piece) {
    struct wire_node child = {0}; /* written if a set is counted */
    while (arrange->next < arrange->set_count) {
        const struct set *first = &arrange->sets[arrange->next];
        size_t count = sets_for_one_child(arrange, arrange->next, serial, route, arg, &child);
        arrange->next += count > 0 ? count : 1;
        if (count == 0)
            continue;
        *piece = (struct arrange_piece){.id = count == 1 ? first->id : child.id,
                                        .serial = count == 1 ? first->serial : child.serial,
                                        .count = (uint32_t)count,
                                        .bytes = arrange->bytes + first->at,
                                        .len = end_of(arrange, arrange->next - 1) - first->at};
        arrange->pending++;
        return true;
    }
    arrange->handed = true;
    return false;
}

void arrange_answered(struct arrange *arrange, const uint8_t *answer, size_t len) {
    arrange->pending--;
    if (answer == NULL)
        return;
    struct wire_reader reader = {.at = answer, .end = answer + len};
    uint32_t count = wire_get_u32(&reader);
    if (reader.bad || len - 4 != (size_t)count * 16 ||
        count > arrange->set_count - arrange->confirmed_count)
        return;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t serial = wire_get_u64(&reader);
        arrange_confirm(arrange, serial, wire_get_u64(&reader));
    }
}

bool arrange_is_over(const struct arrange *arrange) {
    return arrange->handed && arrange->pending == 0;
}

const struct arrange_confirmed *arrange_confirmed(const struct arrange *arrange, size_t *count) {
    *count = arrange->confirmed_count;
    return arrange->confirmed;
}

size_t arrange_answer_len(const struct arrange *arrange) {
    return 4 + 16 * arrange->confirmed_count;
}

void arrange_put_answer(const struct arrange *arrange, struct wire_writer *writer) {
    wire_put_u32(writer, (uint32_t)arrange->confirmed_count);
    for (size_t i = 0; i < arrange->confirmed_count; i++) {
        wire_put_u64(writer, arrange->confirmed[i].serial);
        wire_put_u64(writer, arrange->confirmed[i].version);
    }
}
