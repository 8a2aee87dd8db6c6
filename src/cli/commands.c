/* commands.c: the commands, in one table that running, help and completion share. */
#include <string.h>

#include "language/number.h"
#include "session.h"

static void run_create(struct session *session, struct words *words);
static void run_pingall(struct session *session, struct words *words);
static void run_kill(struct session *session, struct words *words);
static void run_tree(struct session *session, struct words *words);
static void run_status(struct session *session, struct words *words);
static void run_explain(struct session *session, struct words *words);
static void run_help(struct session *session, struct words *words);
static void run_exit(struct session *session, struct words *words);

#define KINDS(...)                                                                                 \
    { __VA_ARGS__ }
static const struct command_entry commands[] = {
    {"create", "ID [PARENT]", "start node ID at its place in the tree",
     KINDS(ARGUMENT_NEW_ID, ARGUMENT_NODE), run_create},
    {"exec", "ID N K1 ... KN", "have node ID add N integers",
     KINDS(ARGUMENT_NODE, ARGUMENT_NUMBER, ARGUMENT_NUMBER, ARGUMENT_NUMBER), NULL},
    {"exec", "ID N < FILE", "the same, with the integers in a file",
     KINDS(ARGUMENT_NODE, ARGUMENT_NUMBER, ARGUMENT_LITERAL, ARGUMENT_FILE), NULL},
    {"pingall", "", "list the nodes that cannot be reached", KINDS(ARGUMENT_NONE), run_pingall},
    {"kill", "ID", "end node ID and all beneath it", KINDS(ARGUMENT_NODE), run_kill},
    {"tree", "[ID]", "draw the tree, or what is beneath node ID", KINDS(ARGUMENT_NODE), run_tree},
    {"tree", "dot [ID]", "the same for Graphviz", KINDS(ARGUMENT_LITERAL, ARGUMENT_NODE), run_tree},
    {"status", "[ID]", "tell of all nodes, or of node ID", KINDS(ARGUMENT_NODE), run_status},
    {"explain", "ID", "tell what happened to node ID", KINDS(ARGUMENT_NODE), run_explain},
    {"help", "", "show this list", KINDS(ARGUMENT_NONE), run_help},
    {"exit", "", "wait for all answers, end all nodes (also: quit)", KINDS(ARGUMENT_NONE),
     run_exit},
    {"quit", "", NULL, KINDS(ARGUMENT_NONE), run_exit},
};

enum { COMMANDS = sizeof commands / sizeof *commands, EXEC = 1 };

size_t commands_count(void) {
    return COMMANDS;
}

const struct command_entry *commands_at(size_t i) {
    return &commands[i];
}

void commands_help(FILE *file) {
    for (size_t i = 0; i < COMMANDS; i++) {
        const struct command_entry *entry = &commands[i];
        if (entry->summary != NULL)
            fprintf(file, "  %-8s%-16s%s\n", entry->name, entry->arguments, entry->summary);
    }
}

/* ---- errors in the line itself ---- */

static void refuse_usage(struct session *session, const char *text) {
    session_refuse(session,
                   &(struct answer){.command = COMMAND_LINE, .code = BANYAN_USAGE, .text = text});
}

/* "tree: expected [ID], or dot [ID]" */
static void refuse_arguments(struct session *session) {
    const struct command_entry *entry = session->entry, *end = commands + COMMANDS;
    char text[128];
    int len = snprintf(text, sizeof text, "%s: expected %s", entry->name,
                       *entry->arguments != '\0' ? entry->arguments : "no arguments");
    const struct command_entry *other = entry + 1;
    if (other < end && strcmp(other->name, entry->name) == 0)
        snprintf(text + len, sizeof text - (size_t)len, ", or %s", other->arguments);
    refuse_usage(session, text);
}

static void refuse_id(struct session *session, enum command_kind command, struct word word) {
    session_refuse(session, &(struct answer){.command = command,
                                             .code = BANYAN_BAD_ID,
                                             .word = word.at,
                                             .word_len = word.len});
}

/* "create, exec, ..., help or exit" */
static void list_names(char *text, size_t size) {
    size_t len = 0, last = COMMANDS;
    while (commands[--last].summary == NULL)
        ;
    for (size_t i = 0; i <= last && len < size; i++) {
        const char *before = i == 0 ? "" : i == last ? " or " : ", ";
        if (commands[i].summary != NULL &&
            (i == 0 || strcmp(commands[i].name, commands[i - 1].name) != 0))
            len += (size_t)snprintf(text + len, size - len, "%s%s", before, commands[i].name);
    }
}

static void refuse_unknown(struct session *session, struct word word) {
    char names[256];
    list_names(names, sizeof names);
    session_refuse(session, &(struct answer){.command = COMMAND_LINE,
                                             .code = BANYAN_UNKNOWN,
                                             .word = word.at,
                                             .word_len = word.len,
                                             .text = names});
}

/* ---- commands ---- */

