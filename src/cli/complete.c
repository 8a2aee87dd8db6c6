/*
 * complete.c: what Tab may complete a word to: the name of a command, the id of a node that exists,
 * the name of a file; which of them the command's arguments tell.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "editor.h"
#include "language/number.h"

/* A word that does not fit into memory is left out, and one that came just before. */
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
    for (size_t i = 0; i < commands_count(); i++)
        add(candidates, commands_at(i)->name, prefix);
}

static void add_ids(const struct session *session, struct candidates *candidates,
                    struct word prefix) {
    char text[NUMBER_TEXT_MAX + 1];
    size_t count = banyan_ids(session->tree, NULL, 0);
    int64_t *ids = calloc(count + 1, sizeof *ids);
    if (ids != NULL)
        banyan_ids(session->tree, ids, count);
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

/* Names that contain blanks can be given to exec, too: all to the line's end is the name. */
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

/* Whether a command's argument, counted from 0, names a node that exists. */
static bool is_id(struct word command, unsigned argument) {
    for (size_t i = 0; i < commands_count() && argument < COMMAND_ARGUMENTS; i++) {
        const struct command_entry *entry = commands_at(i);
        if (word_is(command, entry->name) && entry->kinds[argument] == ARGUMENT_NODE)
            return true;
    }
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

void complete(const struct session *session, const char *text, struct candidates *candidates) {
    const char *end = text + strlen(text), *last = end, *file = strchr(text, '<');
    struct words words = {.at = text, .end = end};
    struct word command = words_next(&words);
    unsigned arguments = 0;
    while (last > text && last[-1] != ' ' && last[-1] != '\t')
        last--;
    struct word prefix = {.at = last, .len = (size_t)(end - last)};
    if (word_is(command, "exec") && file != NULL) {
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
    if (is_id(command, arguments))
        add_ids(session, candidates, prefix);
}
