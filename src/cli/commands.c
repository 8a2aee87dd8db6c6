/* commands.c: the commands, in one table that running and help share. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/answer.h"
#include "core/number.h"
#include "session.h"

static void run_create(struct session *session, struct words *words);
static void run_pingall(struct session *session, struct words *words);
static void run_kill(struct session *session, struct words *words);
static void run_explain(struct session *session, struct words *words);
static void run_help(struct session *session, struct words *words);
static void run_exit(struct session *session, struct words *words);

static const struct command_entry commands[] = {
    {"create", "ID [PARENT]", "start node ID at its place in the tree", run_create},
    {"exec", "ID N K1 ... KN", "have node ID add N integers", NULL},
    {"exec", "ID N < FILE", "the same, with the integers in a file", NULL},
    {"pingall", "", "list the nodes that cannot be reached", run_pingall},
    {"kill", "ID", "end node ID and all beneath it", run_kill},
    {"explain", "ID", "tell what happened to node ID", run_explain},
    {"help", "", "show this list", run_help},
    {"exit", "", "wait for all answers, end all nodes (also: quit)", run_exit},
    {"quit", "", NULL, run_exit},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

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

static void refuse(struct session *session, const struct answer *answer) {
    char text[512];
    answer_print(answer, text, sizeof text);
    session_refuse(session, text);
}

static void refuse_usage(struct session *session, const char *text) {
    refuse(session, &(struct answer){.command = ANSWER_LINE, .code = ANSWER_USAGE, .text = text});
}

static void refuse_arguments(struct session *session, const char *name) {
    char text[128];
    size_t i = 0;
    while (strcmp(commands[i].name, name) != 0)
        i++;
    const char *arguments = commands[i].arguments;
    snprintf(text, sizeof text, "%s: expected %s", name,
             *arguments != '\0' ? arguments : "no arguments");
    refuse_usage(session, text);
}

static void refuse_id(struct session *session, enum answer_command command, struct word word) {
    refuse(session,
           &(struct answer){
               .command = command, .code = ANSWER_BAD_ID, .word = word.at, .word_len = word.len});
}

static void refuse_unknown(struct session *session, struct word word) {
    refuse(session, &(struct answer){.command = ANSWER_LINE,
                                     .code = ANSWER_UNKNOWN,
                                     .word = word.at,
                                     .word_len = word.len});
}

/* ---- commands ---- */

static void run_create(struct session *session, struct words *words) {
    struct word word = words_next(words), above = words_next(words);
    int64_t id, parent = BANYAN_NO_PARENT;
    void *tag;
    if (word.len == 0 || words_next(words).len > 0)
        refuse_arguments(session, "create");
    else if (!word_id(word, &id))
        refuse_id(session, ANSWER_CREATE, word);
    else if (above.len > 0 && !number_parse(above.at, above.len, &parent))
        refuse_id(session, ANSWER_CREATE, above);
    else if ((tag = session_ticket(session)) != NULL)
        banyan_create(session->tree, id, parent, tag);
}

/* The arguments of a command on one node: its id, and a tag for the answer. NULL: it is refused. */
static void *one_id(struct session *session, struct words *words, const char *name,
                    enum answer_command command, int64_t *id) {
    struct word word = words_next(words);
    if (word.len == 0 || words_next(words).len > 0)
        refuse_arguments(session, name);
    else if (!word_id(word, id))
        refuse_id(session, command, word);
    else
        return session_ticket(session);
    return NULL;
}

static void run_kill(struct session *session, struct words *words) {
    int64_t id;
    void *tag = one_id(session, words, "kill", ANSWER_KILL, &id);
    if (tag != NULL)
        banyan_kill(session->tree, id, tag);
}

static void run_explain(struct session *session, struct words *words) {
    int64_t id;
    void *tag = one_id(session, words, "explain", ANSWER_EXPLAIN, &id);
    if (tag != NULL)
        banyan_explain(session->tree, id, tag);
}

static void run_pingall(struct session *session, struct words *words) {
    void *tag;
    if (words_next(words).len > 0)
        refuse_arguments(session, "pingall");
    else if ((tag = session_ticket(session)) != NULL)
        banyan_pingall(session->tree, tag);
}

/* Answers go to standard output and nothing else does; help is an answer in its way. */
static void run_help(struct session *session, struct words *words) {
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);
    (void)words;
    if (memory != NULL) {
        commands_help(memory);
        fclose(memory);
    }
    if (memory != NULL && text != NULL) {
        text[len - 1] = '\0'; /* the last newline comes with the answer */
        session_refuse(session, text);
    } else {
        refuse_usage(session, "out of memory");
    }
    free(text);
}

static void run_exit(struct session *session, struct words *words) {
    if (words_next(words).len > 0)
        refuse_usage(session, "exit: expected no arguments");
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
        refuse_usage(session, "exec: expected ID N K1 ... KN, or ID N < FILE");
        return NULL;
    }
    if (!word_id(word, &id)) {
        refuse_id(session, ANSWER_EXEC, word);
        return NULL;
    }
    uint64_t n = exec_n(words_next(words));
    struct word rest = words_rest(words);
    if ((tag = session_ticket(session)) == NULL)
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
            commands[i].run(session, words);
            return;
        }
    }
    refuse_unknown(session, name);
}

struct banyan_exec *command_line(struct session *session, const char *line, size_t len,
                                 bool whole) {
    struct words words = {.at = line, .end = line + len};
    struct word name = words_next(&words);
    if (name.len == 0 || name.at[0] == '#')
        return NULL;
    if (word_is(name, "exec"))
        return run_exec(session, &words, whole);
    if (whole)
        run_other(session, name, &words);
    else
        refuse_usage(session, "the line is too long for this command");
    return NULL;
}