static void run_create(struct session *session, struct words *words) {
    struct word word = words_next(words), above = words_next(words);
    int64_t id, parent = BANYAN_NO_PARENT;
    void *tag;
    if (word.len == 0 || words_next(words).len > 0)
        refuse_arguments(session);
    else if (!word_id(word, &id))
        refuse_id(session, COMMAND_CREATE, word);
    else if (above.len > 0 && !number_parse(above.at, above.len, &parent))
        refuse_id(session, COMMAND_CREATE, above);
    else if ((tag = call_new(session, VIEW_NONE, true)) != NULL)
        banyan_create(session->tree, id, parent, tag);
}

/* The arguments of a command on one node: its id, in that word, and a tag. NULL: it is refused. */
static void *one_id(struct session *session, struct word word, struct words *words,
                    enum command_kind command, enum view view, int64_t *id) {
    if (word.len == 0 || words_next(words).len > 0)
        refuse_arguments(session);
    else if (!word_id(word, id))
        refuse_id(session, command, word);
    else
        return call_new(session, view, true);
    return NULL;
}

static void run_kill(struct session *session, struct words *words) {
    int64_t id;
    void *tag = one_id(session, words_next(words), words, COMMAND_KILL, VIEW_NONE, &id);
    if (tag != NULL)
        banyan_kill(session->tree, id, tag);
}

static void run_explain(struct session *session, struct words *words) {
    int64_t id;
    void *tag = one_id(session, words_next(words), words, COMMAND_EXPLAIN, VIEW_NONE, &id);
    if (tag != NULL)
        banyan_explain(session->tree, id, tag);
}

static void run_pingall(struct session *session, struct words *words) {
    void *tag;
    if (words_next(words).len > 0)
        refuse_arguments(session);
    else if ((tag = call_new(session, VIEW_NONE, false)) != NULL)
        banyan_pingall(session->tree, tag);
}

/* ---- what is told of nodes ---- */

static void all_nodes(struct session *session, enum view view) {
    void *tag = call_new(session, view, false);
    if (tag != NULL)
        banyan_status_all(session->tree, tag);
}

static void run_tree(struct session *session, struct words *words) {
    struct word word = words_next(words);
    enum view view = VIEW_TREE;
    int64_t id;
    void *tag;
    if (word_is(word, "dot")) {
        view = VIEW_DOT;
        word = words_next(words);
    }
    if (word.len == 0)
        all_nodes(session, view);
    else if ((tag = one_id(session, word, words, COMMAND_STATUS, view, &id)) != NULL)
        banyan_status_subtree(session->tree, id, tag);
}

static void run_status(struct session *session, struct words *words) {
    struct word word = words_next(words);
    int64_t id;
    void *tag;
    if (word.len == 0)
        all_nodes(session, VIEW_TABLE);
    else if ((tag = one_id(session, word, words, COMMAND_STATUS, VIEW_NODE, &id)) != NULL)
        banyan_status(session->tree, id, tag);
}

/* ---- the others ---- */

static void run_help(struct session *session, struct words *words) {
    (void)words;
    session_help(session);
}

static void run_exit(struct session *session, struct words *words) {
    if (words_next(words).len > 0)
        refuse_arguments(session);
    else
        session->leaving = true;
}

/* A number that is none, or negative, is as wrong as 0. */
static uint64_t exec_n(struct word word) {
    int64_t n;
    return number_parse(word.at, word.len, &n) && n > 0 ? (uint64_t)n : 0;
}

static struct banyan_exec *run_exec(struct session *session, struct words *words, bool whole) {
    struct word word = words_next(words);
    int64_t id;
    void *tag;
    if (word.len == 0) {
        refuse_arguments(session);
        return NULL;
    }
    if (!word_id(word, &id)) {
        refuse_id(session, COMMAND_EXEC, word);
        return NULL;
    }
    uint64_t n = exec_n(words_next(words));
    struct word rest = words_rest(words);
    if ((tag = call_new(session, VIEW_NONE, true)) == NULL)
        return NULL;
    if (rest.len > 0 && rest.at[0] == '<') {
        words->at = rest.at + 1;
        source_open(session, id, n, words_rest(words), tag);
        return NULL;
    }
    if (!whole)
        return banyan_exec_begin(session->tree, id, n, 0, tag);
    banyan_exec(session->tree, id, n, rest.at, rest.len, tag);
    return NULL;
}

static void run_other(struct session *session, struct word name, struct words *words) {
    for (size_t i = 0; i < COMMANDS; i++) {
        if (commands[i].run != NULL && word_is(name, commands[i].name)) {
            session->entry = &commands[i];
            commands[i].run(session, words);
            return;
        }
    }
    refuse_unknown(session, name);
}

/* Every line comes here exactly once: so this is where lines are counted. */
struct banyan_exec *command_line(struct session *session, const char *line, size_t len,
                                 bool whole) {
    struct words words = {.at = line, .end = line + len};
    struct word name = words_next(&words);
    session->line++;
    session->entry = NULL;
    if (name.len == 0 || name.at[0] == '#')
        return NULL;
    if (word_is(name, commands[EXEC].name)) {
        session->entry = &commands[EXEC];
        return run_exec(session, &words, whole);
    }
    if (whole)
        run_other(session, name, &words);
    else
        refuse_usage(session, "the line is too long for this command");
    return NULL;
}
