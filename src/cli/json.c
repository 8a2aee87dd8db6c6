#include "json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "view.h"

/* Text as a string. If it is no UTF-8, every byte beyond ASCII is shown as \xHH. */
static json_t *string_of(const char *text, size_t len) {
    json_t *string = json_stringn(text, len);
    if (string != NULL)
        return string;
    char *shown = malloc(4 * len + 1), *to = shown;
    if (shown == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] >= 0x80)
            to += sprintf(to, "\\x%02x", (unsigned char)text[i]);
        else
            *to++ = text[i];
    }
    string = json_stringn(shown, (size_t)(to - shown));
    free(shown);
    return string;
}

/* Both take the value over. False: there was no memory for it, or for what it is added to. */
static bool put(json_t *object, const char *name, json_t *value) {
    return json_object_set_new_nocheck(object, name, value) == 0;
}

static bool append(json_t *array, json_t *value) {
    return json_array_append_new(array, value) == 0;
}

/* Returns the array if it is whole. */
static json_t *whole_or_null(json_t *array, bool whole) {
    if (whole)
        return array;
    json_decref(array);
    return NULL;
}

/* ---- results; NULL: out of memory ---- */

static json_t *connection_of(const struct banyan_node *node) {
    if (node->link == BANYAN_LINK_NODE)
        return json_integer(node->connected_to);
    return node->link == BANYAN_LINK_CONTROLLER ? json_string("controller") : json_null();
}

static json_t *integer_or_null(int64_t value, int64_t none) {
    return value != none ? json_integer(value) : json_null();
}

/* memory: also with the memory of its process. */
static json_t *node_of(const struct banyan_node *node, bool memory) {
    json_t *memory_kb = memory ? integer_or_null(memory_of(node), -1) : NULL;
    return json_pack("{sI sI ss so so sb sI sI sI so* so sI}", "id", (json_int_t)node->id, "pid",
                     (json_int_t)node->pid, "state", banyan_state_name(node->state), "parent",
                     integer_or_null(node->parent, BANYAN_NO_PARENT), "connected_to",
                     connection_of(node), "adopted", node->adopted, "depth",
                     (json_int_t)node->depth, "execs", (json_int_t)node->execs, "numbers",
                     (json_int_t)node->numbers, "memory_kb", memory_kb, "survey_us",
                     integer_or_null(node->survey_us, -1), "started_us",
                     (json_int_t)node->started_us);
}

static json_t *nodes_of(const struct banyan_answer *answer, bool memory) {
    json_t *array = json_array();
    bool whole = array != NULL;
    size_t count;
    const struct banyan_node *nodes = banyan_answer_nodes(answer, &count);
    for (size_t i = 0; i < count && whole; i++)
        whole = append(array, node_of(&nodes[i], memory));
    return whole_or_null(array, whole);
}

static json_t *dot_of(const struct banyan_answer *answer) {
    char *text = NULL;
    size_t len = 0, count;
    const struct banyan_node *nodes = banyan_answer_nodes(answer, &count);
    FILE *memory = open_memstream(&text, &len);
    if (memory == NULL)
        return NULL;
    view_dot(memory, nodes, count);
    json_t *dot = fclose(memory) == 0 ? json_stringn(text, len) : NULL;
    free(text);
    return dot;
}

static json_t *sum_of(const struct banyan_answer *answer) {
    char text[41];
    banyan_answer_sum(answer, text);
    return json_string_nocheck(text);
}

static json_t *unavailable_of(const struct banyan_answer *answer) {
    json_t *array = json_array();
    bool whole = array != NULL;
    size_t count;
    const int64_t *ids = banyan_answer_ids(answer, &count);
    for (size_t i = 0; i < count && whole; i++)
        whole = append(array, json_integer(ids[i]));
    return whole_or_null(array, whole);
}

static json_t *lines_of(const struct banyan_answer *answer) {
    size_t size = banyan_answer_text(answer, NULL, 0) + 1;
    char *text = malloc(size), *at = text;
    json_t *array = json_array();
    bool whole = text != NULL && array != NULL;
    if (whole)
        banyan_answer_text(answer, text, size);
    for (char *line; whole && (line = strsep(&at, "\n")) != NULL;)
        whole = append(array, string_of(line, strlen(line)));
    free(text);
    return whole_or_null(array, whole);
}

/* Adds what a command was asked for. False: out of memory. */
static bool put_result(json_t *object, enum request_kind kind, const struct banyan_answer *answer) {
    switch (kind) {
    case REQUEST_CREATE:
        return put(object, "pid", json_integer(banyan_answer_pid(answer)));
    case REQUEST_EXEC:
    case REQUEST_EXEC_FILE:
        return put(object, "sum", sum_of(answer));
    case REQUEST_PINGALL:
        return put(object, "unavailable", unavailable_of(answer));
    case REQUEST_EXPLAIN:
        return put(object, "lines", lines_of(answer));
    case REQUEST_DOT:
        return put(object, "dot", dot_of(answer));
    case REQUEST_TREE:
    case REQUEST_STATUS:
        return put(object, "nodes", nodes_of(answer, kind == REQUEST_STATUS));
    default:
        return true;
    }
}

/* ---- answers ---- */

static json_t *begin(const struct call *call, bool ok) {
    return json_pack("{ss? sI sI sb}", "command", call->form != NULL ? call->form->name : NULL,
                     "number", (json_int_t)call->ticket, "line", (json_int_t)call->line, "ok", ok);
}

static char *end(json_t *object, bool whole, const struct call *call) {
    uint64_t elapsed_us = clock_now_us() - call->begun_us;
    whole = put(object, "elapsed_us", json_integer((json_int_t)elapsed_us)) && whole;
    char *text = whole ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

static bool put_error(json_t *object, const char *name, const char *text) {
    return put(object, "error",
               json_pack("{ss so}", "code", name, "text", string_of(text, strlen(text))));
}

char *json_answer(const struct call *call, const struct banyan_answer *answer) {
    bool ok = banyan_answer_code(answer) == BANYAN_OK;
    json_t *object = begin(call, ok);
    bool whole = !call->named || put(object, "id", json_integer(banyan_answer_id(answer)));
    if (ok) {
        whole = put_result(object, call->form->kind, answer) && whole;
    } else {
        char text[512];
        banyan_answer_error(answer, text, sizeof text);
        whole = put_error(object, banyan_answer_name(answer), text) && whole;
    }
    return end(object, whole, call);
}

char *json_error(const struct call *call, const struct answer *error) {
    json_t *object = begin(call, false);
    char text[512];
    answer_print_error(error, text, sizeof text);
    return end(object, put_error(object, answer_name(error->code), text), call);
}

char *json_help(const struct call *call) {
    json_t *object = begin(call, true), *array = json_array();
    bool whole = array != NULL;
    for (const struct form *form = forms; form->name != NULL && whole; form++)
        if (form->summary != NULL)
            whole = append(array, json_pack("{ss ss ss}", "name", form->name, "arguments",
                                            form->arguments, "summary", form->summary));
    return end(object, put(object, "commands", whole_or_null(array, whole)), call);
}
