/*
 * complete.c: what Tab may complete a word to: the name of a command, the id of a node that exists,
 * or the name of a file. The grammar's table tells which of them.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
    for (size_t i = 0; i < forms_count(); i++)
        add(candidates, forms_at(i)->name, prefix);
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

static bool is_directory(const char *directory, const struct dirent *entry) {
    char path[4096];
    struct stat status;
    return snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) < (int)sizeof path &&
           stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A name may contain blanks, because it goes to the line's end. */
static void add_files(struct candidates *candidates, struct word prefix) {
    char directory[4096] = ".", name[512];
    const char *slash = memrchr(prefix.at, '/', prefix.len);
    if (slash != NULL) {
        size_t len = (size_t)(slash - prefix.at) + 1;
        if (len >= sizeof directory)
            return;
        memcpy(directory, prefix.at, len);
        directory[len] = '\0';
        prefix = (struct word){.at = slash + 1, .len = prefix.len - len};
    }
    candidates->typed = prefix.len;
    DIR *files = opendir(directory);
    const struct dirent *entry;
    while (files != NULL && (entry = readdir(files)) != NULL) {
        bool hidden = entry->d_name[0] == '.' && (prefix.len == 0 || prefix.at[0] != '.');
        bool open = is_directory(directory, entry);
        snprintf(name, sizeof name, open ? "%s/" : "%s", entry->d_name);
        if (!hidden)
            add(candidates, name, prefix);
    }
    if (files != NULL)
        closedir(files);
}

/* Whether a command takes the id of a node as this argument, counted from 0. */
static bool takes_node(struct word command, size_t argument) {
    for (size_t i = 0; i < forms_count() && argument < FORM_ARGUMENTS; i++) {
        const struct form *form = forms_at(i);
        enum argument kind = form->kinds[argument];
        if (word_is(command, form->name) && (kind == ARGUMENT_NODE || kind == ARGUMENT_PARENT))
            return true;
    }
    return false;
}

static bool takes_file(struct word command) {
    for (size_t i = 0; i < forms_count(); i++)
        for (size_t argument = 0; argument < FORM_ARGUMENTS; argument++)
            if (word_is(command, forms_at(i)->name) &&
                forms_at(i)->kinds[argument] == ARGUMENT_FILE)
                return true;
    return false;
}

static int compare(const void *one, const void *other) {
    const char *a = *(char *const *)one, *b = *(char *const *)other;
    return strcmp(a, b);
}

static void complete_file(struct word prefix, struct candidates *candidates) {
    add_files(candidates, prefix);
    if (candidates->count > 0)
        qsort(candidates->words, candidates->count, sizeof *candidates->words, compare);
    if (candidates->count == 1) {
        const char *word = candidates->words[0];
        candidates->open = word[strlen(word) - 1] == '/';
    }
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
        complete_file(words_rest(&words), candidates);
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
