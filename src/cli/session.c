#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* What the loop waits for; the sources follow. */
enum { POLL_SIGNALS, POLL_TREE, POLL_OUTPUT, POLL_INPUT, POLL_SOURCES };

/* ---- answers ---- */

void *session_ticket(struct session *session) {
    uint64_t ticket = order_take(session->order);
    if (ticket == 0) {
        fprintf(stderr, "banyan: out of memory\n");
        session->leaving = session->failed = true;
    }
    return (void *)(uintptr_t)ticket;
}

static void settle(struct session *session, uint64_t ticket, const char *text, size_t len) {
    static const char refused[] = "Error: out of memory";
    if (!order_settle(session->order, ticket, text, len))
        order_settle(session->order, ticket, refused, strlen(refused));
}

void session_refuse(struct session *session, const char *text) {
    void *tag = session_ticket(session);
    if (tag != NULL)
        settle(session, (uintptr_t)tag, text, strlen(text));
}

void session_answered(void *arg, void *tag, const struct banyan_answer *answer) {
    char text[512], *longer = NULL;
    size_t len = banyan_answer_text(answer, text, sizeof text);
    if (len >= sizeof text && (longer = malloc(len + 1)) != NULL)
        banyan_answer_text(answer, longer, len + 1);
    else if (len >= sizeof text)
        len = (size_t)snprintf(text, sizeof text, "Error: out of memory");
    settle(arg, (uintptr_t)tag, longer != NULL ? longer : text, len);
    free(longer);
}

/* A log that cannot be written any more must not end the session. */
void session_noticed(void *arg, const char *line) {
    struct session *session = arg;
    if (session->input.terminal)
        fprintf(stderr, "%s\n", line);
    if (session->log != NULL &&
        (fprintf(session->log, "%s\n", line) < 0 || fflush(session->log) != 0)) {
        fprintf(stderr, "banyan: cannot write the log: %s\n", strerror(errno));
        fclose(session->log);
        session->log = NULL;
    }
}

/* ---- the loop ---- */

static bool is_over(const struct session *session) {
    if (session->signal != 0 || session->output.broken)
        return true;
    return session->leaving && order_open(session->order) == 0 &&
           output_pending(&session->output) == 0;
}

static void take_signal(struct session *session, int signals) {
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof info) == sizeof info)
        session->signal = (int)info.ssi_signo;
}

/* The prompt comes when everything is answered, so that answers stand on lines of their own. What
 * is typed before is taken all the same. */
static void prompt(struct session *session) {
    if (!session->input.terminal || session->leaving || session->prompted ||
        order_open(session->order) > 0 || output_pending(&session->output) > 0)
        return;
    fputs("banyan> ", stderr);
    session->prompted = true;
}

/* Lines that lie in the buffer, because too much was under way, can go on without a new event on
 * the input: that is why the step is made in any case. */
static void step(struct session *session, const struct pollfd *polls) {
    bool readable = polls[POLL_INPUT].revents != 0;
    sources_step(session);
    input_step(session, readable);
    if (polls[POLL_TREE].revents != 0)
        banyan_process(session->tree);
    else
        banyan_flush(session->tree);
    output_flush(&session->output);
    if (readable)
        session->prompted = false;
}

void session_run(struct session *session, int signals) {
    struct pollfd polls[POLL_SOURCES + SOURCES_MOST];
    while (!is_over(session)) {
        bool ready;
        prompt(session);
        size_t sources = sources_poll(session, polls + POLL_SOURCES, &ready);
        polls[POLL_SIGNALS] = (struct pollfd){.fd = signals, .events = POLLIN};
        polls[POLL_TREE] = (struct pollfd){.fd = banyan_fd(session->tree), .events = POLLIN};
        polls[POLL_OUTPUT] = (struct pollfd){
            .fd = output_pending(&session->output) > 0 ? session->output.fd : -1,
            .events = POLLOUT};
        polls[POLL_INPUT] = (struct pollfd){.fd = input_wanted(session) ? session->input.fd : -1,
                                            .events = POLLIN};
        if (poll(polls, (nfds_t)(POLL_SOURCES + sources), ready ? 0 : -1) < 0 && errno != EINTR)
            break;
        if (polls[POLL_SIGNALS].revents != 0)
            take_signal(session, signals);
        else
            step(session, polls);
    }
}
