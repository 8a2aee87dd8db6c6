/*
 * The sum, each version of it: cases written by hand, and random texts held against an oracle that
 * shares no idea with either version (it splits words and computes each with 128 bits).
 *
 * BANYAN_SEED and BANYAN_CASES choose the random texts; both are printed.
 */
#include "../../src/sum/sum.h"

#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BITS_63 ((sum_int128)1 << 63)

struct version {
    const char *name;
    void (*sum)(const char *text, size_t len, enum sum_blank blank, struct sum_result *result);
};

static const struct version versions[] = {
    {"loop", sum_text_loop},
    {"avx2", sum_text_avx2},
    {"dispatch", sum_text},
};
enum { VERSIONS = sizeof versions / sizeof versions[0] };

static int can_run(const struct version *version) {
    return version->sum != sum_text_avx2 || sum_have_avx2();
}

/* ---- the oracle ---- */

static int oracle_blank(char byte, enum sum_blank blank) {
    return byte != '\0' && strchr(blank == SUM_BLANK_FILE ? " \t\n\v\f\r" : " \t", byte) != NULL;
}

static enum sum_error oracle_word(const char *word, size_t len, sum_int128 *value) {
    size_t from = len > 0 && (word[0] == '+' || word[0] == '-');
    sum_int128 n = 0;

    if (from == len) {
        return SUM_NOT_INTEGER;
    }
    for (size_t i = from; i < len; i++) {
        if (word[i] < '0' || word[i] > '9') {
            return SUM_NOT_INTEGER;
        }
        if (n <= BITS_63) { /* what is larger is too large with any digit added */
            n = n * 10 + (word[i] - '0');
        }
    }
    *value = word[0] == '-' ? -n : n;
    return *value < -BITS_63 || *value > BITS_63 - 1 ? SUM_OUT_OF_RANGE : SUM_OK;
}

static struct sum_result oracle(const char *text, size_t len, enum sum_blank blank) {
    struct sum_result result = {.error = SUM_OK};

    for (size_t at = 0, end; at < len; at = end) {
        for (end = at; end < len && !oracle_blank(text[end], blank); end++) {
        }
        if (end == at) {
            end++;
            continue;
        }

        sum_int128 value = 0;
        result.error = oracle_word(text + at, end - at, &value);
        if (result.error != SUM_OK) {
            result.word_at = at;
            result.word_len = end - at;
            break;
        }
        result.sum += value;
        result.count++;
    }
    return result;
}

/* ---- comparing ---- */

static int same(const struct sum_result *a, const struct sum_result *b) {
    return a->sum == b->sum && a->count == b->count && a->error == b->error &&
           a->word_at == b->word_at && a->word_len == b->word_len;
}

static void print_result(const char *name, const struct sum_result *result) {
    print_error("%9s: sum %016" PRIx64 "%016" PRIx64 " count %" PRIu64 " error %d at %zu len %zu\n",
                name, (uint64_t)((sum_uint128)result->sum >> 64), (uint64_t)result->sum,
                result->count, (int)result->error, result->word_at, result->word_len);
}

/* Copies the text into a buffer of exactly its size, so that a read outside of it is found, with
 * some bytes before it, so that the start has any alignment. Returns 0 if a version differs. */
static int all_give(const char *text, size_t len, size_t shift, enum sum_blank blank,
                    const struct sum_result *expected) {
    char *buffer = malloc(shift + len + (shift + len == 0));
    int right = 1;

    assert_non_null(buffer);
    memset(buffer, '7', shift); /* a digit would join the first number if it were read */
    memcpy(buffer + shift, text, len);
    for (size_t i = 0; i < VERSIONS; i++) {
        struct sum_result result;

        if (!can_run(&versions[i])) {
            continue;
        }
        memset(&result, 0xa5, sizeof result);
        versions[i].sum(buffer + shift, len, blank, &result);
        if (!same(&result, expected)) {
            print_result("expected", expected);
            print_result(versions[i].name, &result);
            right = 0;
        }
    }
    free(buffer);
    return right;
}

