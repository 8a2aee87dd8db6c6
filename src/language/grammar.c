#include "grammar.h"

#include "number.h"

/* An exec requires only its id, because the node must exist before a wrong or missing N matters. */
const struct form forms[] = {
    {"create", "ID [PARENT]", "start node ID at its place in the tree", REQUEST_CREATE,
     .kinds = {ARGUMENT_NEW_ID, ARGUMENT_PARENT}, .required = 1},
    {"exec", "ID N K1 ... KN", "have node ID add N integers", REQUEST_EXEC,
     .kinds = {ARGUMENT_NODE, ARGUMENT_COUNT, ARGUMENT_NUMBERS}, .required = 1},
    {"exec", "ID N < FILE", "the same, with the integers in a file", REQUEST_EXEC_FILE,
     .kinds = {ARGUMENT_NODE, ARGUMENT_COUNT, ARGUMENT_FILE}, .required = 1, .other = true},
    {"pingall", "", "list the nodes that cannot be reached", REQUEST_PINGALL,
     .kinds = {ARGUMENT_NONE}},
    {"kill", "ID", "end node ID and all beneath it", REQUEST_KILL, .kinds = {ARGUMENT_NODE},
     .required = 1},
    {"tree", "[ID]", "draw the tree, or what is beneath node ID", REQUEST_TREE,
     .kinds = {ARGUMENT_NODE}},
    {"tree", "dot [ID]", "the same for Graphviz", REQUEST_DOT,
     .kinds = {ARGUMENT_LITERAL, ARGUMENT_NODE}, .required = 1, .other = true, .literal = "dot"},
    {"status", "[ID]", "tell of all nodes, or of node ID", REQUEST_STATUS,
     .kinds = {ARGUMENT_NODE}},
    {"explain", "ID", "tell what happened to node ID", REQUEST_EXPLAIN, .kinds = {ARGUMENT_NODE},
     .required = 1},
    {"help", "", "show this list", REQUEST_HELP, .kinds = {ARGUMENT_ANY}},
    {"exit", "", "wait for all answers, end all nodes (also: quit)", REQUEST_EXIT,
     .kinds = {ARGUMENT_NONE}},
    {"quit", "", NULL, REQUEST_EXIT, .kinds = {ARGUMENT_NONE}},
    {.name = NULL},
};

void forms_help(FILE *file) {
    for (const struct form *form = forms; form->name != NULL; form++)
        if (form->summary != NULL)
            fprintf(file, "  %-8s%-16s%s\n", form->name, form->arguments, form->summary);
}

/* The first form of a command; NULL: there is no such command. Most names differ in their first
 * character, so that is compared before anything is called. */
static const struct form *form_named(struct word name) {
    for (const struct form *form = forms; form->name != NULL; form++)
        if (name.len > 0 && form->name[0] == name.at[0] && word_is(name, form->name))
            return form;
    return NULL;
}

/* How many words come before the numbers; FORM_ARGUMENTS: the form takes no numbers. */
static size_t words_before_numbers(const struct form *form) {
    size_t i = 0;
    while (i < FORM_ARGUMENTS && form->kinds[i] != ARGUMENT_NUMBERS)
        i++;
    return i;
}

/* ---- refusals ---- */

/* text: refusal->text, or a literal. */
static enum parse refuse_usage(struct refusal *refusal, const char *text) {
    refusal->answer = (struct answer){.command = COMMAND_LINE, .code = BANYAN_USAGE, .text = text};
    return PARSE_REFUSED;
}

/* "tree: expected [ID], or dot [ID]" */
static enum parse refuse_arguments(struct refusal *refusal, const struct form *form) {
    size_t size = sizeof refusal->text;
    while (form->other)
        form--;
    int len = snprintf(refusal->text, size, "%s: expected %s", form->name,
                       *form->arguments != '\0' ? form->arguments : "no arguments");
    while ((++form)->other)
        len += snprintf(refusal->text + len, size - (size_t)len, ", or %s", form->arguments);
    return refuse_usage(refusal, refusal->text);
}

static enum parse refuse_id(struct refusal *refusal, const struct form *form, struct word word) {
    bool exec = form->kind == REQUEST_EXEC || form->kind == REQUEST_EXEC_FILE;
    refusal->answer = (struct answer){.command = exec ? COMMAND_EXEC : COMMAND_LINE,
                                      .code = BANYAN_BAD_ID,
                                      .word = word.at,
                                      .word_len = word.len};
    return PARSE_REFUSED;
}

/* "create, exec, ..., help or exit" */
static void list_names(char *text, size_t size) {
    const struct form *last = NULL;
    for (const struct form *form = forms; form->name != NULL; form++)
        if (form->summary != NULL)
            last = form;
    for (const struct form *form = forms; form <= last; form++) {
        const char *before = form == forms ? "" : form == last ? " or " : ", ";
        int len = form->other ? 0 : snprintf(text, size, "%s%s", before, form->name);
        if ((size_t)len >= size)
            return;
        text += len;
        size -= (size_t)len;
    }
}

