#include "options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "language/grammar.h"
#include "language/number.h"

enum { DEADLINE_MOST_MS = 3600000 };

struct entry {
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* NULL: none; words that are chosen from are separated by bars */
    const char *help;     /* its lines */
    void (*set)(struct options *options, const struct entry *entry, const char *value);
    size_t at; /* the member of struct options that is set */
};

/* ---- values ---- */

static _Noreturn void refuse(const char *text, const char *value) {
    fprintf(stderr, "banyan: %s%s\nTry 'banyan --help'.\n", text, value);
    exit(EXIT_USAGE);
}

static void *member_of(struct options *options, const struct entry *entry) {
    return (char *)options + entry->at;
}

static void set_text(struct options *options, const struct entry *entry, const char *value) {
    *(const char **)member_of(options, entry) = value;
}

static void set_flag(struct options *options, const struct entry *entry, const char *value) {
    (void)value;
    *(bool *)member_of(options, entry) = true;
}

static void set_deadline(struct options *options, const struct entry *entry, const char *value) {
    int64_t deadline_ms;
    if (!number_parse(value, strlen(value), &deadline_ms) || deadline_ms < 1 ||
        deadline_ms > DEADLINE_MOST_MS)
        refuse("--deadline: expected milliseconds from 1 to 3600000, got ", value);
    *(unsigned *)member_of(options, entry) = (unsigned)deadline_ms;
}

/* The index of the word among those of the argument. */
static void set_choice(struct options *options, const struct entry *entry, const char *value) {
    char message[128];
    size_t len = (size_t)snprintf(message, sizeof message, "--%s: expected ", entry->name);
    int index = 0;
    for (const char *word = entry->argument, *next; word != NULL; word = next, index++) {
        size_t size = strcspn(word, "|");
        if (strlen(value) == size && memcmp(value, word, size) == 0) {
            *(int *)member_of(options, entry) = index;
            return;
        }
        next = word[size] != '\0' ? word + size + 1 : NULL;
        len += (size_t)snprintf(message + len, sizeof message - len, "%.*s%s", (int)size, word,
                                next != NULL ? " or " : ", got ");
    }
    refuse(message, value);
}

/* ---- the table ---- */

static void show_version(struct options *options, const struct entry *entry, const char *value) {
    (void)options, (void)entry, (void)value;
    printf("banyan %s, %s\n", banyan_version(), banyan_nng_version());
    exit(EXIT_SUCCESS);
}

static void show_help(struct options *options, const struct entry *entry, const char *value);

#define SETS(set, member) set, offsetof(struct options, member)
static const struct entry entries[] = {
    {"deadline", 0, "MS",
     "a node that does not answer a survey within MS milliseconds\n"
     "is unavailable (1000)",
     SETS(set_deadline, tree.deadline_ms)},
    {"dir", 0, "DIR", "where to make the directory for the sockets ($TMPDIR or /tmp)",
     SETS(set_text, tree.directory)},
    {"node", 0, "PROGRAM", "the program of the nodes (banyan-node beside this program)",
     SETS(set_text, tree.node_program)},
    {"log", 0, "FILE", "append to FILE what happens to the nodes, a line for each event",
     SETS(set_text, log)},
    {"output", 'o', "text|json",
     "how answers are given: as text (the default), or each as a JSON\n"
     "object on a line",
     SETS(set_choice, output)},
    {"order", 0, "auto|command|completion",
     "answers in the order of the commands, or each as soon as it is\n"
     "there (auto: completion at a terminal, otherwise command)",
     SETS(set_choice, order)},
    {"errexit", 'e', NULL,
     "take no further command after the first answer that is an error;\n"
     "those that have been taken by then are still answered",
     SETS(set_flag, errexit)},
    {"errors", 0, "auto|always|never",
     "tell on standard error in which line of FILE an error is (auto:\n"
     "unless commands are typed at a terminal, and unless the answers\n"
     "go to the same file or pipe)",
     SETS(set_choice, errors)},
    {"color", 0, "auto|always|never",
     "show states in colour (auto: at a terminal, without NO_COLOR)", SETS(set_choice, color)},
    {"help", 'h', NULL, "show this help", show_help, 0},
    {"version", 'V', NULL, "show the versions of banyan and nng", show_version, 0},
};

enum { ENTRIES = sizeof entries / sizeof *entries, LONG_ONLY = 256 };

/* ---- --help ---- */

/* Two columns; what is too wide for the first has a line of its own. */
static void print_entry(const struct entry *entry) {
    enum { COLUMN = 18 };
    char letter[] = {'-', entry->letter, ',', ' ', '\0'};
    int width = printf("  %s--%s%s%s", entry->letter != 0 ? letter : "", entry->name,
                       entry->argument != NULL ? " " : "",
                       entry->argument != NULL ? entry->argument : "");
    if (width + 2 > COLUMN)
        width = printf("\n") - 1;
    for (const char *line = entry->help, *end; line != NULL; line = end != NULL ? end + 1 : NULL) {
        end = strchr(line, '\n');
        printf("%*s%.*s\n", COLUMN - width, "", (int)strcspn(line, "\n"), line);
        width = 0;
    }
}

static void show_help(struct options *options, const struct entry *entry, const char *value) {
    (void)options, (void)entry, (void)value;
    puts("Usage: banyan [OPTION]... [FILE]\n"
         "\n"
         "Starts worker processes that stand in a binary search tree, and has them work.\n"
         "Commands come from FILE, or from standard input; answers go to standard output.\n"
         "\n"
         "Commands:");
    forms_help(stdout);
    puts("\n"
         "Options:");
    for (size_t i = 0; i < ENTRIES; i++)
        print_entry(&entries[i]);
    puts("\n"
         "Exit status: 0; 1 an answer was an error, with --errexit, or there was no\n"
         "memory for it; 2 wrong usage; 3 the system could not start.");
    exit(EXIT_SUCCESS);
}

/* ---- reading ---- */

/* The entry of an option as getopt_long returns it. */
static const struct entry *entry_of(int option) {
    const struct entry *entry = entries;
    if (option >= LONG_ONLY)
        return &entries[option - LONG_ONLY];
    while (entry->letter != option)
        entry++;
    return entry;
}

struct options options_read(int argc, char **argv) {
    char letters[2 * ENTRIES + 1], *letter = letters;
    struct option known[ENTRIES + 1] = {{.name = NULL}};
    struct options options = {.file = NULL};
    int option;
    for (int i = 0; i < ENTRIES; i++) {
        known[i] = (struct option){
            .name = entries[i].name, .has_arg = entries[i].argument != NULL, .val = LONG_ONLY + i};
        if (entries[i].letter != 0)
            letter += sprintf(letter, "%c%s", entries[i].letter, known[i].has_arg ? ":" : "");
    }
    while ((option = getopt_long(argc, argv, letters, known, NULL)) != -1) {
        if (option == '?') {
            fputs("Try 'banyan --help'.\n", stderr);
            exit(EXIT_USAGE);
        }
        const struct entry *entry = entry_of(option);
        entry->set(&options, entry, optarg);
    }
    if (argc - optind > 1)
        refuse("expected one file, got also ", argv[optind + 1]);
    options.file = argv[optind];
    return options;
}