/* ---- cases written by hand ---- */

#define MAX   "9223372036854775807"
#define MIN   "-9223372036854775808"
#define OK(n) (n), SUM_OK, 0, 0
#define FILE_ SUM_BLANK_FILE
#define LINE_ SUM_BLANK_LINE
#define WRONG SUM_NOT_INTEGER
#define RANGE SUM_OUT_OF_RANGE

struct example {
    const char *text;
    enum sum_blank blank;
    sum_int128 sum;
    uint64_t count;
    enum sum_error error;
    size_t word_at;
    size_t word_len;
};

static const struct example examples[] = {
    {"", FILE_, 0, OK(0)},
    {" ", LINE_, 0, OK(0)},
    {" \t \t  ", LINE_, 0, OK(0)},
    {" \t\n\v\f\r", FILE_, 0, OK(0)},
    {"0", LINE_, 0, OK(1)},
    {"7", LINE_, 7, OK(1)},
    {"1 2 3", LINE_, 6, OK(3)},
    {"1\t2 \t3", LINE_, 6, OK(3)},
    {"  12  \t-7 ", LINE_, 5, OK(2)},
    {"1\n2\v3\f4\r5\r\n6", FILE_, 21, OK(6)},
    {"+5 -5 +0 -0 -00", LINE_, 0, OK(5)},
    {"-1 -22 -333", LINE_, -356, OK(3)},
    {"0000000000000000000000000000000000000000000000000000000000000000000012", LINE_, 12, OK(1)},
    {"-0000000000000000000000000000000000000000000000000000000000000000000012", LINE_, -12, OK(1)},
    /* the ends of the range */
    {MAX, LINE_, BITS_63 - 1, OK(1)},
    {"+" MAX, LINE_, BITS_63 - 1, OK(1)},
    {MIN, LINE_, -BITS_63, OK(1)},
    {"0" MAX " -00009223372036854775808", LINE_, -1, OK(2)},
    {"-" MAX, LINE_, 1 - BITS_63, OK(1)},
    {"9223372036854775808", LINE_, 0, 0, RANGE, 0, 19},
    {"+9223372036854775808", LINE_, 0, 0, RANGE, 0, 20},
    {"-9223372036854775809", LINE_, 0, 0, RANGE, 0, 20},
    {"1 0009223372036854775808 2", LINE_, 1, 1, RANGE, 2, 22},
    {"9999999999999999999", LINE_, 0, 0, RANGE, 0, 19},
    {"10000000000000000000", LINE_, 0, 0, RANGE, 0, 20},
    {"100000000000000000000 1", LINE_, 0, 0, RANGE, 0, 21},
    {"10000000000000000000000 1", LINE_, 0, 0, RANGE, 0, 23},
    {"18446744073709551616", LINE_, 0, 0, RANGE, 0, 20}, /* 0 if it wrapped */
    {"18446744073709551617 x", LINE_, 0, 0, RANGE, 0, 20},
    {"340282366920938463463374607431768211457", LINE_, 0, 0, RANGE, 0, 39},
    {"5 99999999999999999999999999999999999999999999", LINE_, 5, 1, RANGE, 2, 44},
    {"9223372036854775900", LINE_, 0, 0, RANGE, 0, 19},
    {"9223372036854775799 1000000000000000000", LINE_,
     (sum_int128)9223372036854775799 + 1000000000000000000, OK(2)},
    /* sums beyond 64 bits */
    {MAX " " MAX " " MAX, LINE_, 3 * (BITS_63 - 1), OK(3)},
    {MIN " " MIN " " MIN, LINE_, -3 * BITS_63, OK(3)},
    /* words that are no integers */
    {"+", LINE_, 0, 0, WRONG, 0, 1},
    {"-", LINE_, 0, 0, WRONG, 0, 1},
    {"3 -", LINE_, 3, 1, WRONG, 2, 1},
    {"3 - 4", LINE_, 3, 1, WRONG, 2, 1},
    {"1-2", LINE_, 0, 0, WRONG, 0, 3},
    {"1-", LINE_, 0, 0, WRONG, 0, 2},
    {"1+ 2", LINE_, 0, 0, WRONG, 0, 2},
    {"--1", LINE_, 0, 0, WRONG, 0, 3},
    {"+-1", LINE_, 0, 0, WRONG, 0, 3},
    {"-+1", LINE_, 0, 0, WRONG, 0, 3},
    {"++", LINE_, 0, 0, WRONG, 0, 2},
    {"12a", LINE_, 0, 0, WRONG, 0, 3},
    {"a12", LINE_, 0, 0, WRONG, 0, 3},
    {"1 2 0x10 4", LINE_, 3, 2, WRONG, 4, 4},
    {"1.5", LINE_, 0, 0, WRONG, 0, 3},
    {"1,2", LINE_, 0, 0, WRONG, 0, 3},
    {"1/2", LINE_, 0, 0, WRONG, 0, 3},
    {"1:2", LINE_, 0, 0, WRONG, 0, 3},
    {"4 \xd9\xa1 5", LINE_, 4, 1, WRONG, 2, 2},
    {"4 \xb0\xb9\xff\x80 5", LINE_, 4, 1, WRONG, 2, 4},
    {"1 2 3 four", FILE_, 6, 3, WRONG, 6, 4},
    {"one 2 3", FILE_, 0, 0, WRONG, 0, 3},
    {"1 a b", FILE_, 1, 1, WRONG, 2, 1},
    /* the first error counts, and a word that is no integer is never out of range */
    {"99999999999999999999999x 1", LINE_, 0, 0, WRONG, 0, 24},
    {"99999999999999999999999- 1", LINE_, 0, 0, WRONG, 0, 24},
    {"9223372036854775808 x", LINE_, 0, 0, RANGE, 0, 19},
    {"x 9223372036854775808", LINE_, 0, 0, WRONG, 0, 1},
    /* the blanks of a file are no blanks on a line */
    {"1\r", LINE_, 0, 0, WRONG, 0, 2},
    {"1 2\n3", LINE_, 1, 1, WRONG, 2, 3},
    {"1 \v 3", LINE_, 1, 1, WRONG, 2, 1},
    {"1 2 \f", LINE_, 3, 2, WRONG, 4, 1},
};
enum { EXAMPLES = sizeof examples / sizeof examples[0] };

