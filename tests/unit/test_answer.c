/*
 * The answers, each text of the contract byte for byte, and each of them cut short at every length.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "language/answer.h"

#define UNSIGNED_MAX  "18446744073709551615"
#define NOT_AN_ID     " is not an id: expected a signed 64-bit integer other than -1"
#define TEN_A         "aaaaaaaaaa"
#define SIXTY_A       TEN_A TEN_A TEN_A TEN_A TEN_A TEN_A
#define WORD(literal) .word = literal, .word_len = sizeof(literal) - 1
#define IDS(...)                                                                                   \
    .ids = (const int64_t[]){__VA_ARGS__},                                                         \
    .id_count = sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)

static const struct {
    const char *text;
    struct answer answer;
} cases[] = {
    /* create */
    {"Ok: 1", {.command = COMMAND_CREATE, .id = 7, .pid = 1}},
    {"Ok: 3128", {.command = COMMAND_CREATE, .id = -5, .pid = 3128}},
    {"Ok: 4194304", {.command = COMMAND_CREATE, .pid = 4194304}},
    {"Error: Already exists", {.command = COMMAND_CREATE, .code = BANYAN_EXISTS, .id = 10}},
    {"Error: Parent not found",
     {.command = COMMAND_CREATE, .code = BANYAN_NO_SUCH_PARENT, .id = 10}},
    {"Error: Parent is unavailable",
     {.command = COMMAND_CREATE, .code = BANYAN_PARENT_UNAVAILABLE, .id = 10}},
    {"Error: 7 does not belong under 10: its place is under 5",
     {.command = COMMAND_CREATE, .code = BANYAN_WRONG_PARENT, .id = 7, .parent = 10, .place = 5}},
    {"Error: -9223372036854775808 does not belong under 9223372036854775807: its place is under "
     "-9223372036854775807",
     {.command = COMMAND_CREATE,
      .code = BANYAN_WRONG_PARENT,
      .id = INT64_MIN,
      .parent = INT64_MAX,
      .place = -INT64_MAX}},
    {"Error: 'abc'" NOT_AN_ID, {.command = COMMAND_CREATE, .code = BANYAN_BAD_ID, WORD("abc")}},
    {"Error: '-1'" NOT_AN_ID, {.command = COMMAND_CREATE, .code = BANYAN_BAD_ID, WORD("-1")}},
    {"Error: expected: create ID [PARENT]",
     {.command = COMMAND_CREATE, .code = BANYAN_USAGE, .text = "expected: create ID [PARENT]"}},
    {"Error: the process could not be started: No such file or directory",
     {.command = COMMAND_CREATE,
      .code = BANYAN_SYSTEM,
      .text = "the process could not be started: No such file or directory"}},
    /* exec: sums */
    {"Ok:10: 6", {.command = COMMAND_EXEC, .id = 10, .sum = 6}},
    {"Ok:10: 0", {.command = COMMAND_EXEC, .id = 10}},
    {"Ok:-10: -6", {.command = COMMAND_EXEC, .id = -10, .sum = -6}},
    {"Ok:-9223372036854775808: 9223372036854775807",
     {.command = COMMAND_EXEC, .id = INT64_MIN, .sum = INT64_MAX}},
    {"Ok:9223372036854775807: -9223372036854775808",
     {.command = COMMAND_EXEC, .id = INT64_MAX, .sum = INT64_MIN}},
    {"Ok:0: 9223372036854775808", {.command = COMMAND_EXEC, .sum = (int128)INT64_MAX + 1}},
    {"Ok:1: 922337203685477580700000000",
     {.command = COMMAND_EXEC, .id = 1, .sum = (int128)INT64_MAX * 100000000}},
    {"Ok:1: -922337203685477580800000000",
     {.command = COMMAND_EXEC, .id = 1, .sum = (int128)INT64_MIN * 100000000}},
    /* exec: errors */
    {"Error:10: Not found", {.command = COMMAND_EXEC, .code = BANYAN_NOT_FOUND, .id = 10}},
    {"Error:-9223372036854775808: Not found",
     {.command = COMMAND_EXEC, .code = BANYAN_NOT_FOUND, .id = INT64_MIN}},
    {"Error:10: Node is unavailable",
     {.command = COMMAND_EXEC, .code = BANYAN_UNAVAILABLE, .id = 10}},
    {"Error:10: N must be from 1 to 100000000",
     {.command = COMMAND_EXEC, .code = BANYAN_BAD_N, .id = 10}},
    {"Error:10: expected 3 numbers, got 2",
     {.command = COMMAND_EXEC, .code = BANYAN_WRONG_COUNT, .id = 10, .expected = 3, .got = 2}},
    {"Error:10: expected 100000000 numbers, got " UNSIGNED_MAX,
     {.command = COMMAND_EXEC,
      .code = BANYAN_WRONG_COUNT,
      .id = 10,
      .expected = 100000000,
      .got = UINT64_MAX}},
    {"Error:10: number 2 is not an integer: 'abc'",
     {.command = COMMAND_EXEC, .code = BANYAN_NOT_INTEGER, .id = 10, .position = 2, WORD("abc")}},
    {"Error:10: number 2 is out of range: '9223372036854775808'",
     {.command = COMMAND_EXEC,
      .code = BANYAN_OUT_OF_RANGE,
      .id = 10,
      .position = 2,
      WORD("9223372036854775808")}},
    {"Error:-3: number " UNSIGNED_MAX " is not an integer: '+'",
     {.command = COMMAND_EXEC,
      .code = BANYAN_NOT_INTEGER,
      .id = -3,
      .position = UINT64_MAX,
      WORD("+")}},
    {"Error:abc: 'abc'" NOT_AN_ID, {.command = COMMAND_EXEC, .code = BANYAN_BAD_ID, WORD("abc")}},
    {"Error:10: cannot read 'f'",
     {.command = COMMAND_EXEC, .code = BANYAN_SYSTEM, .id = 10, .text = "cannot read 'f'"}},
    {"Error:10: expected: exec ID N",
     {.command = COMMAND_EXEC, .code = BANYAN_USAGE, .id = 10, .text = "expected: exec ID N"}},
    /* pingall */
    {"Ok: -1", {.command = COMMAND_PINGALL}},
    {"Ok: 7", {.command = COMMAND_PINGALL, IDS(7)}},
    {"Ok: 7;10;15", {.command = COMMAND_PINGALL, IDS(7, 10, 15)}},
    {"Ok: -9223372036854775808;-2;0;9223372036854775807",
     {.command = COMMAND_PINGALL, IDS(INT64_MIN, -2, 0, INT64_MAX)}},
    /* kill */
    {"Ok", {.command = COMMAND_KILL, .id = 10}},
    {"Error: Not found", {.command = COMMAND_KILL, .code = BANYAN_NOT_FOUND, .id = 10}},
    {"Error: 'x y'" NOT_AN_ID, {.command = COMMAND_KILL, .code = BANYAN_BAD_ID, WORD("x y")}},
    /* anything else */
    {"Error: unknown command",
     {.command = COMMAND_LINE, .code = BANYAN_USAGE, .text = "unknown command"}},
    {"Error: ", {.command = COMMAND_LINE, .code = BANYAN_SYSTEM, .text = ""}},
    /* words of any length, with any bytes */
    {"Error:1: number 1 is not an integer: ''",
     {.command = COMMAND_EXEC, .code = BANYAN_NOT_INTEGER, .id = 1, .position = 1, WORD("")}},
    {"Error: '" SIXTY_A "aaaa'" NOT_AN_ID,
     {.command = COMMAND_KILL, .code = BANYAN_BAD_ID, WORD(SIXTY_A "aaaa")}},
    {"Error: '" SIXTY_A "aaaa...'" NOT_AN_ID,
     {.command = COMMAND_KILL, .code = BANYAN_BAD_ID, WORD(SIXTY_A "aaaab")}},
    {"Error:" SIXTY_A "aaaa...: '" SIXTY_A "aaaa...'" NOT_AN_ID,
     {.command = COMMAND_EXEC, .code = BANYAN_BAD_ID, WORD(SIXTY_A SIXTY_A)}},
    {"Error: 'a\\x1b[2J\\x07\\x00b\\x0a\\x0d\\x7f'" NOT_AN_ID,
     {.command = COMMAND_KILL, .code = BANYAN_BAD_ID, WORD("a\x1b[2J\a\0b\n\r\x7f")}},
    {"Error: 'd\xc3\xa9j\xc3\xa0'" NOT_AN_ID,
     {.command = COMMAND_KILL, .code = BANYAN_BAD_ID, WORD("d\xc3\xa9j\xc3\xa0")}},
};
enum { CASES = sizeof cases / sizeof cases[0] };

