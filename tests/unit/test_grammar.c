/*
 * The command grammar: every form of every command, every error, and what the beginning of a long
 * line says.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "language/grammar.h"

#define NOT_AN_ID " is not an id: expected a signed 64-bit integer other than -1"
#define EXEC_FORMS                                                                                 \
    "Error: exec: expected ID N K1 ... KN, or ID N < FILE" /* no id: it is an error of the line */

static struct request request;
static struct refusal refusal;

static enum parse parse(const char *line, bool whole) {
    struct words words = {.at = line, .end = line + strlen(line)};
    memset(&request, 0x55, sizeof request);
    return command_parse(words, whole, &request, &refusal);
}

/* ---- requests ---- */

static const struct {
    const char *line, *name, *rest;
    enum request_kind kind;
    bool named;
    int64_t id, parent;
    uint64_t n;
} requests[] = {
    {"create 10", "create", "", REQUEST_CREATE, true, 10, -1, 0},
    {"create 10 5", "create", "", REQUEST_CREATE, true, 10, 5, 0},
    {"create -9223372036854775808 -1", "create", "", REQUEST_CREATE, true, INT64_MIN, -1, 0},
    {"\t create\t+7  9223372036854775807 ", "create", "", REQUEST_CREATE, true, 7, INT64_MAX, 0},
    {"exec 10 3 1 2 3", "exec", "1 2 3", REQUEST_EXEC, true, 10, -1, 3},
    {"exec 10 2   x\ty \t", "exec", "x\ty", REQUEST_EXEC, true, 10, -1, 2},
    {"exec 10", "exec", "", REQUEST_EXEC, true, 10, -1, 0},
    {"exec 10 0 1", "exec", "1", REQUEST_EXEC, true, 10, -1, 0},
    {"exec 10 -3 1", "exec", "1", REQUEST_EXEC, true, 10, -1, 0},
    {"exec 10 x 1", "exec", "1", REQUEST_EXEC, true, 10, -1, 0},
    {"exec 10 9223372036854775808 1", "exec", "1", REQUEST_EXEC, true, 10, -1, 0},
    {"exec 10 100000001 1", "exec", "1", REQUEST_EXEC, true, 10, -1, 100000001},
    {"exec 10 2<file", "exec", "", REQUEST_EXEC, true, 10, -1, 0},
    {"exec 10 2 1 < file", "exec", "1 < file", REQUEST_EXEC, true, 10, -1, 2},
    {"exec 10 2 < a file ", "exec", "a file", REQUEST_EXEC_FILE, true, 10, -1, 2},
    {"exec 10 2 <file", "exec", "file", REQUEST_EXEC_FILE, true, 10, -1, 2},
    {"exec 10 2 <<x", "exec", "<x", REQUEST_EXEC_FILE, true, 10, -1, 2},
    {"exec 10 2 <  ", "exec", "", REQUEST_EXEC_FILE, true, 10, -1, 2},
    {"exec 10 x < file", "exec", "file", REQUEST_EXEC_FILE, true, 10, -1, 0},
    {"pingall", "pingall", "", REQUEST_PINGALL, false, 0, -1, 0},
    {" pingall ", "pingall", "", REQUEST_PINGALL, false, 0, -1, 0},
    {"kill 0", "kill", "", REQUEST_KILL, true, 0, -1, 0},
    {"tree", "tree", "", REQUEST_TREE, false, 0, -1, 0},
    {"tree 5", "tree", "", REQUEST_TREE, true, 5, -1, 0},
    {"tree dot", "tree", "", REQUEST_DOT, false, 0, -1, 0},
    {"tree dot -5", "tree", "", REQUEST_DOT, true, -5, -1, 0},
    {"status", "status", "", REQUEST_STATUS, false, 0, -1, 0},
    {"status 5", "status", "", REQUEST_STATUS, true, 5, -1, 0},
    {"explain 5", "explain", "", REQUEST_EXPLAIN, true, 5, -1, 0},
    {"help", "help", "", REQUEST_HELP, false, 0, -1, 0},
    {"help anything at all", "help", "", REQUEST_HELP, false, 0, -1, 0},
    {"exit", "exit", "", REQUEST_EXIT, false, 0, -1, 0},
    {"quit", "quit", "", REQUEST_EXIT, false, 0, -1, 0},
};