/* Puts filler before and after each example, so that it meets each place in a vector and both sides
 * of the end of a block. */
static void check_example(const struct example *example, size_t before, size_t after) {
    const size_t len = strlen(example->text), total = before + len + after;
    char *text = malloc(total + 1);
    struct sum_result expected = {.sum = example->sum + (sum_int128)(before / 2),
                                  .count = example->count + before / 2,
                                  .error = example->error};

    assert_non_null(text);
    for (size_t i = 0; i < total; i++) { /* " 1 1 1 1 " or "1 1 1 1 " on each side */
        size_t away = i < before ? before - 1 - i : i - before - len;
        text[i] = away % 2 == 1 ? '1' : ' ';
    }
    memcpy(text + before, example->text, len);
    if (example->error != SUM_OK) {
        expected.word_at = before + example->word_at;
        expected.word_len = example->word_len;
    } else {
        expected.sum += (sum_int128)(after / 2);
        expected.count += after / 2;
    }
    if (!all_give(text, total, before % 5, example->blank, &expected)) {
        fail_msg("example \"%s\" with %zu bytes before and %zu after", example->text, before,
                 after);
    }
    free(text);
}

static void examples_give_what_is_written(void **state) {
    static const size_t afters[] = {0, 1, 31, 64, 200, 7000};

    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        for (size_t before = 0; before < 140; before++) {
            check_example(&examples[i], before, afters[before % 6]);
        }
        for (size_t before = 6080; before < 6220; before += 1 + i % 3) {
            check_example(&examples[i], before, afters[before % 6]);
        }
        check_example(&examples[i], 0, 7000);
    }
}

