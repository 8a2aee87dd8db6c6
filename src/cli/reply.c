/*
 * reply.c: answers on their way out: what they say, as text or as JSON, goes to the order; where an
 * error is in the input goes to standard error; and with errexit the first error is the end.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

enum {
    TEXT = 1024,
    ERRORS_MOST = 8 << 20, /* bytes that may wait for the reader of standard error */
    PATIENCE_MS = 1000,    /* with that reader, at the end */
};

static const char no_memory[] = "Error: out of memory";

static const char *no_memory_text(const struct session *session) {
    return session->json
               ? "{\"ok\":false,\"error\":{\"code\":\"system\",\"text\":\"out of memory\"}}"
               : no_memory;
}

/* ---- errors ---- */

static void locate(struct session *session, const struct call *call, const char *text) {
    struct output *errors = &session->errors;
    char line[2 * TEXT];
    int len = snprintf(line, sizeof line, "banyan: %s:%" PRIu64 ": %s", session->name, call->line,
                       text);
    if (output_pending(errors) + sizeof line > ERRORS_MOST)
        output_flush(errors);
    if (len < 0 || output_pending(errors) + sizeof line > ERRORS_MOST) {
        session->errors_lost++;
        return;
    }
    output_put(errors, line, (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
    output_put(errors, "\n", 1);
}

static void note_error(struct session *session, const struct call *call, const char *text) {
    session->failed = true;
    if (session->errexit)
        session->leaving = true;
    if (session->located)
        locate(session, call, text);
}

void errors_close(struct session *session) {
    struct pollfd watch = {.fd = session->errors.fd, .events = POLLOUT};
    char line[64];
    int len = snprintf(line, sizeof line, "banyan: and %" PRIu64 " more errors\n",
                       session->errors_lost);
    if (session->errors_lost > 0)
        output_put(&session->errors, line, (size_t)len);
    do
        output_flush(&session->errors);
    while (output_pending(&session->errors) > 0 && poll(&watch, 1, PATIENCE_MS) == 1);
}

/* ---- the way out ---- */

/* The text of the answer is borrowed; NULL: there is no memory for it. */
static void settle(struct session *session, const struct call *call, const char *text, size_t len) {
    if (text != NULL && order_settle(session->order, call->ticket, text, len))
        return;
    text = no_memory_text(session);
    order_settle(session->order, call->ticket, text, strlen(text));
}

static void settle_owned(struct session *session, const struct call *call, char *text) {
    settle(session, call, text, text != NULL ? strlen(text) : 0);
    free(text);
}

/* ---- what answers say ---- */

static bool write_table(FILE *file, const struct banyan_node *nodes, size_t count,
                        const struct style *style) {
    int64_t *memory_kb = malloc((count + 1) * sizeof *memory_kb);
    if (memory_kb == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        memory_kb[i] = nodes[i].state != BANYAN_ENDED ? memory_of(nodes[i].pid) : -1;
    bool whole = view_table(file, nodes, memory_kb, count, style);
    free(memory_kb);
    return whole;
}

static bool write_view(FILE *file, enum view view, const struct banyan_node *nodes, size_t count,
                       const struct style *style) {
    if (view == VIEW_TREE)
        return view_tree(file, nodes, count, style);
    if (view == VIEW_TABLE)
        return write_table(file, nodes, count, style);
    if (view == VIEW_DOT)
        view_dot(file, nodes, count);
    else
        view_node(file, nodes, nodes->state != BANYAN_ENDED ? memory_of(nodes->pid) : -1);
    return true;
}

/* NULL: out of memory. */
static char *view_text(const struct session *session, enum view view,
                       const struct banyan_answer *answer) {
    char *text = NULL;
    size_t len = 0, count;
    const struct banyan_node *nodes = banyan_answer_nodes(answer, &count);
    FILE *memory = open_memstream(&text, &len);
    if (memory == NULL)
        return NULL;
    bool whole = write_view(memory, view, nodes, count, &session->style);
    whole = fclose(memory) == 0 && whole && len > 0;
    if (whole) {
        text[len - 1] = '\0'; /* the last newline comes with the answer */
        return text;
    }
    free(text);
    return NULL;
}

static void settle_text(struct session *session, const struct call *call,
                        const struct banyan_answer *answer) {
    char text[TEXT], *longer = NULL;
    size_t len = banyan_answer_text(answer, text, sizeof text);
    if (len < sizeof text) {
        settle(session, call, text, len);
        return;
    }
    if ((longer = malloc(len + 1)) != NULL)
        banyan_answer_text(answer, longer, len + 1);
    settle_owned(session, call, longer);
}

void session_answered(void *arg, void *tag, const struct banyan_answer *answer) {
    struct session *session = arg;
    struct call call = call_take(session, tag);
    bool error = banyan_answer_code(answer) != BANYAN_OK;
    if (error) {
        char text[TEXT];
        banyan_answer_error(answer, text, sizeof text);
        note_error(session, &call, text);
    }
    if (session->json)
        settle_owned(session, &call, json_answer(&call, answer));
    else if (call.view != VIEW_NONE && !error)
        settle_owned(session, &call, view_text(session, call.view, answer));
    else
        settle_text(session, &call, answer);
}

void session_refuse(struct session *session, const struct answer *error) {
    char text[TEXT];
    void *tag = call_new(session, VIEW_NONE, false);
    if (tag == NULL)
        return;
    struct call call = call_take(session, tag);
    answer_print_error(error, text, sizeof text);
    note_error(session, &call, text);
    if (session->json) {
        settle_owned(session, &call, json_error(&call, error));
        return;
    }
    answer_print(error, text, sizeof text);
    settle(session, &call, text, strlen(text));
}

/* Answers go to standard output and nothing else does; help is an answer in its way. */
void session_help(struct session *session) {
    char *text = NULL;
    size_t len = 0;
    void *tag = call_new(session, VIEW_NONE, false);
    if (tag == NULL)
        return;
    struct call call = call_take(session, tag);
    if (session->json) {
        settle_owned(session, &call, json_help(&call));
        return;
    }
    FILE *memory = open_memstream(&text, &len);
    if (memory != NULL) {
        commands_help(memory);
        if (fclose(memory) == 0 && len > 0)
            text[len - 1] = '\0'; /* the last newline comes with the answer */
    }
    settle_owned(session, &call, text);
}
