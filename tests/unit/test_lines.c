/*
 * Lines of the input, from a pipe that this test writes to: whole ones, long ones that go on as the
 * numbers of an exec, and the bytes that are read beyond the end of such a line.
 *
 * The sources are compiled into this test, in front of an exec that only writes its numbers down.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/input.c"
#include "cli/lines.c"
#include "cli/numbers.c"
#include "cli/transfer.c"

enum { LONG = 100000 }; /* longer than a line that is taken as a whole */

struct banyan_exec {
    char room[1 << 20], numbers[1 << 20];
    size_t most, len; /* bytes that it takes at once, and has */
    int state;        /* what banyan_exec_room returns */
    bool ended;
};

static struct banyan_exec exec;

int banyan_exec_room(struct banyan_exec *it, char **at, size_t *room) {
    *at = it->room;
    *room = it->most;
    return it->state;
}

void banyan_exec_filled(struct banyan_exec *it, size_t len) {
    memcpy(it->numbers + it->len, it->room, len);
    it->len += len;
}

void banyan_exec_end(struct banyan_exec *it) {
    it->ended = true;
}

/* ---- an input that is a pipe ---- */

static struct lines lines;
static int writer;

static int set_up(void **state) {
    int ends[2];
    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    writer = ends[1];
    lines = (struct lines){.skipping = false};
    exec = (struct banyan_exec){.most = sizeof exec.room, .state = 1};
    assert_true(input_open(&lines.input, ends[0]));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    close(lines.input.fd);
    close(writer);
    input_close(&lines.input);
    return 0;
}

static void send_text(const char *text) {
    assert_int_equal(write(writer, text, strlen(text)), strlen(text));
}

static void send_digits(size_t count) {
    char *text = malloc(count);
    assert_non_null(text);
    memset(text, '7', count);
    assert_int_equal(write(writer, text, count), count);
    free(text);
}

static void send_end(void) {
    close(writer);
    writer = -1;
}

/* Goes on to the next line, reading no more than once. */
static bool advance(void) {
    bool readable = true;
    bool ready = lines_advance(&lines, &readable);
    if (readable && lines.numbers.exec == NULL) {
        input_fill(&lines.input);
        readable = false;
        ready = lines_advance(&lines, &readable);
    }
    return ready;
}

/* Takes the next line, which is in the buffer. */
static void assert_line(const char *expected, bool whole) {
    struct words line;
    bool readable = false, is_whole;
    assert_true(lines_advance(&lines, &readable));
    assert_true(lines_next(&lines, &line, &is_whole));
    assert_int_equal(is_whole, whole);
    assert_int_equal(line.end - line.at, strlen(expected));
    assert_memory_equal(line.at, expected, strlen(expected));
}

static void assert_no_line(void) {
    struct words line;
    bool readable = false, whole;
    assert_false(lines_advance(&lines, &readable) && lines_next(&lines, &line, &whole));
}

/* Takes the beginning of a long line of numbers. */
static void begin_numbers(void) {
    send_text("exec 1 2 ");
    send_digits(LONG);
    advance();
    while (lines.input.end < LONG)
        advance();
    assert_line("exec 1 2", false);
    lines_continue(&lines, &exec);
}

static void assert_numbers(const char *end) {
    size_t len = strlen(end);
    assert_true(exec.ended);
    assert_null(lines.numbers.exec);
    assert_int_equal(exec.len, 1 + LONG + len);
    assert_memory_equal(exec.numbers, " 777", 4);
    assert_memory_equal(exec.numbers + 1 + LONG, end, len);
}

/* ---- tests ---- */

static void whole_lines(void **state) {
    (void)state;
    send_text("one\ntwo\r\n\n\r\n cr\rinside\r\nla");
    advance();
    assert_line("one", true);
    assert_line("two", true);
    assert_line("", true);
    assert_line("", true);
    assert_line(" cr\rinside", true);
    assert_no_line();
    assert_false(lines_ended(&lines));
    send_text("st\r");
    send_end();
    while (!lines.input.ended)
        advance();
    assert_line("last", true);
    assert_no_line();
    assert_true(lines_ended(&lines));
}

