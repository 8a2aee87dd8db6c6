/* main.c: the program banyan. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "language/number.h"
#include "process/process.h"
#include "session.h"
#include "terminal.h"

enum { DEADLINE_MOST_MS = 3600000 };

struct arguments {
    struct banyan_options options;
    const char *file; /* NULL: standard input */
    const char *log;  /* NULL: none */
    bool errexit;
    /* which of their words; 0: the default */
    int output, order, color, errors;
};

static void print_help(void) {
    puts("Usage: banyan [OPTION]... [FILE]\n"
         "\n"
         "Starts worker processes that stand in a binary search tree, and has them work.\n"
         "Commands come from FILE, or from standard input; answers go to standard output.\n"
         "\n"
         "Commands:");
    commands_help(stdout);
    puts("\n"
         "Options:\n"
         "  --deadline MS   a node that does not answer a survey within MS milliseconds\n"
         "                  is unavailable (1000)\n"
         "  --dir DIR       where to make the directory for the sockets ($TMPDIR or /tmp)\n"
         "  --node PROGRAM  the program of the nodes (banyan-node beside this program)\n"
         "  --log FILE      append to FILE what happens to the nodes, a line for each event\n"
         "  -o, --output text|json\n"
         "                  how answers are given: as text (the default), or each as a JSON\n"
         "                  object on a line\n"
         "  --order auto|command|completion\n"
         "                  answers in the order of the commands, or each as soon as it is\n"
         "                  there (auto: completion at a terminal, otherwise command)\n"
         "  -e, --errexit   take no further command after the first answer that is an error;\n"
         "                  those that have been taken by then are still answered\n"
         "  --errors auto|always|never\n"
         "                  tell on standard error in which line of FILE an error is (auto:\n"
         "                  unless commands are typed at a terminal, and unless the answers\n"
         "                  go to the same file or pipe)\n"
         "  --color auto|always|never\n"
         "                  show states in colour (auto: at a terminal, without NO_COLOR)\n"
         "  -h, --help      show this help\n"
         "  -V, --version   show the versions of banyan and nng\n"
         "\n"
         "Exit status: 0; 1 an answer was an error, with --errexit, or there was no\n"
         "memory for it; 2 wrong usage; 3 the system could not start.");
}

static _Noreturn void usage(const char *text, const char *value) {
    fprintf(stderr, "banyan: %s%s\nTry 'banyan --help'.\n", text, value);
    exit(EXIT_USAGE);
}

static unsigned parse_deadline(const char *text) {
    int64_t deadline_ms;
    if (!number_parse(text, strlen(text), &deadline_ms) || deadline_ms < 1 ||
        deadline_ms > DEADLINE_MOST_MS)
        usage("--deadline: expected milliseconds from 1 to 3600000, got ", text);
    return (unsigned)deadline_ms;
}

/* One of the words, of which NULL is the last: its index. */
static int parse_choice(const char *option, const char *text, const char *const words[]) {
    char message[128];
    size_t len = (size_t)snprintf(message, sizeof message, "--%s: expected ", option);
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0)
            return i;
        len += (size_t)snprintf(message + len, sizeof message - len, "%s%s", i > 0 ? " or " : "",
                                words[i]);
    }
    snprintf(message + len, sizeof message - len, ", got ");
    usage(message, text);
}

static const char *const outputs[] = {"text", "json", NULL};
enum { OUTPUT_JSON = 1 };
static const char *const orders[] = {"auto", "command", "completion", NULL};
enum { ORDER_AUTO, ORDER_COMMAND };
static const char *const whens[] = {"auto", "always", "never", NULL};
enum { WHEN_AUTO, WHEN_ALWAYS };

static void parse_arguments(int argc, char **argv, struct arguments *arguments) {
    enum { DEADLINE = 256, DIRECTORY, NODE, LOG, ORDER, ERRORS, COLOR };
    static const struct option options[] = {
        {"deadline", required_argument, NULL, DEADLINE},
        {"dir", required_argument, NULL, DIRECTORY},
        {"node", required_argument, NULL, NODE},
        {"log", required_argument, NULL, LOG},
        {"output", required_argument, NULL, 'o'},
        {"order", required_argument, NULL, ORDER},
        {"errexit", no_argument, NULL, 'e'},
        {"errors", required_argument, NULL, ERRORS},
        {"color", required_argument, NULL, COLOR},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "o:ehV", options, NULL)) != -1) {
        switch (option) {
        case DEADLINE:
            arguments->options.deadline_ms = parse_deadline(optarg);
            break;
        case DIRECTORY:
            arguments->options.directory = optarg;
            break;
        case NODE:
            arguments->options.node_program = optarg;
            break;
        case LOG:
            arguments->log = optarg;
            break;
        case 'o':
            arguments->output = parse_choice("output", optarg, outputs);
            break;
        case ORDER:
            arguments->order = parse_choice("order", optarg, orders);
            break;
        case 'e':
            arguments->errexit = true;
            break;
        case ERRORS:
            arguments->errors = parse_choice("errors", optarg, whens);
            break;
        case COLOR:
            arguments->color = parse_choice("color", optarg, whens);
            break;
        case 'h':
            print_help();
            exit(EXIT_SUCCESS);
        case 'V':
            printf("banyan %s, %s\n", banyan_version(), banyan_nng_version());
            exit(EXIT_SUCCESS);
        default:
            fputs("Try 'banyan --help'.\n", stderr);
            exit(EXIT_USAGE);
        }
    }
    if (argc - optind > 1)
        usage("expected one file, got also ", argv[optind + 1]);
    arguments->file = argv[optind];
}