static void every_form_is_read(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        if (parse(requests[i].line, true) != PARSE_REQUEST)
            fail_msg("'%s' is no request", requests[i].line);
        assert_string_equal(request.form->name, requests[i].name);
        if (request.form->kind != requests[i].kind)
            fail_msg("'%s' is a request of kind %d", requests[i].line, request.form->kind);
        assert_int_equal(request.named, requests[i].named);
        assert_true(request.whole);
        if (request.named)
            assert_int_equal(request.id, requests[i].id);
        assert_int_equal(request.parent, requests[i].parent);
        assert_int_equal(request.n, requests[i].n);
        assert_int_equal(request.rest.len, strlen(requests[i].rest));
        if (request.rest.len > 0)
            assert_memory_equal(request.rest.at, requests[i].rest, request.rest.len);
    }
}

/* The rows above have each form of the table. */
static void no_form_is_left_out(void **state) {
    (void)state;
    for (const struct form *form = forms; form->name != NULL; form++) {
        bool found = false;
        for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
            found = found ||
                    (requests[i].kind == form->kind && strcmp(requests[i].name, form->name) == 0);
        if (!found)
            fail_msg("no request for %s %s", form->name, form->arguments);
    }
}

static void empty_lines_and_comments_are_nothing(void **state) {
    static const char *const lines[] = {"", " ", "\t \t", "#", "# create 1", "  #x", "#exec 1 1 1"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_int_equal(parse(lines[i], true), PARSE_NOTHING);
        assert_int_equal(parse(lines[i], false), PARSE_NOTHING);
    }
}

/* ---- refusals ---- */

static const struct {
    const char *line, *text;
    enum banyan_code code;
    const char *name; /* NULL: no command is known */
} refusals[] = {
    {"create", "Error: create: expected ID [PARENT]", BANYAN_USAGE, "create"},
    {"create 1 2 3", "Error: create: expected ID [PARENT]", BANYAN_USAGE, "create"},
    {"create x 2 3", "Error: create: expected ID [PARENT]", BANYAN_USAGE, "create"},
    {"create x", "Error: 'x'" NOT_AN_ID, BANYAN_BAD_ID, "create"},
    {"create -1", "Error: '-1'" NOT_AN_ID, BANYAN_BAD_ID, "create"},
    {"create 4 y", "Error: 'y'" NOT_AN_ID, BANYAN_BAD_ID, "create"},
    {"create x y", "Error: 'x'" NOT_AN_ID, BANYAN_BAD_ID, "create"},
    {"exec", EXEC_FORMS, BANYAN_USAGE, "exec"},
    {"exec  ", EXEC_FORMS, BANYAN_USAGE, "exec"},
    {"exec x 1 1", "Error:x: 'x'" NOT_AN_ID, BANYAN_BAD_ID, "exec"},
    {"exec x 1 < file", "Error:x: 'x'" NOT_AN_ID, BANYAN_BAD_ID, "exec"},
    {"exec -1", "Error:-1: '-1'" NOT_AN_ID, BANYAN_BAD_ID, "exec"},
    {"pingall 1", "Error: pingall: expected no arguments", BANYAN_USAGE, "pingall"},
    {"kill", "Error: kill: expected ID", BANYAN_USAGE, "kill"},
    {"kill 1 2", "Error: kill: expected ID", BANYAN_USAGE, "kill"},
    {"kill 1x", "Error: '1x'" NOT_AN_ID, BANYAN_BAD_ID, "kill"},
    {"tree 1 2", "Error: tree: expected [ID], or dot [ID]", BANYAN_USAGE, "tree"},
    {"tree dot 1 2", "Error: tree: expected [ID], or dot [ID]", BANYAN_USAGE, "tree"},
    {"tree 1 dot", "Error: tree: expected [ID], or dot [ID]", BANYAN_USAGE, "tree"},
    {"tree dots", "Error: 'dots'" NOT_AN_ID, BANYAN_BAD_ID, "tree"},
    {"tree dot x", "Error: 'x'" NOT_AN_ID, BANYAN_BAD_ID, "tree"},
    {"status x", "Error: 'x'" NOT_AN_ID, BANYAN_BAD_ID, "status"},
    {"status 1 2", "Error: status: expected [ID]", BANYAN_USAGE, "status"},
    {"explain", "Error: explain: expected ID", BANYAN_USAGE, "explain"},
    {"explain \x1b", "Error: '\\x1b'" NOT_AN_ID, BANYAN_BAD_ID, "explain"},
    {"exit now", "Error: exit: expected no arguments", BANYAN_USAGE, "exit"},
    {"quit now", "Error: quit: expected no arguments", BANYAN_USAGE, "quit"},
    {"frob 1",
     "Error: unknown command 'frob': expected create, exec, pingall, kill, tree, status, explain, "
     "help or exit",
     BANYAN_UNKNOWN, NULL},
    {"Exec 1 1 1",
     "Error: unknown command 'Exec': expected create, exec, pingall, kill, tree, status, explain, "
     "help or exit",
     BANYAN_UNKNOWN, NULL},
};

