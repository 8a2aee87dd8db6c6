/*
 * Numbers: the edges of 64 and of 128 bits by hand, and random ones held against an oracle that
 * works digit by digit in 128 bits.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "language/number.h"
#include "random.h"

__extension__ typedef unsigned __int128 uint128;

enum { RANDOM_PRINTS = 300000, RANDOM_PARSES = 300000 };

#define UNTOUCHED  INT64_C(0x5a5a5a5a5a5a5a5a)
#define INT128_MIN ((int128)((uint128)1 << 127))
#define INT128_MAX ((int128)(((uint128)1 << 127) - 1))

/* ---- parsing ---- */

/* Parses a copy that ends where its memory ends, so that a read beyond it is found. */
static bool parse(const char *word, size_t len, int64_t *value) {
    char *copy = malloc(1 + len);
    assert_non_null(copy);
    memcpy(copy + 1, word, len);
    bool good = number_parse(copy + 1, len, value);
    free(copy);
    return good;
}

static void assert_number(const char *word, int64_t expected) {
    int64_t value = UNTOUCHED;
    if (!parse(word, strlen(word), &value) || value != expected)
        fail_msg("'%s' gives %" PRId64 ", not %" PRId64, word, value, expected);
}

static void assert_no_number(const char *word, size_t len) {
    int64_t value = UNTOUCHED;
    if (parse(word, len, &value))
        fail_msg("'%.*s' is taken for %" PRId64, (int)len, word, value);
    assert_true(value == UNTOUCHED);
}

static void numbers_are_read(void **state) {
    (void)state;
    assert_number("0", 0);
    assert_number("-0", 0);
    assert_number("+0", 0);
    assert_number("1", 1);
    assert_number("+1", 1);
    assert_number("-1", -1);
    assert_number("007", 7);
    assert_number("-00000000000000000000000000000000000000000000000000000000000000000000000012",
                  -12);
    assert_number("+0000000000000000000000000000009223372036854775807", INT64_MAX);
    assert_number("9223372036854775806", INT64_MAX - 1);
    assert_number("9223372036854775807", INT64_MAX);
    assert_number("+9223372036854775807", INT64_MAX);
    assert_number("-9223372036854775807", -INT64_MAX);
    assert_number("-9223372036854775808", INT64_MIN);
    assert_number("-0009223372036854775808", INT64_MIN);
    assert_number("1000000000000000000", INT64_C(1000000000000000000));
}

static void others_are_refused(void **state) {
    static const char *const words[] = {
        "",
        "+",
        "-",
        "+-1",
        "-+1",
        "--1",
        "++1",
        "1-",
        "1+",
        " 1",
        "1 ",
        "\t1",
        "1\n",
        "1\r",
        "1.0",
        "1e3",
        "0x10",
        "1_000",
        "1,000",
        "abc",
        "12a",
        "a12",
        "- 1",
        "9223372036854775808",
        "+9223372036854775808",
        "-9223372036854775809",
        "9223372036854775810",
        "9223372036854775817",
        "9999999999999999999",
        "-9999999999999999999",
        "10000000000000000000",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709551617",
        "-18446744073709551615",
        "-18446744073709551617",
        "92233720368547758070",
        "36893488147419103233",
        "340282366920938463463374607431768211457",
        "00000000000000009223372036854775808",
    };
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_no_number(words[i], strlen(words[i]));
    assert_no_number("1\0", 2);
    assert_no_number("\0", 1);
    assert_no_number("1\0002", 3);
}

static void only_digits_are_digits(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char alone[] = {(char)byte}, between[] = {'1', (char)byte, '2'};
        if (byte >= '0' && byte <= '9') {
            int64_t value = UNTOUCHED;
            assert_true(parse(alone, 1, &value) && value == byte - '0');
            assert_true(parse(between, 3, &value) && value == 102 + 10 * (byte - '0'));
        } else {
            assert_no_number(alone, 1);
            assert_no_number(between, 3);
        }
    }
}

static bool oracle_parse(const char *word, size_t len, int64_t *value) {
    size_t at = len > 0 && strchr("+-", word[0]) != NULL;
    int128 sum = 0;
    if (at == len)
        return false;
    for (; at < len; at++) {
        if (strchr("0123456789", word[at]) == NULL)
            return false;
        if (sum <= INT64_MAX) /* what is larger stays too large with any digit added */
            sum = sum * 10 + (word[at] - '0');
    }
    sum = word[0] == '-' ? -sum : sum;
    *value = (int64_t)sum;
    return sum >= INT64_MIN && sum <= INT64_MAX;
}

/* Mostly numbers, of which many are near the limits; some have a byte that does not belong. */
static size_t random_word(char *word) {
    static const char *const signs[] = {"", "-", "+"};
    size_t len = (size_t)sprintf(word, "%s", signs[random_below(3)]);
    for (size_t zeros = random_below(4) == 0 ? random_below(5) : 0; zeros > 0; zeros--)
        word[len++] = '0';
    if (random_below(2) == 0)
        len += (size_t)sprintf(word + len, "92233720368547%05d", (int)random_below(100000));
    else
        len += (size_t)sprintf(word + len, "%" PRIu64, random_bits());
    if (random_below(8) == 0) {
        size_t at = random_below(len);
        word[at] = "+-a/: 0123456789"[random_below(16)];
    }
    return len;
}

