#include "session.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    OUTPUT_MOST = 1 << 20,    /* bytes of output that nobody has read */
    WAITING_MOST = 400000,    /* answers that wait for an earlier one */
    WAITING_BYTES = 32 << 20, /* bytes of the long ones among these */
    VIEWS_MOST = 64,          /* pending commands that may be answered with many nodes */
};

/* What the loop waits for; the sources follow. */
enum { POLL_SIGNALS, POLL_TREE, POLL_OUTPUT, POLL_SCREEN, POLL_INPUT, POLL_SOURCES };

/* ---- whether to go on ---- */

static void session_leave(struct session *session, enum leave why) {
    if (session->left < why)
        session->left = why;
}

static bool takes_commands(struct session *session) {
    if (session->run.exit_given)
        session_leave(session, LEAVE_END);
    if (session->errexit && session->run.replies.failed)
        session_leave(session, LEAVE_ERROR);
    if (session->run.replies.exhausted)
        session_leave(session, LEAVE_NO_MEMORY);
    return session->left == LEAVE_NOT;
}

/* Everything is answered, or nothing more can be. */
static bool is_over(struct session *session) {
    bool more = takes_commands(session); /* also says why not, which is the exit status */
    if (session->signal != 0 || session->output.broken)
        return true;
    return !more && order_open(session->run.replies.order) == 0 &&
           output_pending(&session->output) == 0;
}

/* Whether so much is pending that a further command must wait. */
static bool is_stalled(void *arg) {
    const struct session *session = arg;
    const struct replies *replies = &session->run.replies;
    return banyan_busy(session->run.tree) || session->run.sources.count >= SOURCES_MOST ||
           order_waiting(replies->order) >= WAITING_MOST ||
           order_waiting_bytes(replies->order) >= WAITING_BYTES || replies->views >= VIEWS_MOST ||
           output_pending(&session->output) >= OUTPUT_MOST;
}

/* ---- what the tree tells ---- */

void session_answered(void *arg, void *tag, const struct banyan_answer *answer) {
    struct session *session = arg;
    replies_answer(&session->run.replies, tag, answer);
}

/* A log that cannot be written any more does not end the session. */
void session_noticed(void *arg, const char *line) {
    struct session *session = arg;
    if (session->typed)
        screen_print(&session->screen, line);
    if (session->log != NULL &&
        (fprintf(session->log, "%s\n", line) < 0 || fflush(session->log) != 0)) {
        char text[128];
        snprintf(text, sizeof text, "banyan: cannot write the log: %s", strerror(errno));
        screen_print(&session->screen, text);
        fclose(session->log);
        session->log = NULL;
    }
}

/* ---- commands ---- */

/* With --errexit the tree tells its answer before the next command is given, as far as the answer
 * is known at once. */
static struct banyan_exec *take_line(struct session *session, struct words line, bool whole) {
    struct banyan_exec *rest = run_line(&session->run, line, whole);
    if (session->errexit)
        banyan_flush(session->run.tree);
    return rest;
}

/* The rest of a line that has been taken is read even if no further command is. */
static bool input_wanted(struct session *session) {
    if (session->lines.input.ended)
        return false;
    if (session->lines.numbers.exec != NULL)
        return numbers_wanted(&session->lines.numbers);
    return takes_commands(session) && (session->lines.skipping || !is_stalled(session));
}

static void take_lines(struct session *session, bool *readable) {
    struct lines *lines = &session->lines;
    struct words line;
    bool whole;
    bool ready = lines_advance(lines, readable);
    while (ready && takes_commands(session) && !is_stalled(session) &&
           lines_next(lines, &line, &whole)) {
        struct banyan_exec *rest = take_line(session, line, whole);
        if (rest != NULL)
            lines_continue(lines, rest);
        ready = whole || lines_advance(lines, readable);
    }
}

static void read_lines(struct session *session, bool readable) {
    take_lines(session, &readable);
    if (readable && session->lines.numbers.exec == NULL && input_wanted(session)) {
        input_fill(&session->lines.input);
        readable = false;
        take_lines(session, &readable);
    }
    if (lines_ended(&session->lines))
        session_leave(session, LEAVE_END);
}

/* ---- the loop ---- */

/* Without an editor the prompt comes when everything is answered, so answers stand on lines of
 * their own. Lines that are typed earlier are taken nevertheless. */
static void prompt(struct session *session) {
    if (!session->typed || session->screen.to != NULL || !takes_commands(session) ||
        session->prompted || order_open(session->run.replies.order) > 0 ||
        output_pending(&session->output) > 0)
        return;
    fputs("banyan> ", stderr);
    session->prompted = true;
}

