/* main.c: the program banyan. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/number.h"
#include "session.h"

enum { DEADLINE_MOST_MS = 3600000 };

struct arguments {
    struct banyan_options options;
    const char *file; /* NULL: standard input */
    const char *log;  /* NULL: none */
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
         "  --help          show this help\n"
         "  --version       show the versions of banyan and nng\n"
         "\n"
         "Exit status: 0; 1 out of memory; 2 wrong usage; 3 the system could not start.");
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

static void parse_arguments(int argc, char **argv, struct arguments *arguments) {
    enum { DEADLINE = 256, DIRECTORY, NODE, LOG, HELP, VERSION };
    static const struct option options[] = {
        {"deadline", required_argument, NULL, DEADLINE},
        {"dir", required_argument, NULL, DIRECTORY},
        {"node", required_argument, NULL, NODE},
        {"log", required_argument, NULL, LOG},
        {"help", no_argument, NULL, HELP},
        {"version", no_argument, NULL, VERSION},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
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
        case HELP:
            print_help();
            exit(EXIT_SUCCESS);
        case VERSION:
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
    if (output_put(&session->output, text, len) && output_put(&session->output, "\n", 1))
        return;
    fprintf(stderr, "banyan: out of memory\n");
    session->output.broken = session->failed = true;
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

static int run(struct arguments *arguments, int commands, int signals) {
    struct session session = {.log = open_log(arguments->log),
                              .output = {.fd = STDOUT_FILENO, .plain = is_plain(STDOUT_FILENO)}};
    char error[256] = "out of memory";
    bool opened = input_open(&session.input, commands);
    session.order = order_new(!session.input.terminal, emit, &session);
    arguments->options.answered = session_answered;
    arguments->options.noticed = session_noticed;
    arguments->options.arg = &session;
    if (opened && session.order != NULL)
        session.tree = banyan_open(&arguments->options, error, sizeof error);
    if (session.tree == NULL) {
        fprintf(stderr, "banyan: %s\n", error);
    } else {
        session_run(&session, signals);
        sources_close(&session);
        banyan_close(session.tree);
    }
    if (session.log != NULL)
        fclose(session.log);
    bool started = session.tree != NULL;
    order_free(session.order);
    input_close(&session.input);
    free(session.output.buffer);
    if (session.signal != 0)
        die_of(session.signal);
    return !started ? EXIT_START : session.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    struct arguments arguments = {.file = NULL};
    fill_standard_descriptors();
    parse_arguments(argc, argv, &arguments);
    int commands = open_commands(arguments.file);
    int signals = take_signals();
    if (signals < 0) {
        fprintf(stderr, "banyan: cannot start: %s\n", strerror(errno));
        return EXIT_START;
    }
    return run(&arguments, commands, signals);
}
