#include "run.h"

static void run_nodes(struct run *run, const struct request *request, void *tag) {
    if (!request->named)
        banyan_status_all(run->tree, tag);
    else if (request->form->kind == REQUEST_STATUS)
        banyan_status(run->tree, request->id, tag);
    else
        banyan_status_subtree(run->tree, request->id, tag);
}

static void run_file(struct run *run, const struct request *request, void *tag) {
    struct banyan_exec *exec = banyan_exec_begin(run->tree, request->id, request->n, 1, tag);
    if (exec != NULL)
        sources_open(&run->sources, exec, request->id, request->rest);
}

static struct banyan_exec *run_exec(struct run *run, const struct request *request, void *tag) {
    if (!request->whole)
        return banyan_exec_begin(run->tree, request->id, request->n, 0, tag);
    banyan_exec(run->tree, request->id, request->n, request->rest.at, request->rest.len, tag);
    return NULL;
}

/* A request for the tree, which answers it. */
static void run_for_tree(struct run *run, const struct request *request, void *tag) {
    switch (request->form->kind) {
    case REQUEST_CREATE:
        banyan_create(run->tree, request->id, request->parent, tag);
        break;
    case REQUEST_EXEC_FILE:
        run_file(run, request, tag);
        break;
    case REQUEST_PINGALL:
        banyan_pingall(run->tree, tag);
        break;
    case REQUEST_KILL:
        banyan_kill(run->tree, request->id, tag);
        break;
    case REQUEST_EXPLAIN:
        banyan_explain(run->tree, request->id, tag);
        break;
    default:
        run_nodes(run, request, tag);
    }
}

/* help and exit concern the program itself, and take no tag. Execs come before the other requests,
 * because there may be millions of them. */
static struct banyan_exec *run_request(struct run *run, const struct request *request) {
    enum request_kind kind = request->form->kind;
    if (kind == REQUEST_HELP) {
        replies_help(&run->replies, request, run->line);
        return NULL;
    }
    if (kind == REQUEST_EXIT) {
        run->exit_given = true;
        return NULL;
    }
    void *tag = replies_expect(&run->replies, request, run->line);
    if (tag != NULL && kind == REQUEST_EXEC)
        return run_exec(run, request, tag);
    if (tag != NULL)
        run_for_tree(run, request, tag);
    return NULL;
}

struct banyan_exec *run_line(struct run *run, struct words line, bool whole) {
    struct request request;
    run->line++;
    switch (command_parse(line, whole, &request, &run->refusal)) {
    case PARSE_REQUEST:
        return run_request(run, &request);
    case PARSE_REFUSED:
        replies_refuse(&run->replies, &request, run->line, &run->refusal.answer);
        break;
    case PARSE_NOTHING:
        break;
    }
    return NULL;
}

void run_refuse(struct run *run, enum banyan_code code, const char *text) {
    const struct request request = {.form = NULL};
    const struct answer error = {.command = COMMAND_LINE, .code = code, .text = text};
    run->line++;
    replies_refuse(&run->replies, &request, run->line, &error);
}