/* Prints into exactly `size` bytes on the heap, as snprintf would print the whole text. */
static void assert_prints(const struct answer *answer, const char *whole, size_t size) {
    char *text = malloc(size > 0 ? size : 1);
    size_t len = strlen(whole);
    assert_non_null(text);
    memset(text, '#', size > 0 ? size : 1);
    assert_int_equal(answer_print(answer, text, size), len);
    if (size == 0) {
        assert_int_equal(text[0], '#');
    } else {
        size_t shown = len < size ? len : size - 1;
        assert_int_equal(strlen(text), shown);
        assert_memory_equal(text, whole, shown);
        for (size_t i = shown + 1; i < size; i++)
            assert_int_equal(text[i], '#'); /* nothing is written beyond the end mark */
    }
    free(text);
}

static void every_text_of_the_contract(void **state) {
    char text[1024];
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        size_t len = answer_print(&cases[i].answer, text, sizeof text);
        assert_string_equal(text, cases[i].text);
        assert_int_equal(len, strlen(cases[i].text));
    }
    print_message("%d texts\n", CASES);
}

static void every_text_cut_short(void **state) {
    size_t cuts = 0;
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        size_t len = strlen(cases[i].text);
        for (size_t size = 0; size <= len + 2; size++, cuts++)
            assert_prints(&cases[i].answer, cases[i].text, size);
        assert_int_equal(answer_print(&cases[i].answer, NULL, 0), len);
    }
    print_message("%zu cuts\n", cuts);
}

