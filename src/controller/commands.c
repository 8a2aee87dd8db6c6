#include "controller.h"

/* Returns the engine for a command. Commands take effect when the engine settles. The first command
 * of a batch sets the time for all, and makes the descriptor readable, in case the program does not
 * call banyan_flush. */
static struct engine *engine_of(struct banyan *tree) {
    if (tree->loop.timer_at != 0)
        engine_time(tree->engine, net_now_us());
    loop_wake_at(&tree->loop, 0);
    return tree->engine;
}

int banyan_busy(const struct banyan *tree) {
    return engine_is_busy(tree->engine);
}

void banyan_create(struct banyan *tree, int64_t id, int64_t parent, void *tag) {
    engine_create(engine_of(tree), tag, id, parent != BANYAN_NO_PARENT, parent);
}

size_t banyan_ids(const struct banyan *tree, int64_t *ids, size_t room) {
    return engine_ids(tree->engine, ids, room);
}

void banyan_kill(struct banyan *tree, int64_t id, void *tag) {
    engine_kill(engine_of(tree), tag, id);
}

void banyan_pingall(struct banyan *tree, void *tag) {
    engine_pingall(engine_of(tree), tag);
}

void banyan_explain(struct banyan *tree, int64_t id, void *tag) {
    engine_explain(engine_of(tree), tag, id);
}

void banyan_status(struct banyan *tree, int64_t id, void *tag) {
    engine_status(engine_of(tree), tag, ENGINE_NODE, id);
}

void banyan_status_subtree(struct banyan *tree, int64_t id, void *tag) {
    engine_status(engine_of(tree), tag, ENGINE_SUBTREE, id);
}

void banyan_status_all(struct banyan *tree, void *tag) {
    engine_status(engine_of(tree), tag, ENGINE_ALL, 0);
}

void banyan_exec(struct banyan *tree, int64_t id, uint64_t n, const char *text, size_t len,
                 void *tag) {
    engine_exec(engine_of(tree), tag, id, n, text, len);
}

struct banyan_exec *banyan_exec_begin(struct banyan *tree, int64_t id, uint64_t n, int from_file,
                                      void *tag) {
    return (struct banyan_exec *)engine_exec_begin(engine_of(tree), tag, id, n, from_file != 0);
}

int banyan_exec_room(struct banyan_exec *exec, char **at, size_t *room) {
    switch (engine_exec_room((struct exec *)exec, at, room)) {
    case EXEC_ROOM:
        return 1;
    case EXEC_WAIT:
        return 0;
    default:
        return -1;
    }
}

void banyan_exec_filled(struct banyan_exec *exec, size_t len) {
    engine_exec_filled((struct exec *)exec, len);
}

void banyan_exec_end(struct banyan_exec *exec) {
    engine_exec_end((struct exec *)exec);
}

void banyan_exec_fail(struct banyan_exec *exec, const char *text) {
    engine_exec_fail((struct exec *)exec, text);
}