static void nul_is_no_blank(void **state) {
    const struct sum_result expected = {3, 2, SUM_NOT_INTEGER, 4, 3};
    const struct sum_result alone = {0, 0, SUM_NOT_INTEGER, 0, 1};

    (void)state;
    assert_true(all_give("1 2 3\0004 5", 9, 0, SUM_BLANK_FILE, &expected));
    assert_true(all_give("1 2 3\0004 5", 9, 0, SUM_BLANK_LINE, &expected));
    assert_true(all_give("\0", 1, 0, SUM_BLANK_FILE, &alone));
}

/* Each byte alone, after a digit, before a digit and between two. */
static void each_byte_is_what_it_is(void **state) {
    static const char *const around[][2] = {{"", ""}, {"1", ""}, {"", "1"}, {"1", "1"}};

    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t i = 0; i < 8; i++) {
            char text[100];
            enum sum_blank blank = i < 4 ? SUM_BLANK_LINE : SUM_BLANK_FILE;
            struct sum_result expected;

            memset(text, ' ', sizeof text);
            memcpy(text + 40, around[i % 4][0], strlen(around[i % 4][0]));
            text[41] = (char)byte;
            memcpy(text + 42, around[i % 4][1], strlen(around[i % 4][1]));
            expected = oracle(text, sizeof text, blank);
            if (!all_give(text, sizeof text, 0, blank, &expected)) {
                fail_msg("byte %u, place %zu", byte, i);
            }
        }
    }
}

static void a_text_of_no_bytes_may_be_null(void **state) {
    (void)state;
    for (size_t i = 0; i < VERSIONS; i++) {
        struct sum_result result, expected = {.error = SUM_OK};

        memset(&result, 0xa5, sizeof result);
        if (can_run(&versions[i])) {
            versions[i].sum(NULL, 0, SUM_BLANK_FILE, &result);
            assert_true(same(&result, &expected));
        }
    }
}

/* A word of len bytes: first, then zeros, then last, between "8 " and " 9". */
static void check_long_word(const char *first, size_t len, const char *last, size_t before) {
    char *text = malloc(before + len + 4);
    const size_t end = before + 2 + len;
    struct sum_result expected;

    assert_non_null(text);
    memset(text, ' ', before);
    memcpy(text + before, "8 ", 2);
    memset(text + before + 2, '0', len);
    memcpy(text + before + 2, first, strlen(first));
    memcpy(text + end - strlen(last), last, strlen(last));
    memcpy(text + end, " 9", 2);
    expected = oracle(text, end + 2, SUM_BLANK_LINE);
    if (!all_give(text, end + 2, 3, SUM_BLANK_LINE, &expected)) {
        fail_msg("word of %zu bytes from %s to %s after %zu", len, first, last, before);
    }
    free(text);
}

static void long_words_are_one_word(void **state) {
    static const size_t lens[] = {20, 21, 22, 32, 33, 64, 500, 6143, 6144, 6145, 13000, 100000};
    static const char *const lasts[] = {"7", MAX, "9223372036854775808", "x", "-", "1x1", "99"};

    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        for (size_t k = 0; k < sizeof lasts / sizeof lasts[0]; k++) {
            for (size_t before = 0; before < 7000; before += 1 + before * 7 % 2111) {
                check_long_word("-", lens[i], lasts[k], before);
                check_long_word("0", lens[i], lasts[k], before);
                check_long_word("x", lens[i], lasts[k], before);
            }
        }
    }
}