/* A word that is longer than what is shown need not be there beyond that. */
static void only_the_start_of_a_word_is_read(void **state) {
    char *word = malloc(ANSWER_WORD_MAX); /* on the heap: a read beyond it is found */
    (void)state;
    assert_non_null(word);
    memset(word, 'a', ANSWER_WORD_MAX);
    struct answer answer = {.command = COMMAND_EXEC,
                            .code = BANYAN_NOT_INTEGER,
                            .position = 5,
                            .word = word,
                            .word_len = SIZE_MAX};
    assert_prints(&answer, "Error:0: number 5 is not an integer: '" SIXTY_A "aaaa...'", 200);
    free(word);
}

/* No answer may span lines or move a cursor, whatever byte is in the word. */
static void every_byte_in_a_word(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        const char word[] = {(char)byte};
        struct answer answer = {
            .command = COMMAND_KILL, .code = BANYAN_BAD_ID, .word = word, .word_len = 1};
        char shown[8], whole[100];
        if (byte < 0x20 || byte == 0x7f)
            snprintf(shown, sizeof shown, "\\x%02x", byte);
        else
            snprintf(shown, sizeof shown, "%c", byte);
        snprintf(whole, sizeof whole, "Error: '%s'%s", shown, NOT_AN_ID);
        assert_prints(&answer, whole, sizeof whole);
    }
}

/* The longest a word can become: each of its bytes is shown as four. */
static void a_word_of_control_bytes(void **state) {
    char word[ANSWER_WORD_MAX + 1], whole[ANSWER_WORD_MAX * 8 + 200];
    (void)state;
    memset(word, 1, sizeof word);
    struct answer answer = {
        .command = COMMAND_EXEC, .code = BANYAN_BAD_ID, .word = word, .word_len = sizeof word};
    char shown[ANSWER_WORD_MAX * 4 + 4] = "";
    for (size_t i = 0; i < ANSWER_WORD_MAX; i++)
        strcat(shown, "\\x01");
    strcat(shown, "...");
    snprintf(whole, sizeof whole, "Error:%s: '%s'%s", shown, shown, NOT_AN_ID);
    assert_prints(&answer, whole, sizeof whole);
    assert_prints(&answer, whole, 100);
}

