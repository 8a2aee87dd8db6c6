#include "json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "view.h"

/* An object that grows; without memory it fails as a whole. */
struct object {
    json_t *json;
    bool failed;
};

static struct object object_new(void) {
    json_t *json = json_object();
    return (struct object){.json = json, .failed = json == NULL};
}

/* Takes the value over. */
static void put(struct object *object, const char *name, json_t *value) {
    if (json_object_set_new_nocheck(object->json, name, value) != 0)
        object->failed = true;
}

static void put_integer(struct object *object, const char *name, int64_t value) {
    put(object, name, json_integer(value));
}

static void append(struct object *object, json_t *array, json_t *value) {
    if (json_array_append_new(array, value) != 0)
        object->failed = true;
}

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

static void put_text(struct object *object, const char *name, const char *text) {
    put(object, name, string_of(text, strlen(text)));
}

/* ---- nodes ---- */

static json_t *connection_of(const struct banyan_node *node) {
    if (node->link == BANYAN_LINK_NODE)
        return json_integer(node->connected_to);
    return node->link == BANYAN_LINK_CONTROLLER ? json_string("controller") : json_null();
}

static json_t *integer_or_null(int64_t value, int64_t none) {
    return value != none ? json_integer(value) : json_null();
}

static json_t *node_of(struct object *object, const struct banyan_node *node, bool memory) {
    struct object inner = object_new();
    put_integer(&inner, "id", node->id);
    put_integer(&inner, "pid", node->pid);
    put(&inner, "state", json_string(banyan_state_name(node->state)));
    put(&inner, "parent", integer_or_null(node->parent, BANYAN_NO_PARENT));
    put(&inner, "connected_to", connection_of(node));
    put(&inner, "adopted", json_boolean(node->adopted));
    put_integer(&inner, "depth", (int64_t)node->depth);
    put_integer(&inner, "execs", (int64_t)node->execs);
    put_integer(&inner, "numbers", (int64_t)node->numbers);
    if (memory)
        put(&inner, "memory_kb", integer_or_null(memory_of(node), -1));
    put(&inner, "survey_us", integer_or_null(node->survey_us, -1));
    put_integer(&inner, "started_us", (int64_t)node->started_us);
    object->failed = object->failed || inner.failed;
    return inner.json;
}

static void put_nodes(struct object *object, const struct banyan_answer *answer, bool memory) {
    json_t *array = json_array();
    size_t count;
    const struct banyan_node *nodes = banyan_answer_nodes(answer, &count);
    for (size_t i = 0; i < count && !object->failed; i++)
        append(object, array, node_of(object, &nodes[i], memory));
    put(object, "nodes", array);
}

static void put_dot(struct object *object, const struct banyan_answer *answer) {
    char *text = NULL;
    size_t len = 0, count;
    const struct banyan_node *nodes = banyan_answer_nodes(answer, &count);
    FILE *memory = open_memstream(&text, &len);
    if (memory != NULL) {
        view_dot(memory, nodes, count);
        if (fclose(memory) == 0)
            put(object, "dot", json_stringn(text, len));
    }
    object->failed = object->failed || len == 0;
    free(text);
}

/* ---- results ---- */

static void put_sum(struct object *object, const struct banyan_answer *answer) {
    char text[41];
    banyan_answer_sum(answer, text);
    put(object, "sum", json_string_nocheck(text));
}

static void put_unavailable(struct object *object, const struct banyan_answer *answer) {
    json_t *array = json_array();
    size_t count;
    const int64_t *ids = banyan_answer_ids(answer, &count);
    for (size_t i = 0; i < count; i++)
        append(object, array, json_integer(ids[i]));
    put(object, "unavailable", array);
}

static void put_lines(struct object *object, const struct banyan_answer *answer) {
    size_t size = banyan_answer_text(answer, NULL, 0) + 1;
    char *text = malloc(size), *at = text;
    json_t *array = json_array();
    if (text == NULL) {
        object->failed = true;
        json_decref(array);
        return;
    }
    banyan_answer_text(answer, text, size);
    for (char *line; (line = strsep(&at, "\n")) != NULL;)
        append(object, array, string_of(line, strlen(line)));
    put(object, "lines", array);
    free(text);
}

static void put_result(struct object *object, enum request_kind kind,
                       const struct banyan_answer *answer) {
    switch (kind) {
    case REQUEST_CREATE:
        put_integer(object, "pid", banyan_answer_pid(answer));
        break;
    case REQUEST_EXEC:
    case REQUEST_EXEC_FILE:
        put_sum(object, answer);
        break;
    case REQUEST_PINGALL:
        put_unavailable(object, answer);
        break;
    case REQUEST_EXPLAIN:
        put_lines(object, answer);
        break;
    case REQUEST_DOT:
        put_dot(object, answer);
        break;
    case REQUEST_TREE:
    case REQUEST_STATUS:
        put_nodes(object, answer, kind == REQUEST_STATUS);
        break;
    default:
        break;
    }
}

/* ---- answers ---- */

static struct object begin(const struct call *call, bool ok) {
    struct object object = object_new();
    put(&object, "command",
        call->form != NULL ? json_string_nocheck(call->form->name) : json_null());
    put_integer(&object, "number", (int64_t)call->ticket);
    put_integer(&object, "line", (int64_t)call->line);
    put(&object, "ok", json_boolean(ok));
    return object;
}

static char *end(struct object *object, const struct call *call) {
    char *text = NULL;
    put_integer(object, "elapsed_us", (int64_t)(clock_now_us() - call->begun_us));
    if (!object->failed)
        text = json_dumps(object->json, JSON_COMPACT);
    json_decref(object->json);
    return text;
}

static void put_error(struct object *object, const char *name, const char *text) {
    struct object error = object_new();
    put(&error, "code", json_string(name));
    put_text(&error, "text", text);
    object->failed = object->failed || error.failed;
    put(object, "error", error.json);
}

char *json_answer(const struct call *call, const struct banyan_answer *answer) {
    bool ok = banyan_answer_code(answer) == BANYAN_OK;
    struct object object = begin(call, ok);
    if (call->named)
        put_integer(&object, "id", banyan_answer_id(answer));
    if (ok) {
        put_result(&object, call->form->kind, answer);
    } else {
        char text[512];
        banyan_answer_error(answer, text, sizeof text);
        put_error(&object, banyan_answer_name(answer), text);
    }
    return end(&object, call);
}

char *json_error(const struct call *call, const struct answer *error) {
    struct object object = begin(call, false);
    char text[512];
    answer_print_error(error, text, sizeof text);
    put_error(&object, answer_name(error->code), text);
    return end(&object, call);
}

static json_t *form_of(struct object *object, const struct form *form) {
    struct object inner = object_new();
    put(&inner, "name", json_string(form->name));
    put(&inner, "arguments", json_string(form->arguments));
    put(&inner, "summary", json_string(form->summary));
    object->failed = object->failed || inner.failed;
    return inner.json;
}

char *json_help(const struct call *call) {
    struct object object = begin(call, true);
    json_t *array = json_array();
    for (size_t i = 0; i < forms_count(); i++)
        if (forms_at(i)->summary != NULL)
            append(&object, array, form_of(&object, forms_at(i)));
    put(&object, "commands", array);
    return end(&object, call);
}
