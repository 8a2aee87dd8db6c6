/*
 * Words: lines by hand, random lines held against an oracle that looks at one byte at a time, and
 * what is an id and what is none.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "language/words.h"
#include "random.h"

enum { RANDOM_LINES = 100000, LINE_MAX_LEN = 24 };

static struct words words_of(const char *line, size_t len) {
    return (struct words){.at = line, .end = line + len};
}

static struct word word_of(const char *text) {
    return (struct word){.at = text, .len = strlen(text)};
}

/* ---- taking a line apart ---- */

/* The words of the line are those of `expected`, which has them each followed by a bar. */
static void assert_words(const char *line, const char *expected) {
    struct words words = words_of(line, strlen(line));
    char got[200] = "";
    for (struct word word; (word = words_next(&words)).len > 0;) {
        strncat(got, word.at, word.len);
        strcat(got, "|");
    }
    assert_string_equal(got, expected);
    assert_ptr_equal(words.at, words.end);
    assert_int_equal(words_next(&words).len, 0); /* and it stays at the end */
}

static void lines_are_taken_apart(void **state) {
    (void)state;
    assert_words("", "");
    assert_words(" ", "");
    assert_words(" \t \t", "");
    assert_words("a", "a|");
    assert_words("create 10", "create|10|");
    assert_words("\t create\t\t10  -1 \t", "create|10|-1|");
    assert_words("exec 10 3 1 2 3", "exec|10|3|1|2|3|");
    assert_words("exec 10 2<file name", "exec|10|2<file|name|");
    assert_words("exec 10 2 < file", "exec|10|2|<|file|");
}

/* Only spaces and tabs part words; the bytes of a text in UTF-8 do not, whatever the locale. */
static void only_blanks_part_words(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char line[] = {'a', (char)byte, 'b'};
        struct words words = words_of(line, sizeof line);
        struct word word = words_next(&words);
        bool blank = byte == ' ' || byte == '\t';
        assert_ptr_equal(word.at, line);
        assert_int_equal(word.len, blank ? 1 : 3);
        assert_int_equal(words_next(&words).len, blank ? 1 : 0);
    }
}

static void assert_rest(const char *line, size_t taken, const char *expected) {
    struct words words = words_of(line, strlen(line));
    while (taken-- > 0)
        words_next(&words);
    const struct words before = words;
    struct word rest = words_rest(&words);
    assert_int_equal(rest.len, strlen(expected));
    assert_memory_equal(rest.at, expected, rest.len);
    assert_ptr_equal(words.at, before.at); /* nothing is taken */
    assert_ptr_equal(words.end, before.end);
}

static void the_rest_of_a_line(void **state) {
    (void)state;
    assert_rest("", 0, "");
    assert_rest(" \t ", 0, "");
    assert_rest("a", 0, "a");
    assert_rest("a", 1, "");
    assert_rest("a  ", 1, "");
    assert_rest("exec 1 2 <  a file\twith blanks \t", 4, "a file\twith blanks");
    assert_rest("  x y  ", 0, "x y");
    assert_rest("< f", 1, "f");
}

static bool blank_at(const char *line, size_t len, size_t at) {
    return at >= len || line[at] == ' ' || line[at] == '\t';
}

/* A word starts at each byte that is no blank after one that is (or after the line's start). */
static bool words_agree(const char *line, size_t len) {
    struct words words = words_of(line, len);
    for (size_t start = 0; start < len; start++) {
        if (blank_at(line, len, start) || (start > 0 && !blank_at(line, len, start - 1)))
            continue;
        size_t end = start;
        while (!blank_at(line, len, end))
            end++;
        struct word word = words_next(&words);
        if (word.at != line + start || word.len != end - start)
            return false;
    }
    return words_next(&words).len == 0;
}

static bool rest_agrees(const char *line, size_t len, size_t from) {
    struct words words = words_of(line, len);
    size_t first = from, last = len;
    words.at = line + from;
    while (first < len && blank_at(line, len, first))
        first++;
    while (last > first && blank_at(line, len, last - 1))
        last--;
    struct word rest = words_rest(&words);
    return rest.len == last - first && (rest.len == 0 || rest.at == line + first);
}

static void random_lines_are_taken_apart_as_the_oracle_does(void **state) {
    static const char bytes[] = "  \t\tab\0\n\r\x80\xff-1";
    (void)state;
    random_start("random_lines");
    for (size_t i = 0; i < RANDOM_LINES; i++) {
        size_t len = random_below(LINE_MAX_LEN + 1);
        char *room = malloc(1 + len), *line = room + 1; /* ends where its memory ends */
        assert_non_null(room);
        for (size_t at = 0; at < len; at++)
            line[at] = bytes[random_below(sizeof bytes - 1)];
        assert_true(words_agree(line, len));
        assert_true(rest_agrees(line, len, random_below(len + 1)));
        free(room);
    }
    print_message("%d lines\n", RANDOM_LINES);
}

/* ---- comparing ---- */

static void a_word_is_a_text_or_not(void **state) {
    (void)state;
    assert_true(word_is(word_of("exec"), "exec"));
    assert_true(word_is(word_of(""), ""));
    assert_false(word_is(word_of("exec"), "exe"));
    assert_false(word_is(word_of("exe"), "exec"));
    assert_false(word_is(word_of("Exec"), "exec"));
    assert_false(word_is(word_of("exed"), "exec"));
    assert_false(word_is(word_of(""), "exec"));
    assert_false(word_is(word_of("exec"), ""));
    assert_true(word_is((struct word){.at = "execute", .len = 4}, "exec"));
    assert_false(word_is((struct word){.at = "exec\0", .len = 5}, "exec"));
}

/* ---- ids ---- */

static void assert_id(const char *text, int64_t expected) {
    int64_t id = 77;
    if (!word_id(word_of(text), &id) || id != expected)
        fail_msg("'%s' gives the id %" PRId64 ", not %" PRId64, text, id, expected);
}

static void ids_are_read(void **state) {
    (void)state;
    assert_id("0", 0);
    assert_id("-0", 0);
    assert_id("1", 1);
    assert_id("+1", 1);
    assert_id("-2", -2);
    assert_id("-10", -10);
    assert_id("007", 7);
    assert_id("9223372036854775807", INT64_MAX);
    assert_id("-9223372036854775808", INT64_MIN);
}

static void others_are_no_ids(void **state) {
    static const char *const texts[] = {
        "",
        "-1",
        "-01",
        "-0000000000000000000000001",
        "9223372036854775808",
        "-",
        "+",
        "abc",
        "18446744073709551615",
        "-9223372036854775809",
        "1.5",
        "0x1",
        "1a",
        "--1",
        "+-1",
    };
    int64_t id;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (word_id(word_of(texts[i]), &id))
            fail_msg("'%s' is taken for an id", texts[i]);
    assert_false(word_id((struct word){.at = "1\0", .len = 2}, &id));
    assert_true(word_id((struct word){.at = "-12", .len = 3}, &id) && id == -12);
    assert_false(
        word_id((struct word){.at = "-12", .len = 2}, &id)); /* the word ends where it ends */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_taken_apart),
        cmocka_unit_test(only_blanks_part_words),
        cmocka_unit_test(the_rest_of_a_line),
        cmocka_unit_test(random_lines_are_taken_apart_as_the_oracle_does),
        cmocka_unit_test(a_word_is_a_text_or_not),
        cmocka_unit_test(ids_are_read),
        cmocka_unit_test(others_are_no_ids),
    };
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
