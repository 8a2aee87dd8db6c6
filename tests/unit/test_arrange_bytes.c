/*
 * The bytes of the message with many sets of children, and what can be wrong with them: every
 * length cut, counts that lie, any byte changed, noise, more than a message holds; and no memory
 * for it.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "wire/arrange.h"

static const char address[] = "ipc:///tmp/banyan-x/7";

/* Every set goes to this child. */
static const struct wire_node child = {
    .serial = 1000, .id = 1, .low = INT64_MIN, .high = INT64_MAX};

static const struct wire_node *route(void *arg, int64_t id) {
    (void)arg, (void)id;
    return &child;
}

struct bytes {
    uint8_t *at;
    size_t len;
};

/* At exactly its size, so that a sanitizer sees a byte read beyond it. */
static struct bytes body_of(const struct arrange_piece *piece) {
    struct bytes body = {.at = malloc(4 + piece->len), .len = 4 + piece->len};
    assert_non_null(body.at);
    struct wire_writer writer = {.at = body.at, .end = body.at + body.len};
    wire_put_u32(&writer, piece->count);
    wire_put_bytes(&writer, piece->bytes, piece->len);
    assert_false(writer.overflow);
    return body;
}

static struct bytes noise_of(size_t len) {
    struct bytes noise = {.at = malloc(len + 1), .len = len};
    assert_non_null(noise.at);
    for (size_t i = 0; i < len; i++)
        noise.at[i] = (uint8_t)random_next();
    return noise;
}

/* No more can be confirmed than was sent. */
static void an_answer_with_too_many_is_refused(void **state) {
    uint8_t answer[4 + 3 * 16] = {0};
    struct arrange_piece piece;
    size_t count;
    (void)state;
    struct arrange *arrange = arrange_new();
    assert_non_null(arrange);
    for (uint64_t i = 0; i < 2; i++)
        assert_true(arrange_add_set(arrange, 1001 + i, (int64_t)i + 1, 1, 0));
    assert_true(arrange_next(arrange, 0, route, NULL, &piece));
    assert_int_equal(piece.count, 2);
    answer[0] = 3;
    arrange_answered(arrange, answer, sizeof answer);
    arrange_confirmed(arrange, &count);
    assert_int_equal(count, 0);
    assert_false(arrange_next(arrange, 0, route, NULL, &piece));
    assert_true(arrange_is_over(arrange));
    for (int i = 0; i < 5; i++)
        arrange_confirm(arrange, 1001, 1);
    arrange_confirmed(arrange, &count);
    assert_int_equal(count, 2);
    arrange_free(arrange);
}

/* Every message has room for what is put into it, however many sets there are. */
static void pieces_fit_into_messages(void **state) {
    struct arrange_piece piece;
    size_t sets = 0, pieces = 0;
    (void)state;
    struct arrange *arrange = arrange_new();
    assert_non_null(arrange);
    for (int i = 0; i < 5000; i++) {
        assert_true(arrange_add_set(arrange, 2000 + (uint64_t)i, 1 + i, 1, 40));
        for (int j = 0; j < 40; j++)
            assert_true(arrange_add_child(arrange, &child, address));
    }
    assert_true(arrange_add_set(arrange, 9999, 9999, 1, 100000)); /* it alone is too large */
    for (int j = 0; j < 100000; j++)
        assert_true(arrange_add_child(arrange, &child, address));
    for (; arrange_next(arrange, 0, route, NULL, &piece); pieces++) {
        struct bytes body = body_of(&piece);
        assert_true(WIRE_HEAD + body.len <= WIRE_MESSAGE_MAX);
        struct arrange *again = arrange_read(body.at, body.len);
        assert_non_null(again);
        arrange_free(again);
        free(body.at);
        sets += piece.count;
        arrange_answered(arrange, NULL, 0);
    }
    assert_int_equal(sets, 5000);
    assert_in_range(pieces, 3, 6);
    arrange_free(arrange);
}

/* ---- malformed messages ---- */

/* Some sets, each of some children. */
static struct bytes random_body(void) {
    struct arrange_piece piece;
    struct arrange *arrange = arrange_new();
    assert_non_null(arrange);
    uint64_t sets = 2 + random_below(8);
    for (uint64_t i = 0; i < sets; i++) {
        uint32_t count = i == 0 ? 3 : (uint32_t)random_below(5);
        assert_true(arrange_add_set(arrange, 1000 + i, (int64_t)i, 7, count));
        for (uint32_t j = 0; j < count; j++)
            assert_true(arrange_add_child(arrange, &child, address));
    }
    assert_true(arrange_next(arrange, 0, route, NULL, &piece));
    assert_int_equal(piece.count, sets);
    struct bytes body = body_of(&piece);
    arrange_free(arrange);
    return body;
}

static bool is_read(const uint8_t *bytes, size_t len) {
    uint8_t *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy + 1, bytes, len); /* so that even an empty one ends where its memory does */
    struct arrange *arrange = arrange_read(copy + 1, len);
    free(copy);
    arrange_free(arrange);
    return arrange != NULL;
}

static void every_length_cut(void **state) {
    (void)state;
    random_start("every_length_cut");
    for (size_t round = 0; round < 20; round++) {
        struct bytes body = random_body();
        for (size_t len = 0; len < body.len; len++)
            assert_false(is_read(body.at, len));
        assert_true(is_read(body.at, body.len));
        body.at = realloc(body.at, body.len + 1);
        assert_non_null(body.at);
        body.at[body.len] = 0;
        assert_false(is_read(body.at, body.len + 1));
        free(body.at);
    }
}

