#include "replies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"

enum { TEXT = 1024 };

static const char no_memory[] = "Error: out of memory";
static const char no_memory_json[] =
    "{\"ok\":false,\"error\":{\"code\":\"system\",\"text\":\"out of memory\"}}";

static void run_out(struct replies *replies) {
    fprintf(stderr, "banyan: out of memory\n");
    replies->exhausted = true;
}

/* For the order. The output may be the terminal, where the typed line must make room. */
static void print(void *arg, const char *text, size_t len) {
    struct replies *replies = arg;
    if (replies->screen->to == replies->output)
        screen_hide(replies->screen);
    if (output_put_line(replies->output, text, len))
        return;
    replies->output->broken = true;
    run_out(replies);
}

bool replies_open(struct replies *replies, bool by_command) {
    replies->order = order_new(by_command, print, replies);
    return replies->order != NULL;
}

void replies_close(struct replies *replies) {
    order_free(replies->order);
    calls_free(&replies->calls);
}

/* ---- calls ---- */

/* A time is taken for JSON alone, because it costs more than all the rest of a call. */
static bool begin(struct replies *replies, const struct request *request, uint64_t line,
                  struct call *call) {
    *call = (struct call){.ticket = order_take(replies->order),
                          .line = line,
                          .form = request->form,
                          .named = request->named,
                          .begun_us = replies->json ? clock_now_us() : 0};
    if (call->ticket == 0)
        run_out(replies);
    return call->ticket != 0;
}

static bool shows_nodes(const struct call *call) {
    return call->form->kind == REQUEST_TREE || call->form->kind == REQUEST_DOT ||
           call->form->kind == REQUEST_STATUS;
}

void *replies_expect(struct replies *replies, const struct request *request, uint64_t line) {
    struct call *call = calls_new(&replies->calls);
    if (call == NULL) {
        run_out(replies);
        return NULL;
    }
    if (!begin(replies, request, line, call)) {
        calls_take(&replies->calls, call);
        return NULL;
    }
    replies->views += shows_nodes(call);
    return call;
}

/* ---- the way out ---- */

/* The text is borrowed; NULL: there was no memory for it. */
static void settle(struct replies *replies, const struct call *call, const char *text, size_t len) {
    if (text != NULL && order_settle(replies->order, call->ticket, text, len))
        return;
    text = replies->json ? no_memory_json : no_memory;
    order_settle(replies->order, call->ticket, text, strlen(text));
}

/* The same with a text that is freed. */
static void settle_owned(struct replies *replies, const struct call *call, char *text) {
    settle(replies, call, text, text != NULL ? strlen(text) : 0);
    free(text);
}

static void note_error(struct replies *replies, const struct call *call, const char *text) {
    replies->failed = true;
    errors_tell(&replies->errors, call->line, text);
}

/* ---- texts ---- */

static bool write_table(FILE *file, const struct banyan_node *nodes, size_t count,
                        const struct style *style) {
    int64_t *memory_kb = malloc((count + 1) * sizeof *memory_kb);
    if (memory_kb == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        memory_kb[i] = memory_of(&nodes[i]);
    bool whole = view_table(file, nodes, memory_kb, count, style);
    free(memory_kb);
    return whole;
}

/* False: out of memory. */
static bool write_nodes(FILE *file, const struct call *call, const struct banyan_answer *answer,
                        const struct style *style) {
    size_t count;
    const struct banyan_node *nodes = banyan_answer_nodes(answer, &count);
    if (call->form->kind == REQUEST_TREE)
        return view_tree(file, nodes, count, style);
    if (call->form->kind == REQUEST_STATUS && !call->named)
        return write_table(file, nodes, count, style);
    if (call->form->kind == REQUEST_DOT)
        view_dot(file, nodes, count);
    else
        view_node(file, nodes, memory_of(nodes));
    return true;
}

/* What is shown of an answer, to be freed; answer: NULL for the list of commands. NULL: out of
 * memory. The last newline is cut off, because it comes with every answer. */
static char *shown_text(const struct call *call, const struct banyan_answer *answer,
                        const struct style *style) {
    char *text = NULL;
    size_t len = 0;
    bool whole = true;
    FILE *file = open_memstream(&text, &len);
    if (file == NULL)
        return NULL;
    if (answer != NULL)
        whole = write_nodes(file, call, answer, style);
    else
        forms_help(file);
    if (fclose(file) == 0 && whole && len > 0) {
        text[len - 1] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

static void settle_text(struct replies *replies, const struct call *call,
                        const struct banyan_answer *answer) {
    char text[TEXT], *longer = NULL;
    size_t len = banyan_answer_text(answer, text, sizeof text);
    if (len < sizeof text) {
        settle(replies, call, text, len);
        return;
    }
    if ((longer = malloc(len + 1)) != NULL)
        banyan_answer_text(answer, longer, len + 1);
    settle_owned(replies, call, longer);
}

/* ---- answers ---- */

void replies_answer(struct replies *replies, void *tag, const struct banyan_answer *answer) {
    struct call call = calls_take(&replies->calls, tag);
    bool error = banyan_answer_code(answer) != BANYAN_OK;
    replies->views -= shows_nodes(&call);
    if (error) {
        char text[TEXT];
        banyan_answer_error(answer, text, sizeof text);
        note_error(replies, &call, text);
    }
    if (replies->json)
        settle_owned(replies, &call, json_answer(&call, answer));
    else if (shows_nodes(&call) && !error)
        settle_owned(replies, &call, shown_text(&call, answer, &replies->style));
    else
        settle_text(replies, &call, answer);
}

void replies_refuse(struct replies *replies, const struct request *request, uint64_t line,
                    const struct answer *error) {
    char text[TEXT];
    struct call call;
    if (!begin(replies, request, line, &call))
        return;
    answer_print_error(error, text, sizeof text);
    note_error(replies, &call, text);
    if (replies->json) {
        settle_owned(replies, &call, json_error(&call, error));
        return;
    }
    answer_print(error, text, sizeof text);
    settle(replies, &call, text, strlen(text));
}

/* Answers go to standard output and nothing else does; so help is an answer, too. */
void replies_help(struct replies *replies, const struct request *request, uint64_t line) {
    struct call call;
    if (begin(replies, request, line, &call))
        settle_owned(replies, &call,
                     replies->json ? json_help(&call) : shown_text(&call, NULL, &replies->style));
}