static void every_error_is_told(void **state) {
    char text[512];
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (parse(refusals[i].line, true) != PARSE_REFUSED)
            fail_msg("'%s' is not refused", refusals[i].line);
        assert_int_equal(refusal.answer.code, refusals[i].code);
        answer_print(&refusal.answer, text, sizeof text);
        assert_string_equal(text, refusals[i].text);
        assert_int_equal(request.form == NULL, refusals[i].name == NULL);
        if (request.form != NULL)
            assert_string_equal(request.form->name, refusals[i].name);
    }
}

static void help_lists_the_commands(void **state) {
    char *text = NULL;
    size_t len = 0;
    (void)state;
    FILE *file = open_memstream(&text, &len);
    assert_non_null(file);
    forms_help(file);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(
        text, "  create  ID [PARENT]     start node ID at its place in the tree\n"
              "  exec    ID N K1 ... KN  have node ID add N integers\n"
              "  exec    ID N < FILE     the same, with the integers in a file\n"
              "  pingall                 list the nodes that cannot be reached\n"
              "  kill    ID              end node ID and all beneath it\n"
              "  tree    [ID]            draw the tree, or what is beneath node ID\n"
              "  tree    dot [ID]        the same for Graphviz\n"
              "  status  [ID]            tell of all nodes, or of node ID\n"
              "  explain ID              tell what happened to node ID\n"
              "  help                    show this list\n"
              "  exit                    wait for all answers, end all nodes (also: quit)\n");
    free(text);
}

/* ---- long lines ---- */

static void assert_head(const char *line, const char *head) {
    size_t len = command_head(line, strlen(line));
    if (len != strlen(head) || memcmp(line, head, len) != 0)
        fail_msg("the head of '%s' is '%.*s'", line, (int)len, line);
}

static void the_head_of_a_long_line(void **state) {
    (void)state;
    assert_head("exec 10 3 1 2 3", "exec 10 3");
    assert_head(" exec  10\t3  1", " exec  10\t3");
    assert_head("exec 10 3 7777", "exec 10 3");
    assert_head("exec 10 3", "exec 10 3"); /* N may go on: it is not known, and all is parsed */
    assert_head("exec 10 7777", "exec 10 7777");
    assert_head("exec 10 3 ", "exec 10 3");
    assert_head("create 10 7777", "create");
    assert_head("frob x", "frob");
    assert_head("frob", "frob");
    assert_head("# a comment", "#");
}

static void the_beginning_of_an_exec_is_a_request(void **state) {
    (void)state;
    assert_int_equal(parse("exec 10 3", false), PARSE_REQUEST);
    assert_int_equal(request.form->kind, REQUEST_EXEC);
    assert_false(request.whole);
    assert_int_equal(request.id, 10);
    assert_int_equal(request.n, 3);
    assert_int_equal(parse("exec x 3", false), PARSE_REFUSED);
    assert_int_equal(refusal.answer.code, BANYAN_BAD_ID);
}

static void no_other_command_may_be_long(void **state) {
    static const char *const lines[] = {"create", "pingall", "kill", "tree", "help", "frob"};
    char text[128];
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_int_equal(parse(lines[i], false), PARSE_REFUSED);
        assert_null(request.form);
        answer_print(&refusal.answer, text, sizeof text);
        assert_string_equal(text, "Error: the line is too long for this command");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(no_form_is_left_out),
        cmocka_unit_test(empty_lines_and_comments_are_nothing),
        cmocka_unit_test(every_error_is_told),
        cmocka_unit_test(help_lists_the_commands),
        cmocka_unit_test(the_head_of_a_long_line),
        cmocka_unit_test(the_beginning_of_an_exec_is_a_request),
        cmocka_unit_test(no_other_command_may_be_long),
    };
    return cmocka_run_group_tests_name("grammar", tests, NULL, NULL);
}