static enum parse refuse_unknown(struct refusal *refusal, struct word name) {
    list_names(refusal->text, sizeof refusal->text);
    refusal->answer = (struct answer){.command = COMMAND_LINE,
                                      .code = BANYAN_UNKNOWN,
                                      .word = name.at,
                                      .word_len = name.len,
                                      .text = refusal->text};
    return PARSE_REFUSED;
}

/* ---- arguments ---- */

static struct word take_argument(enum argument kind, struct words *line) {
    if (kind < ARGUMENT_NUMBERS)
        return words_next(line);
    struct word rest = words_rest(line);
    line->at = line->end;
    return rest;
}

/* A number that is none, or negative, is as wrong as 0. */
static uint64_t read_count(struct word word) {
    int64_t n;
    return number_parse(word.at, word.len, &n) && n > 0 ? (uint64_t)n : 0;
}

/* What comes after the sign. */
static struct word file_name(struct word word) {
    struct words words = {.at = word.at + (word.len > 0), .end = word.at + word.len};
    return words_rest(&words);
}

static bool has_sign(struct word word) {
    return word.len > 0 && word.at[0] == '<';
}

/* False: the word is not what the form wants. */
static bool read_argument(const struct form *form, enum argument kind, struct word word,
                          struct request *request) {
    switch (kind) {
    case ARGUMENT_NEW_ID:
    case ARGUMENT_NODE:
        request->named = word.len > 0;
        return word.len == 0 || word_id(word, &request->id);
    case ARGUMENT_PARENT:
        return word.len == 0 || number_parse(word.at, word.len, &request->parent);
    case ARGUMENT_COUNT:
        request->n = read_count(word);
        return true;
    case ARGUMENT_LITERAL:
        return word_is(word, form->literal);
    case ARGUMENT_NUMBERS:
        request->rest = word;
        return !has_sign(word);
    case ARGUMENT_FILE:
        request->rest = file_name(word);
        return has_sign(word);
    default:
        return true;
    }
}

/* Reads all arguments before it refuses any, because a wrong number of them comes first. */
static enum parse read_arguments(const struct form *form, struct words line,
                                 struct request *request, struct refusal *refusal) {
    struct word wrong = {.at = NULL};
    size_t count = 0;
    request->form = form;
    for (size_t i = 0; i < FORM_ARGUMENTS && form->kinds[i] != ARGUMENT_NONE; i++) {
        struct word word = take_argument(form->kinds[i], &line);
        if (!read_argument(form, form->kinds[i], word, request) && wrong.at == NULL)
            wrong = word;
        count += word.len > 0;
    }
    if (count < form->required || words_next(&line).len > 0)
        return refuse_arguments(refusal, form);
    return wrong.at != NULL ? refuse_id(refusal, form, wrong) : PARSE_REQUEST;
}

/* Another form of the same command whose own word or sign is in the line; NULL: there is none. */
static const struct form *form_marked(const struct form *form, struct words line) {
    while ((++form)->other) {
        struct words left = line;
        for (size_t i = 0; i < FORM_ARGUMENTS; i++) {
            enum argument kind = form->kinds[i];
            struct word word = take_argument(kind, &left);
            if ((kind == ARGUMENT_LITERAL && word_is(word, form->literal)) ||
                (kind == ARGUMENT_FILE && has_sign(word)))
                return form;
        }
    }
    return NULL;
}

/* ---- lines ---- */

enum parse command_parse(struct words line, bool whole, struct request *request,
                         struct refusal *refusal) {
    struct word name = words_next(&line);
    *request = (struct request){.parent = BANYAN_NO_PARENT, .whole = whole};
    if (name.len == 0 || name.at[0] == '#')
        return PARSE_NOTHING;
    const struct form *form = form_named(name);
    if (!whole && (form == NULL || words_before_numbers(form) == FORM_ARGUMENTS))
        return refuse_usage(refusal, "the line is too long for this command");
    if (form == NULL)
        return refuse_unknown(refusal, name);
    enum parse parse = read_arguments(form, line, request, refusal);
    const struct form *marked = parse != PARSE_REQUEST ? form_marked(form, line) : NULL;
    return marked != NULL ? read_arguments(marked, line, request, refusal) : parse;
}

size_t command_head(const char *line, size_t len) {
    struct words words = {.at = line, .end = line + len};
    size_t whole = len; /* up to where the words are whole */
    while (whole > 0 && !is_blank(line[whole - 1]))
        whole--;
    const struct form *form = form_named(words_next(&words));
    size_t before = form != NULL ? words_before_numbers(form) : FORM_ARGUMENTS;
    if (before < FORM_ARGUMENTS)
        while (before-- > 0)
            words_next(&words);
    size_t head = (size_t)(words.at - line);
    return head < whole ? head : len;
}