/* Many of one number: a column of small lanes would overflow if it could. */
static void many_of_the_same_add_up(void **state) {
    static const char *const words[] = {"9", "-9", "99", "-99", "999999999999999999",
                                        MAX, MIN,  "0"};
    enum { MANY = 30000 };

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t len = strlen(words[i]) + 1;
        char *text = malloc(MANY * len);
        sum_int128 value = 0;
        struct sum_result expected = {.count = MANY};

        assert_non_null(text);
        assert_int_equal(oracle_word(words[i], len - 1, &value), SUM_OK);
        for (size_t k = 0; k < MANY; k++) {
            memcpy(text + k * len, words[i], len - 1);
            text[k * len + len - 1] = '\n';
        }
        expected.sum = value * MANY;
        if (!all_give(text, MANY * len, 1, SUM_BLANK_FILE, &expected)) {
            fail_msg("%d times %s", MANY, words[i]);
        }
        free(text);
    }
}

/* ---- random texts ---- */

enum { MOST = 20000 }; /* bytes in a random text: a few blocks */

static uint64_t random_state;

/* splitmix64: any seed is a good seed. No expression below draws twice without an order between the
 * two, so that a seed means the same texts to each compiler. */
static uint64_t next_random(void) {
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static size_t below(size_t n) {
    return (size_t)(next_random() % n);
}

/* What the words of a text are like, so that texts differ as wholes and not just by words. */
struct kind {
    size_t least, most; /* digits */
    size_t sign_of;     /* one word of so many has a sign; 0: none */
    size_t odd_of;      /* one word of so many is changed to something odd; 0: none */
    size_t long_of;     /* one word of so many has 40 leading zeros or more; 0: none */
    int edges;          /* half of the words are around 2^63 */
    int one_blank;      /* always a single space */
    enum sum_blank blank;
};

static struct kind random_kind(void) {
    static const size_t most[] = {1, 2, 3, 6, 6, 8, 10, 10, 12, 18, 19, 19, 20, 25};
    static const size_t rarely[] = {0, 0, 0, 3, 50, 400, 1000, 3000};
    struct kind kind;

    kind.most = most[below(sizeof most / sizeof most[0])];
    kind.least = below(2) ? 1 : 1 + below(kind.most);
    kind.sign_of = below(3);
    kind.sign_of += kind.sign_of == 2 ? below(300) : 0;
    kind.odd_of = rarely[below(8)];
    kind.long_of = below(4) == 0 ? rarely[below(8)] : 0;
    kind.edges = kind.most >= 19 && below(2);
    kind.one_blank = (int)below(2);
    kind.blank = below(2) ? SUM_BLANK_FILE : SUM_BLANK_LINE;
    return kind;
}

/* These write at most 200 bytes and return how many. */
static size_t put_edge(char *at, size_t sign) {
    /* Seldom beyond the range, or most texts would end soon. */
    const uint64_t beyond = below(20) == 0 ? 3 : 0;
    const uint64_t limit = ((uint64_t)1 << 63) - (sign == 0) + beyond;
    const uint64_t distance = below(below(2) ? 5 : (size_t)1 << 62);
    const int zeros = (int)below(3);

    return (size_t)sprintf(at, "%s%.*s%" PRIu64, sign ? "-" : "", zeros, "00", limit - distance);
}

static size_t put_digits(char *at, const struct kind *kind) {
    const size_t digits = kind->least + below(kind->most - kind->least + 1);

    for (size_t i = 0; i < digits; i++) {
        at[i] = (char)('0' + next_random() % 10);
    }
    if (digits > 18 && below(100) != 0) { /* mostly in range */
        memset(at, '0', digits - 18);
        at[digits - 19] = (char)('0' + next_random() % 9);
    }
    return digits;
}

static size_t put_blank(char *at, const struct kind *kind) {
    const size_t blanks = kind->one_blank ? 1 : below(200) == 0 ? 40 : 1 + below(below(2) ? 4 : 1);

    for (size_t i = 0; i < blanks; i++) {
        at[i] = kind->one_blank ? ' ' : " \t\n\v\f\r"[below(kind->blank == SUM_BLANK_FILE ? 6 : 2)];
    }
    return blanks;
}

static void make_odd(char *at, size_t len) {
    static const char odd[] = "+-+-/:.;\0\r\v\n\x7f\xb0\xff x";

    char *const place = at + below(len);

    *place = below(2) ? odd[below(sizeof odd)] : (char)next_random();
}

static size_t put_word(char *at, const struct kind *kind) {
    char *const from = at;
    const size_t is_signed = kind->sign_of && below(kind->sign_of) == 0;

    if (kind->edges && below(2)) {
        at += put_edge(at, is_signed);
    } else {
        if (is_signed) {
            *at++ = "-+-"[below(3)];
        }
        if (kind->long_of && below(kind->long_of) == 0) {
            size_t zeros = 1 + below(60);
            memset(at, '0', zeros);
            at += zeros;
        }
        at += put_digits(at, kind);
    }
    if (kind->odd_of && below(kind->odd_of) == 0) {
        make_odd(from, (size_t)(at - from));
    }
    return (size_t)(at - from);
}

static size_t random_len(void) {
    static const size_t sizes[] = {32, 64, 96, 6144, 6144 + 32, 2 * 6144, 3 * 6144};

    size_t size;

    switch (below(8)) {
    case 0:
        return below(MOST);
    case 1:
    case 2:
        size = sizes[below(7)];
        return size - 4 + below(9);
    case 3:
        return 6000 + below(400);
    default:
        return below(300);
    }
}

static size_t random_text(char *text, const struct kind *kind) {
    const size_t len = random_len();
    size_t at = below(3) ? 0 : put_blank(text, kind);

    while (at < len) {
        at += put_word(text + at, kind);
        at += put_blank(text + at, kind);
    }
    return len; /* mostly cuts a word */
}

static uint64_t from_environment(const char *name, uint64_t otherwise) {
    const char *value = getenv(name);

    return value && *value ? strtoull(value, NULL, 0) : otherwise;
}

static void random_texts_agree(void **state) {
    const uint64_t seed = from_environment("BANYAN_SEED", (uint64_t)time(NULL));
    const uint64_t cases = from_environment("BANYAN_CASES", 80000);
    uint64_t right = 0, errors[3] = {0};
    static char text[MOST + 400];

    (void)state;
    print_message("seed %" PRIu64 ", %" PRIu64 " cases, avx2: %s\n", seed, cases,
                  sum_have_avx2() ? "yes" : "no");
    for (; right < cases; right++) {
        random_state = seed + right * 0xd1342543de82ef95u; /* free of the cases before */
        const struct kind kind = random_kind();
        const size_t len = random_text(text, &kind);
        const struct sum_result expected = oracle(text, len, kind.blank);

        errors[expected.error]++;
        if (!all_give(text, len, below(64), kind.blank, &expected)) {
            fail_msg("case %" PRIu64 " of seed %" PRIu64 ": %zu bytes", right, seed, len);
        }
    }
    print_message("%" PRIu64 " right, %" PRIu64 " no integer, %" PRIu64 " out of range\n",
                  errors[SUM_OK], errors[SUM_NOT_INTEGER], errors[SUM_OUT_OF_RANGE]);
    if (cases >= 1000) { /* texts of one sort only would prove little */
        assert_true(errors[SUM_OK] > cases / 10 && errors[SUM_NOT_INTEGER] > cases / 100);
        assert_true(errors[SUM_OUT_OF_RANGE] > cases / 100);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_give_what_is_written),
        cmocka_unit_test(nul_is_no_blank),
        cmocka_unit_test(each_byte_is_what_it_is),
        cmocka_unit_test(a_text_of_no_bytes_may_be_null),
        cmocka_unit_test(long_words_are_one_word),
        cmocka_unit_test(many_of_the_same_add_up),
        cmocka_unit_test(random_texts_agree),
    };

    return cmocka_run_group_tests_name("sum", tests, NULL, NULL);
}