static void show_progress(struct session *session) {
    struct transfer transfer = {.count = 0};
    if (session->screen.to == NULL)
        return;
    sources_progress(&session->run.sources, &transfer);
    numbers_progress(&session->lines.numbers, &session->lines.input, &transfer);
    progress_step(&session->progress, &session->screen, &transfer);
}

/* Sends and shows what the commands so far have brought about. */
static void session_flush(struct session *session) {
    banyan_flush(session->run.tree);
    show_progress(session);
    if (session->signal == 0)
        screen_show(&session->screen);
    output_flush(&session->output);
    output_flush(&session->run.replies.errors.output);
    screen_flush(&session->screen);
}

static void take_signal(struct session *session) {
    struct signalfd_siginfo info;
    if (read(session->signals, &info, sizeof info) != sizeof info)
        return;
    if (terminal_signal(session->terminal, (int)info.ssi_signo))
        session_flush(session);
    else
        session->signal = (int)info.ssi_signo;
}

/* Lines may lie in the buffer because too much was pending. They can go on without a new event on
 * the input, so they are tried in any case. */
static void step(struct session *session, const struct pollfd *polls) {
    bool readable = polls[POLL_INPUT].revents != 0;
    sources_step(&session->run.sources);
    if (session->terminal == NULL)
        read_lines(session, readable);
    else if (readable)
        terminal_read(session->terminal);
    if (polls[POLL_TREE].revents != 0)
        banyan_process(session->run.tree);
    session_flush(session);
    if (readable)
        session->prompted = false;
}

static struct pollfd input_poll(struct session *session) {
    bool wanted = session->terminal == NULL
                      ? input_wanted(session)
                      : takes_commands(session) && terminal_wanted(session->terminal);
    return (struct pollfd){.fd = wanted ? session->lines.input.fd : -1, .events = POLLIN};
}

static void session_poll(struct session *session) {
    struct pollfd polls[POLL_SOURCES + SOURCES_MOST];
    bool ready;
    prompt(session);
    size_t sources = sources_poll(&session->run.sources, polls + POLL_SOURCES, &ready);
    polls[POLL_SIGNALS] = (struct pollfd){.fd = session->signals, .events = POLLIN};
    polls[POLL_TREE] = (struct pollfd){.fd = banyan_fd(session->run.tree), .events = POLLIN};
    polls[POLL_OUTPUT] = output_poll(&session->output);
    polls[POLL_SCREEN] = output_poll(session->screen.own);
    polls[POLL_INPUT] = input_poll(session);
    int timeout_ms = ready ? 0 : progress_timeout(&session->progress);
    if (poll(polls, (nfds_t)(POLL_SOURCES + sources), timeout_ms) < 0) {
        if (errno == EINTR)
            return;
        fprintf(stderr, "banyan: cannot go on: %s\n", strerror(errno));
        session->signal = SIGTERM;
    } else if (polls[POLL_SIGNALS].revents != 0) {
        take_signal(session);
    } else {
        step(session, polls);
    }
}

/* ---- for the editor, which owns the loop while lines are edited ---- */

static bool host_wait(void *arg) {
    struct session *session = arg;
    session_flush(session);
    if (!takes_commands(session) || is_over(session))
        return false;
    session_poll(session);
    return true;
}

static bool host_run_line(void *arg, const char *line, size_t len) {
    struct session *session = arg;
    take_line(session, (struct words){.at = line, .end = line + len}, true);
    return takes_commands(session);
}

static bool host_refuse_line(void *arg, enum banyan_code code, const char *text) {
    struct session *session = arg;
    run_refuse(&session->run, code, text);
    return takes_commands(session);
}

static void host_leave(void *arg) {
    session_leave(arg, LEAVE_END);
}

static size_t host_ids(void *arg, int64_t *ids, size_t room) {
    const struct session *session = arg;
    return banyan_ids(session->run.tree, ids, room);
}

void session_edit(struct session *session) {
    const struct editor_host host = {.wait = host_wait,
                                     .is_stalled = is_stalled,
                                     .run_line = host_run_line,
                                     .refuse_line = host_refuse_line,
                                     .leave = host_leave,
                                     .ids = host_ids,
                                     .arg = session};
    if (session->typed && session->screen.to != NULL)
        session->terminal = terminal_open(&host, &session->screen, session->lines.input.fd,
                                          session->signals);
}

enum leave session_run(struct session *session) {
    if (session->terminal != NULL) {
        terminal_run(session->terminal);
        terminal_close(session->terminal);
        session->terminal = NULL;
        session_leave(session, LEAVE_END);
        if (session->signal == 0)
            session_flush(session);
    }
    while (!is_over(session))
        session_poll(session);
    return session->left;
}
