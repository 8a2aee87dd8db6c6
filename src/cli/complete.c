/*
 * complete.c: what Tab may complete a word to: the name of a command, the id of a node that exists,
 * or the name of a file. The grammar's table tells which of them.
 */
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "editor.h"
#include "language/grammar.h"

/* Leaves out a word that came just before, and one that there is no memory for. */
static void add(struct candidates *candidates, const char *word, struct word prefix) {
    bool again = candidates->count > 0 &&
                 strcmp(candidates->words[candidates->count - 1], word) == 0;
    if (again || strncmp(word, prefix.at, prefix.len) != 0)
        return;
    if (candidates->count == candidates->room) {
        size_t room = candidates->room > 0 ? 2 * candidates->room : 16;
        char **words = realloc(candidates->words, room * sizeof *words);
        if (words == NULL)
            return;
        candidates->words = words;
        candidates->room = room;
    }
    if ((candidates->words[candidates->count] = strdup(word)) != NULL)
        candidates->count++;
}

void candidates_free(struct candidates *candidates) {
    for (size_t i = 0; i < candidates->count; i++)
        free(candidates->words[i]);
    free(candidates->words);
}

static void add_commands(struct candidates *candidates, struct word prefix) {
    for (const struct form *form = forms; form->name != NULL; form++)
        add(candidates, form->name, prefix);
}

static void add_ids(const struct editor_host *host, struct candidates *candidates,
                    struct word prefix) {
    char text[NUMBER_TEXT_MAX + 1];
    size_t count = host->ids(host->arg, NULL, 0);
    int64_t *ids = calloc(count + 1, sizeof *ids);
    if (ids != NULL)
        host->ids(host->arg, ids, count);
    for (size_t i = 0; i < count && ids != NULL; i++) {
        snprintf(text, sizeof text, "%" PRId64, ids[i]);
        add(candidates, text, prefix);
    }
    free(ids);
}

/* Finds the files whose names begin so. A name may contain blanks, because it goes to the line's
 * end; of a path only what follows the last slash is shown. */
static void add_files(struct candidates *candidates, struct word path) {
    char pattern[8192], *to = pattern;
    const char *slash = memrchr(path.at, '/', path.len);
    size_t directory = slash != NULL ? (size_t)(slash - path.at) + 1 : 0;
    struct word prefix = {.at = path.at + directory, .len = path.len - directory};
    glob_t found;
    candidates->typed = prefix.len;
    if (2 * path.len + 2 > sizeof pattern)
        return;
    for (size_t i = 0; i < path.len; i++) {
        if (strchr("*?[\\", path.at[i]) != NULL)
            *to++ = '\\';
        *to++ = path.at[i];
    }
    strcpy(to, "*");
    if (glob(pattern, GLOB_MARK, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        add(candidates, found.gl_pathv[i] + directory, prefix);
    globfree(&found);
    const char *word = candidates->count == 1 ? candidates->words[0] : "";
    candidates->open = *word != '\0' && word[strlen(word) - 1] == '/';
}

/* Whether a command takes the id of a node as this argument, counted from 0. */
static bool takes_node(struct word command, size_t argument) {
    for (const struct form *form = forms; form->name != NULL && argument < FORM_ARGUMENTS; form++) {
        enum argument kind = form->kinds[argument];
        if (word_is(command, form->name) && (kind == ARGUMENT_NODE || kind == ARGUMENT_PARENT))
            return true;
    }
    return false;
}

static bool takes_file(struct word command) {
    for (const struct form *form = forms; form->name != NULL; form++)
        for (size_t i = 0; i < FORM_ARGUMENTS; i++)
            if (word_is(command, form->name) && form->kinds[i] == ARGUMENT_FILE)
                return true;
    return false;
}

void complete(const struct editor_host *host, const char *text, struct candidates *candidates) {
    const char *end = text + strlen(text), *last = end, *file = strchr(text, '<');
    struct words words = {.at = text, .end = end};
    struct word command = words_next(&words);
    size_t arguments = 0;
    while (last > text && !is_blank(last[-1]))
        last--;
    struct word prefix = {.at = last, .len = (size_t)(end - last)};
    if (file != NULL && takes_file(command)) {
        words.at = file + 1;
        add_files(candidates, words_rest(&words));
        return;
    }
    candidates->typed = prefix.len;
    if (command.at == last || command.len == 0) {
        add_commands(candidates, prefix);
        return;
    }
    words.end = last;
    while (words_next(&words).len > 0)
        arguments++;
    if (takes_node(command, arguments))
        add_ids(host, candidates, prefix);
}