static void random_words_are_read_as_the_oracle_does(void **state) {
    size_t good = 0;
    (void)state;
    random_start("random_words");
    for (size_t i = 0; i < RANDOM_PARSES; i++) {
        char word[80];
        size_t len = random_word(word);
        int64_t value = UNTOUCHED, expected = 0;
        bool right = oracle_parse(word, len, &expected);
        if (parse(word, len, &value) != right || value != (right ? expected : UNTOUCHED))
            fail_msg("'%.*s' gives %" PRId64, (int)len, word, value);
        good += right;
    }
    print_message("%d words, %zu of them numbers\n", RANDOM_PARSES, good);
    assert_in_range(good, RANDOM_PARSES / 10, RANDOM_PARSES - RANDOM_PARSES / 10);
}

/* ---- printing ---- */

static size_t oracle_print(char *text, int128 value) {
    char reversed[64];
    size_t count = 0, len = 0;
    int128 rest = value;
    do {
        int digit = (int)(rest % 10); /* of the sign of value, so that the smallest needs no care */
        reversed[count++] = (char)('0' + (digit < 0 ? -digit : digit));
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        text[len++] = '-';
    while (count > 0)
        text[len++] = reversed[--count];
    return len;
}

/* The room is exactly what the header asks for, on the heap: a byte beyond it is found. */
static void assert_prints(int128 value, const char *expected, size_t len) {
    char *text = malloc(NUMBER_TEXT_MAX);
    assert_non_null(text);
    memset(text, '#', NUMBER_TEXT_MAX);
    size_t got = number_print(text, value);
    bool same = got == len && memcmp(text, expected, len) == 0;
    for (size_t i = len; same && i < NUMBER_TEXT_MAX; i++)
        same = text[i] == '#';
    if (!same)
        fail_msg("'%.*s' instead of '%.*s'", (int)(got < NUMBER_TEXT_MAX ? got : NUMBER_TEXT_MAX),
                 text, (int)len, expected);
    free(text);
}

static void assert_prints_as_oracle(int128 value) {
    char expected[64];
    assert_prints(value, expected, oracle_print(expected, value));
}

static void numbers_are_printed(void **state) {
    static const struct {
        int128 value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {-1, "-1"},
        {10, "10"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
        {(int128)INT64_MAX + 1, "9223372036854775808"},
        {(int128)INT64_MIN - 1, "-9223372036854775809"},
        {UINT64_MAX, "18446744073709551615"},
        {-(int128)UINT64_MAX, "-18446744073709551615"},
        {(int128)UINT64_MAX + 1, "18446744073709551616"},
        {(int128)10000000000000000000U * 2, "20000000000000000000"},
        {(int128)10000000000000000000U * 10, "100000000000000000000"},
        {(int128)INT64_MAX * 100000000, "922337203685477580700000000"},
        {(int128)INT64_MIN * 100000000, "-922337203685477580800000000"},
        {INT128_MAX, "170141183460469231731687303715884105727"},
        {INT128_MIN, "-170141183460469231731687303715884105728"},
        {INT128_MIN + 1, "-170141183460469231731687303715884105727"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_prints(cases[i].value, cases[i].text, strlen(cases[i].text));
    assert_int_equal(strlen("-170141183460469231731687303715884105728"), NUMBER_TEXT_MAX);
}

/* Where the number of digits changes, and where that of bits does. */
static void powers_and_their_neighbours_are_printed(void **state) {
    int128 ten = 1;
    (void)state;
    for (int i = 0; i < 39; i++) {
        for (int off = -1; off <= 1; off++) {
            assert_prints_as_oracle(ten + off);
            assert_prints_as_oracle(-ten + off);
        }
        if (i < 38)
            ten *= 10;
    }
    for (int bit = 0; bit < 127; bit++) {
        for (int off = -1; off <= 1; off++) {
            assert_prints_as_oracle(((int128)1 << bit) + off);
            assert_prints_as_oracle(-((int128)1 << bit) + off);
        }
    }
}

static void random_numbers_are_printed_as_the_oracle_does(void **state) {
    (void)state;
    random_start("random_numbers");
    for (size_t i = 0; i < RANDOM_PRINTS; i++) {
        uint128 bits = (uint128)random_next() << 64;
        bits |= random_next();
        assert_prints_as_oracle((int128)bits >> random_below(128));
    }
    print_message("%d numbers\n", RANDOM_PRINTS);
}

static void what_is_printed_is_read_again(void **state) {
    (void)state;
    random_start("round trips");
    for (size_t i = 0; i < RANDOM_PRINTS / 3; i++) {
        char text[NUMBER_TEXT_MAX];
        int64_t value = (int64_t)random_next(), again = UNTOUCHED;
        value >>= random_below(64);
        assert_true(parse(text, number_print(text, value), &again));
        assert_true(again == value);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(only_digits_are_digits),
        cmocka_unit_test(random_words_are_read_as_the_oracle_does),
        cmocka_unit_test(numbers_are_printed),
        cmocka_unit_test(powers_and_their_neighbours_are_printed),
        cmocka_unit_test(random_numbers_are_printed_as_the_oracle_does),
        cmocka_unit_test(what_is_printed_is_read_again),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