static void counts_that_lie(void **state) {
    static const uint32_t lies[] = {2, 3, 255, 65536, INT32_MAX, UINT32_MAX - 1, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        uint8_t bytes[4 + 28] = {0};
        struct wire_writer writer = {.at = bytes, .end = bytes + 4};
        wire_put_u32(&writer, lies[i]);
        assert_false(is_read(bytes, sizeof bytes)); /* so many sets */
        bytes[0] = 1, bytes[1] = bytes[2] = bytes[3] = 0;
        assert_true(is_read(bytes, sizeof bytes));
        writer = (struct wire_writer){.at = bytes + 28, .end = bytes + 32};
        wire_put_u32(&writer, lies[i]);
        assert_false(is_read(bytes, sizeof bytes)); /* so many children */
    }
}

static void answers_that_lie(void **state) {
    struct arrange_piece piece;
    size_t count;
    (void)state;
    random_start("answers_that_lie");
    for (size_t len = 0; len < 80; len++) {
        for (uint8_t claimed = 0; claimed < 6; claimed++) {
            struct arrange *arrange = arrange_new();
            assert_non_null(arrange);
            for (int i = 0; i < 4; i++)
                assert_true(arrange_add_set(arrange, 1001, 1, 1, 0));
            assert_true(arrange_next(arrange, 0, route, NULL, &piece));
            struct bytes answer = noise_of(len);
            for (size_t i = 0; i < 4 && i < len; i++)
                answer.at[i] = i == 0 ? claimed : 0;
            arrange_answered(arrange, answer.at, len);
            arrange_confirmed(arrange, &count);
            bool good = len == 4 + 16 * (size_t)claimed && claimed <= 4;
            assert_int_equal(count, good ? claimed : 0);
            free(answer.at);
            arrange_free(arrange);
        }
    }
}

/* A message that was changed anywhere is refused, or is another good message: then all that is
 * handed on is good, too. */
static void damaged_messages(void **state) {
    size_t refused = 0, damages = 0;
    (void)state;
    random_start("damaged_messages");
    for (size_t round = 0; round < 20; round++) {
        struct bytes body = random_body();
        for (size_t at = 0; at < body.len; at++, damages++) {
            uint8_t before = body.at[at];
            struct arrange_piece piece;
            body.at[at] ^= (uint8_t)(1 + random_below(255));
            struct arrange *arrange = arrange_read(body.at, body.len);
            body.at[at] = before;
            refused += arrange == NULL;
            while (arrange != NULL && arrange_next(arrange, 1000, route, NULL, &piece)) {
                struct bytes further = body_of(&piece);
                assert_true(is_read(further.at, further.len));
                free(further.at);
            }
            arrange_free(arrange);
        }
        free(body.at);
    }
    print_message("%zu damages, %zu refused\n", damages, refused);
    assert_in_range(refused, 1, damages - 1);
}

static void noise_is_refused(void **state) {
    (void)state;
    random_start("noise_is_refused");
    for (size_t round = 0; round < 20000; round++) {
        struct bytes noise = noise_of(random_below(200));
        for (size_t i = 0; i < noise.len; i++) /* many zeros: so that some counts could be right */
            noise.at[i] = random_below(2) == 0 ? 0 : noise.at[i];
        is_read(noise.at, noise.len);
        free(noise.at);
    }
}

/* ---- out of memory ---- */

/* Linked with --wrap, in place of the library's. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static long allocations_left = -1; /* -1: no end */

static bool is_refused(void) {
    if (allocations_left < 0)
        return false;
    return allocations_left == 0 || allocations_left-- == 0;
}

void *__wrap_malloc(size_t size) {
    return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
    return is_refused() ? NULL : __real_realloc(block, size);
}

static bool make_and_hand_on(void) {
    struct arrange_piece piece;
    struct arrange *arrange = arrange_new();
    bool good = arrange != NULL;
    for (int i = 0; good && i < 40; i++)
        good = arrange_add_set(arrange, 1001, 1, 1, 1) &&
               arrange_add_child(arrange, &child, address);
    if (good) {
        assert_true(arrange_next(arrange, 0, route, NULL, &piece));
        assert_int_equal(piece.count, 40);
    }
    arrange_free(arrange);
    return good;
}

static void making_one_without_memory(void **state) {
    long count = 0;
    (void)state;
    for (bool made = false; !made; count++) {
        allocations_left = count;
        made = make_and_hand_on();
        allocations_left = -1;
    }
    assert_in_range(count, 5, 40);
}

/* Reads, and takes the own set. */
static bool read_and_take(const struct bytes *body) {
    uint64_t version;
    const struct wire_child *children;
    size_t count;
    struct arrange *arrange = arrange_read(body->at, body->len);
    if (arrange == NULL)
        return false;
    assert_true(arrange_own(arrange, 1000, &version, &children, &count));
    assert_true(count > 0);
    bool good = children != NULL;
    arrange_free(arrange);
    return good;
}

static void reading_one_without_memory(void **state) {
    long count = 0;
    (void)state;
    random_start("reading_one_without_memory");
    struct bytes body = random_body();
    for (bool made = false; !made; count++) {
        allocations_left = count;
        made = read_and_take(&body);
        allocations_left = -1;
    }
    assert_in_range(count, 5, 40);
    free(body.at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_with_too_many_is_refused),
        cmocka_unit_test(pieces_fit_into_messages),
        cmocka_unit_test(every_length_cut),
        cmocka_unit_test(counts_that_lie),
        cmocka_unit_test(answers_that_lie),
        cmocka_unit_test(damaged_messages),
        cmocka_unit_test(noise_is_refused),
        cmocka_unit_test(making_one_without_memory),
        cmocka_unit_test(reading_one_without_memory),
    };
    return cmocka_run_group_tests_name("arrange_bytes", tests, NULL, NULL);
}