/* The exec has taken the whole buffer, so what follows the line must go back into it. */
static void what_follows_comes_back_to_an_empty_buffer(void **state) {
    (void)state;
    begin_numbers();
    send_text(" 5\npingall\nkill 3\nex");
    advance();
    while (lines.numbers.exec != NULL)
        advance();
    assert_numbers(" 5");
    assert_line("pingall", true);
    assert_line("kill 3", true);
    assert_no_line();
    send_text("it\n");
    advance();
    assert_line("exit", true);
}

/* The exec takes little at once, so what follows the line is still in the buffer. */
static void what_follows_comes_back_before_the_rest(void **state) {
    (void)state;
    exec.most = 64;
    send_text("exec 1 2 ");
    send_digits(LONG);
    send_text(" 5\r\npingall\nkill 3\n# ");
    send_digits(LONG);
    while (lines.input.end < 2 * LONG)
        advance();
    struct words line = {.at = NULL};
    bool whole = true, readable = false;
    /* as if the line's end had not been read yet when its beginning was taken */
    size_t end = lines.input.end;
    lines.input.end = LONG;
    assert_true(lines_next(&lines, &line, &whole) && !whole);
    lines.input.end = end;
    lines_continue(&lines, &exec);
    assert_true(lines_advance(&lines, &readable));
    assert_numbers(" 5");
    assert_true(lines.input.start < lines.input.end);
    assert_line("pingall", true);
    assert_line("kill 3", true);
}

/* A CR at the end of a piece belongs to the numbers unless an LF or the end follows. */
static void a_held_cr_goes_on(void **state) {
    (void)state;
    begin_numbers();
    send_text("\r");
    advance();
    while (!lines.numbers.held_cr)
        advance();
    assert_int_equal(exec.len, 1 + LONG);
    send_text("1\r\nnext\n");
    advance();
    assert_numbers("\r1");
    assert_line("next", true);
}

static void a_held_cr_ends_the_line_with_lf(void **state) {
    (void)state;
    begin_numbers();
    send_text("\r");
    while (!lines.numbers.held_cr)
        advance();
    send_text("\nnext\n");
    advance();
    assert_numbers("");
    assert_line("next", true);
}

static void a_held_cr_ends_the_line_at_the_end(void **state) {
    (void)state;
    begin_numbers();
    send_text(" 8\r");
    while (!lines.numbers.held_cr)
        advance();
    send_end();
    advance();
    assert_numbers(" 8");
    assert_true(lines_ended(&lines));
}

static void without_room_nothing_is_read(void **state) {
    (void)state;
    begin_numbers();
    exec.state = 0;
    assert_false(numbers_wanted(&lines.numbers));
    assert_false(advance());
    assert_int_equal(exec.len, 0);
    exec.state = 1;
    send_text("\n");
    advance();
    while (lines.numbers.exec != NULL)
        advance();
    assert_numbers("");
}

static void what_is_not_wanted_is_skipped(void **state) {
    (void)state;
    begin_numbers();
    send_text(" 8\nnext\n");
    exec.state = -1;
    advance();
    while (lines.skipping)
        advance();
    assert_true(exec.ended);
    assert_line("next", true);
    send_text("create ");
    send_digits(LONG);
    send_text("\n# ");
    while (lines.input.end - lines.input.start < LONG - 1)
        advance();
    lines.input.end = lines.input.start + LONG; /* its end is not read yet */
    assert_line("create", false);
    assert_true(lines.skipping);
}

static void many_blanks_are_one(void **state) {
    char blanks[70001];
    (void)state;
    memset(blanks, ' ', sizeof blanks - 1);
    blanks[sizeof blanks - 1] = '\0';
    send_text("kill");
    send_text(blanks);
    while (lines.input.end < 70000)
        advance();
    assert_no_line();
    send_text("5\n");
    advance();
    assert_line("kill 5", true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_follows_comes_back_to_an_empty_buffer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_follows_comes_back_before_the_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_held_cr_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_held_cr_ends_the_line_with_lf, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_held_cr_ends_the_line_at_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_room_nothing_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_wanted_is_skipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_blanks_are_one, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