static int open_commands(const char *file) {
    if (file == NULL || strcmp(file, "-") == 0)
        return STDIN_FILENO;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "banyan: cannot open %s: %s\n", file, strerror(errno));
        exit(EXIT_USAGE);
    }
    return fd;
}

/* The first three descriptors must be open, or sockets would take their places. */
static void fill_standard_descriptors(void) {
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* Signals that end the program come through a descriptor, so that it ends in good order. They are
 * blocked before any thread is started. */
static int take_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGQUIT);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void die_of(int number) {
    sigset_t set;
    signal(number, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void emit(void *arg, const char *text, size_t len) {
    struct session *session = arg;
    screen_answer(session);
    if (output_put(&session->output, text, len) && output_put(&session->output, "\n", 1))
        return;
    fprintf(stderr, "banyan: out of memory\n");
    session->output.broken = session->exhausted = true;
}

static bool is_plain(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static FILE *open_log(const char *path) {
    FILE *log = path != NULL ? fopen(path, "ae") : NULL;
    if (path != NULL && log == NULL) {
        fprintf(stderr, "banyan: cannot open %s: %s\n", path, strerror(errno));
        exit(EXIT_USAGE);
    }
    return log;
}

/* ---- how answers are given ---- */

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value != NULL && *value != '\0';
}

static struct style choose_style(int color) {
    const char *terminal = getenv("TERM");
    bool able = isatty(STDOUT_FILENO) == 1 && !is_set("NO_COLOR") &&
                (terminal == NULL || strcmp(terminal, "dumb") != 0);
    return (struct style){.color = color == WHEN_ALWAYS || (color == WHEN_AUTO && able),
                          .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
}

/* Whether errors are told on standard error: not to somebody who types, nor among the answers in a
 * file or a pipe. At a terminal they may stand side by side. */
static bool choose_errors(int errors, bool typed) {
    struct stat output, error;
    if (errors != WHEN_AUTO || typed)
        return errors == WHEN_ALWAYS;
    bool same = fstat(STDOUT_FILENO, &output) == 0 && fstat(STDERR_FILENO, &error) == 0 &&
                output.st_dev == error.st_dev && output.st_ino == error.st_ino;
    return !same || isatty(STDERR_FILENO) == 1;
}

static void set_up(struct session *session, const struct arguments *arguments) {
    bool file = arguments->file != NULL && strcmp(arguments->file, "-") != 0;
    bool typed = session->input.terminal;
    session->output = (struct output){.fd = STDOUT_FILENO, .plain = is_plain(STDOUT_FILENO)};
    session->errors = (struct output){.fd = STDERR_FILENO, .plain = is_plain(STDERR_FILENO)};
    session->name = file ? arguments->file : "standard input";
    session->located = choose_errors(arguments->errors, typed);
    session->style = choose_style(arguments->color);
    session->json = arguments->output == OUTPUT_JSON;
    session->errexit = arguments->errexit;
    session->order = order_new(arguments->order == ORDER_COMMAND ||
                                   (arguments->order == ORDER_AUTO && !typed),
                               emit, session);
}

static int run(struct arguments *arguments, int commands, int signals) {
    struct session session = {.log = open_log(arguments->log)};
    char error[256] = "out of memory";
    bool opened = input_open(&session.input, commands);
    set_up(&session, arguments);
    arguments->options.answered = session_answered;
    arguments->options.noticed = session_noticed;
    arguments->options.arg = &session;
    screen_open(&session);
    terminal_open(&session, signals);
    if (opened && session.order != NULL)
        session.tree = banyan_open(&arguments->options, error, sizeof error);
    if (session.tree == NULL) {
        fprintf(stderr, "banyan: %s\n", error);
    } else {
        session_run(&session, signals);
        sources_close(&session);
        banyan_leave(session.tree);
        errors_close(&session);
    }
    terminal_close(&session);
    screen_close(&session);
    if (session.log != NULL)
        fclose(session.log);
    bool started = session.tree != NULL;
    order_free(session.order);
    calls_close(&session.calls);
    input_close(&session.input);
    free(session.output.buffer);
    free(session.errors.buffer);
    if (session.signal != 0)
        die_of(session.signal);
    if (!started)
        return EXIT_START;
    return session.exhausted || (session.errexit && session.failed) ? EXIT_ERRORS : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    struct arguments arguments = {.file = NULL};
    process_keep_memory();
    fill_standard_descriptors();
    setlocale(LC_CTYPE, "");
    parse_arguments(argc, argv, &arguments);
    int commands = open_commands(arguments.file);
    int signals = take_signals();
    if (signals < 0) {
        fprintf(stderr, "banyan: cannot start: %s\n", strerror(errno));
        return EXIT_START;
    }
    return run(&arguments, commands, signals);
}