/* As a caller does it that does not know the length: ask for it, then print. */
static void a_long_list_of_ids(void **state) {
    enum { COUNT = 20000 };
    int64_t *ids = malloc(COUNT * sizeof *ids);
    char *whole = malloc(COUNT * 21 + 10);
    size_t len = (size_t)sprintf(whole, "Ok: ");
    (void)state;
    assert_non_null(ids);
    assert_non_null(whole);
    for (int64_t i = 0; i < COUNT; i++) {
        ids[i] = (i - COUNT / 2) * INT64_C(922337203685477);
        len += (size_t)sprintf(whole + len, i > 0 ? ";%lld" : "%lld", (long long)ids[i]);
    }
    struct answer answer = {.command = COMMAND_PINGALL, .ids = ids, .id_count = COUNT};
    assert_int_equal(answer_print(&answer, NULL, 0), len);
    assert_prints(&answer, whole, len + 1);
    assert_prints(&answer, whole, len);
    assert_prints(&answer, whole, 1000);
    free(whole);
    free(ids);
}

/* A message is no format, and one longer than any buffer inside comes out whole. */
static void a_message_comes_out_as_it_is(void **state) {
    enum { LENGTH = 3000 };
    char message[LENGTH + 1], whole[LENGTH + 20];
    (void)state;
    for (size_t i = 0; i < LENGTH; i++)
        message[i] = "%s%n%d abc"[i % 10];
    message[LENGTH] = '\0';
    struct answer answer = {.command = COMMAND_LINE, .code = BANYAN_SYSTEM, .text = message};
    strcpy(whole, "Error: ");
    strcat(whole, message);
    assert_prints(&answer, whole, sizeof whole);
}

/* An error alone: what stands after its head, whatever that is. */
static void an_error_without_its_head(void **state) {
    char whole[200], text[200], cut[10];
    size_t errors = 0;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t all = answer_print(&cases[i].answer, whole, sizeof whole);
        if (cases[i].answer.code == BANYAN_OK || all >= sizeof whole)
            continue;
        size_t len = answer_print_error(&cases[i].answer, text, sizeof text);
        assert_string_equal(text, whole + all - len);
        assert_memory_equal(whole + all - len - 2, ": ", 2);
        assert_int_equal(answer_print_error(&cases[i].answer, cut, sizeof cut), len);
        assert_int_equal(strlen(cut), len < sizeof cut ? len : sizeof cut - 1);
        errors++;
    }
    assert_true(errors > 10);
}

static void an_unknown_command(void **state) {
    struct answer answer = {.command = COMMAND_LINE, .code = BANYAN_UNKNOWN, WORD("frob")};
    (void)state;
    assert_prints(&answer, "Error: unknown command 'frob'", 40);
    answer.text = "create or exit";
    assert_prints(&answer, "Error: unknown command 'frob': expected create or exit", 60);
}

static void every_code_has_its_name(void **state) {
    static const struct {
        enum banyan_code code;
        const char *name;
    } names[] = {
        {BANYAN_OK, "ok"},
        {BANYAN_NOT_FOUND, "not_found"},
        {BANYAN_UNAVAILABLE, "unavailable"},
        {BANYAN_EXISTS, "exists"},
        {BANYAN_NO_SUCH_PARENT, "no_parent"},
        {BANYAN_PARENT_UNAVAILABLE, "parent_unavailable"},
        {BANYAN_WRONG_PARENT, "wrong_parent"},
        {BANYAN_BAD_ID, "bad_id"},
        {BANYAN_BAD_N, "bad_n"},
        {BANYAN_WRONG_COUNT, "wrong_count"},
        {BANYAN_NOT_INTEGER, "not_integer"},
        {BANYAN_OUT_OF_RANGE, "out_of_range"},
        {BANYAN_USAGE, "usage"},
        {BANYAN_SYSTEM, "system"},
        {BANYAN_UNKNOWN, "unknown_command"},
        {(enum banyan_code)(BANYAN_UNKNOWN + 1), "unknown"},
    };
    (void)state;
    assert_int_equal(sizeof names / sizeof names[0], BANYAN_UNKNOWN + 2);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_string_equal(answer_name(names[i].code), names[i].name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_of_the_contract),
        cmocka_unit_test(every_text_cut_short),
        cmocka_unit_test(only_the_start_of_a_word_is_read),
        cmocka_unit_test(every_byte_in_a_word),
        cmocka_unit_test(a_word_of_control_bytes),
        cmocka_unit_test(a_long_list_of_ids),
        cmocka_unit_test(a_message_comes_out_as_it_is),
        cmocka_unit_test(an_error_without_its_head),
        cmocka_unit_test(an_unknown_command),
        cmocka_unit_test(every_code_has_its_name),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
