#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "terminal.h"

/* What the loop waits for; the sources follow. */
enum { POLL_SIGNALS, POLL_TREE, POLL_OUTPUT, POLL_SCREEN, POLL_INPUT, POLL_SOURCES };

/* A log that cannot be written any more must not end the session. */
void session_noticed(void *arg, const char *line) {
    struct session *session = arg;
    if (session->input.terminal)
        screen_print(session, line);
    if (session->log != NULL &&
        (fprintf(session->log, "%s\n", line) < 0 || fflush(session->log) != 0)) {
        char text[128];
        snprintf(text, sizeof text, "banyan: cannot write the log: %s", strerror(errno));
        screen_print(session, text);
        fclose(session->log);
        session->log = NULL;
    }
}

/* ---- the loop ---- */

bool session_is_over(const struct session *session) {
    if (session->signal != 0 || session->output.broken)
        return true;
    return session->leaving && order_open(session->order) == 0 &&
           output_pending(&session->output) == 0;
}

static void take_signal(struct session *session) {
    struct signalfd_siginfo info;
    if (read(session->signals, &info, sizeof info) == sizeof info &&
        !terminal_signal(session, (int)info.ssi_signo))
        session->signal = (int)info.ssi_signo;
}

/* Without an editor the prompt comes when everything is answered, so that answers stand on lines of
 * their own. What is typed before is taken all the same. */
static void prompt(struct session *session) {
    if (!session->input.terminal || session->screen.to != NULL || session->leaving ||
        session->prompted || order_open(session->order) > 0 || output_pending(&session->output) > 0)
        return;
    fputs("banyan> ", stderr);
    session->prompted = true;
}

void session_settle(struct session *session) {
    banyan_flush(session->tree);
    progress_step(session);
    screen_show(session);
    output_flush(&session->output);
    output_flush(&session->errors);
    if (session->screen.own != NULL)
        output_flush(session->screen.own);
}

/* Lines that lie in the buffer, because too much was under way, can go on without a new event on
 * the input: that is why the step is made in any case. */
static void step(struct session *session, const struct pollfd *polls) {
    bool readable = polls[POLL_INPUT].revents != 0;
    sources_step(session);
    if (session->terminal == NULL)
        input_step(session, readable);
    else if (readable)
        terminal_read(session);
    if (polls[POLL_TREE].revents != 0)
        banyan_process(session->tree);
    session_settle(session);
    if (readable)
        session->prompted = false;
}

/* Waits for output only where there is some. */
static struct pollfd output_poll(const struct output *output) {
    bool pending = output != NULL && output_pending(output) > 0;
    return (struct pollfd){.fd = pending ? output->fd : -1, .events = POLLOUT};
}

static struct pollfd input_poll(const struct session *session) {
    bool wanted = session->terminal != NULL ? terminal_wanted(session) : input_wanted(session);
    return (struct pollfd){.fd = wanted ? session->input.fd : -1, .events = POLLIN};
}

void session_turn(struct session *session) {
    struct pollfd polls[POLL_SOURCES + SOURCES_MOST];
    bool ready;
    prompt(session);
    size_t sources = sources_poll(session, polls + POLL_SOURCES, &ready);
    polls[POLL_SIGNALS] = (struct pollfd){.fd = session->signals, .events = POLLIN};
    polls[POLL_TREE] = (struct pollfd){.fd = banyan_fd(session->tree), .events = POLLIN};
    polls[POLL_OUTPUT] = output_poll(&session->output);
    polls[POLL_SCREEN] = output_poll(session->screen.own);
    polls[POLL_INPUT] = input_poll(session);
    int timeout_ms = ready ? 0 : progress_timeout(session);
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

/* At a terminal it is the editor that turns, while it waits for the next key. */
void session_run(struct session *session, int signals) {
    session->signals = signals;
    if (session->terminal != NULL)
        terminal_run(session);
    while (!session_is_over(session))
        session_turn(session);
}
