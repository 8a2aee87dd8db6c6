/* main.c: the program banyan: how it begins and how it ends. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "session.h"
#include "start/memory.h"

enum { EXIT_ERRORS = 1, EXIT_START = 3 };

/* ---- what is opened before the session ---- */

static _Noreturn void cannot_open(const char *path) {
    fprintf(stderr, "banyan: cannot open %s: %s\n", path, strerror(errno));
    exit(EXIT_USAGE);
}

static bool is_standard_input(const char *file) {
    return file == NULL || strcmp(file, "-") == 0;
}

static int open_commands(const char *file) {
    if (is_standard_input(file))
        return STDIN_FILENO;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        cannot_open(file);
    return fd;
}

static FILE *open_log(const char *path) {
    FILE *log = path != NULL ? fopen(path, "ae") : NULL;
    if (path != NULL && log == NULL)
        cannot_open(path);
    return log;
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

/* Signals that end the program come through a descriptor, because all nodes must end first. They
 * are blocked before any thread is started. SIGCHLD may be inherited as ignored; then the exit
 * statuses of nodes would be lost. */
static int take_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGQUIT);
    signal(SIGCHLD, SIG_DFL);
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

/* Whether errors are told on standard error: not to a person who types, and not among the answers
 * in a file or a pipe. At a terminal they may stand side by side. */
static bool choose_errors(int errors, bool typed) {
    struct stat output, error;
    if (errors != WHEN_AUTO || typed)
        return errors == WHEN_ALWAYS;
    bool same = fstat(STDOUT_FILENO, &output) == 0 && fstat(STDERR_FILENO, &error) == 0 &&
                output.st_dev == error.st_dev && output.st_ino == error.st_ino;
    return !same || isatty(STDERR_FILENO) == 1;
}

static bool choose_order(int order, bool typed) {
    return order == ORDER_COMMAND || (order == ORDER_AUTO && !typed);
}

/* ---- the session ---- */

static struct replies replies_as(const struct options *options, struct session *session) {
    struct errors errors = {.wanted = choose_errors(options->errors, session->typed),
                            .name = is_standard_input(options->file) ? "standard input"
                                                                     : options->file,
                            .output = output_new(STDERR_FILENO)};
    return (struct replies){.output = &session->output,
                            .screen = &session->screen,
                            .errors = errors,
                            .style = choose_style(options->color),
                            .json = options->output == OUTPUT_JSON};
}

static struct banyan *open_tree(struct banyan_options wanted, struct session *session) {
    char error[256];
    wanted.answered = session_answered;
    wanted.noticed = session_noticed;
    wanted.arg = session;
    struct banyan *tree = banyan_open(&wanted, error, sizeof error);
    if (tree == NULL)
        fprintf(stderr, "banyan: %s\n", error);
    return tree;
}

/* Opens what the session needs, runs it, and closes everything in the reverse order. Returns the
 * exit status. */
static int run(const struct options *options, struct session *session, int commands) {
    int status = EXIT_START;
    session->typed = isatty(commands) == 1;
    session->errexit = options->errexit;
    session->log = open_log(options->log);
    session->output = output_new(STDOUT_FILENO);
    session->run.replies = replies_as(options, session);
    if (!input_open(&session->lines.input, commands) ||
        !replies_open(&session->run.replies, choose_order(options->order, session->typed))) {
        fprintf(stderr, "banyan: out of memory\n");
        goto close_replies;
    }
    screen_open(&session->screen, &session->output, session->typed,
                session->typed && terminal_possible());
    session_edit(session);
    session->run.tree = open_tree(options->tree, session);
    if (session->run.tree == NULL)
        goto close_screen;
    status = session_run(session) >= LEAVE_ERROR ? EXIT_ERRORS : EXIT_SUCCESS;
    sources_close(&session->run.sources);
    banyan_leave(session->run.tree);
    errors_close(&session->run.replies.errors);
close_screen:
    terminal_close(session->terminal);
    screen_close(&session->screen);
close_replies:
    replies_close(&session->run.replies);
    input_close(&session->lines.input);
    output_free(&session->output);
    if (session->log != NULL)
        fclose(session->log);
    return status;
}

int main(int argc, char **argv) {
    struct session session = {.signal = 0};
    memory_keep();
    fill_standard_descriptors();
    setlocale(LC_CTYPE, "");
    struct options options = options_read(argc, argv);
    int commands = open_commands(options.file);
    session.signals = take_signals();
    if (session.signals < 0) {
        fprintf(stderr, "banyan: cannot start: %s\n", strerror(errno));
        return EXIT_START;
    }
    int status = run(&options, &session, commands);
    if (session.signal != 0)
        die_of(session.signal);
    return status;
}
