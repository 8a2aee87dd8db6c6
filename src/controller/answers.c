/* answers.c: the public interface: what answers say. */
#include <stdlib.h>

#include "controller.h"
#include "core/answer.h"

/* What the program sees of an answer, while it is told. */
struct banyan_answer {
    const struct answer *inner;
    struct banyan_node *nodes;
};

#define SAME(code, value) _Static_assert((int)(code) == (int)(value), "the values of both are one")
SAME(BANYAN_OK, ANSWER_OK);
SAME(BANYAN_NOT_FOUND, ANSWER_NOT_FOUND);
SAME(BANYAN_UNAVAILABLE, ANSWER_UNAVAILABLE);
SAME(BANYAN_EXISTS, ANSWER_EXISTS);
SAME(BANYAN_NO_SUCH_PARENT, ANSWER_NO_PARENT);
SAME(BANYAN_PARENT_UNAVAILABLE, ANSWER_PARENT_UNAVAILABLE);
SAME(BANYAN_WRONG_PARENT, ANSWER_WRONG_PARENT);
SAME(BANYAN_BAD_ID, ANSWER_BAD_ID);
SAME(BANYAN_BAD_N, ANSWER_BAD_N);
SAME(BANYAN_WRONG_COUNT, ANSWER_WRONG_COUNT);
SAME(BANYAN_NOT_INTEGER, ANSWER_NOT_INTEGER);
SAME(BANYAN_OUT_OF_RANGE, ANSWER_OUT_OF_RANGE);
SAME(BANYAN_USAGE, ANSWER_USAGE);
SAME(BANYAN_SYSTEM, ANSWER_SYSTEM);
SAME(BANYAN_UNKNOWN, ANSWER_UNKNOWN);
SAME(BANYAN_STARTING, VERDICT_STARTING);
SAME(BANYAN_AVAILABLE, VERDICT_AVAILABLE);
SAME(BANYAN_SILENT, VERDICT_SILENT);
SAME(BANYAN_ENDED, VERDICT_ENDED);
SAME(BANYAN_LINK_NONE, ANSWER_LINK_NONE);
SAME(BANYAN_LINK_CONTROLLER, ANSWER_LINK_CONTROLLER);
SAME(BANYAN_LINK_NODE, ANSWER_LINK_NODE);

/* ---- telling ---- */

static struct banyan_node node_of(const struct answer_node *node) {
    bool root = node->parent == BANYAN_NO_PARENT;
    bool adopted = node->link == ANSWER_LINK_NODE ? root || node->connected_to != node->parent
                                                  : node->link != ANSWER_LINK_NONE && !root;
    return (struct banyan_node){.id = node->id,
                                .pid = node->pid,
                                .state = (enum banyan_state)node->state,
                                .parent = node->parent,
                                .link = (enum banyan_link)node->link,
                                .connected_to = node->connected_to,
                                .adopted = adopted,
                                .depth = node->depth,
                                .execs = node->execs,
                                .numbers = node->numbers,
                                .survey_us = node->survey_us,
                                .started_us = node->started_us};
}

static void tell_nodes(const struct banyan *tree, void *tag, const struct answer *answer) {
    struct banyan_answer told = {.inner = answer};
    struct answer refused = {.command = answer->command,
                             .code = ANSWER_SYSTEM,
                             .id = answer->id,
                             .text = "out of memory"};
    told.nodes = malloc((answer->node_count + 1) * sizeof *told.nodes);
    if (told.nodes == NULL)
        told.inner = &refused;
    for (size_t i = 0; told.nodes != NULL && i < answer->node_count; i++)
        told.nodes[i] = node_of(&answer->nodes[i]);
    tree->options.answered(tree->options.arg, tag, &told);
    free(told.nodes);
}

void answers_tell(void *arg, void *tag, const struct answer *answer) {
    const struct banyan *tree = arg;
    if (answer->node_count > 0)
        tell_nodes(tree, tag, answer);
    else
        tree->options.answered(tree->options.arg, tag, &(struct banyan_answer){.inner = answer});
}

/* ---- what an answer says ---- */

enum banyan_code banyan_answer_code(const struct banyan_answer *answer) {
    return (enum banyan_code)answer->inner->code;
}

const char *banyan_answer_name(const struct banyan_answer *answer) {
    return answer_name(answer->inner->code);
}

size_t banyan_answer_text(const struct banyan_answer *answer, char *text, size_t size) {
    return answer_print(answer->inner, text, size);
}

size_t banyan_answer_error(const struct banyan_answer *answer, char *text, size_t size) {
    return answer_print_error(answer->inner, text, size);
}

int64_t banyan_answer_id(const struct banyan_answer *answer) {
    return answer->inner->id;
}

int64_t banyan_answer_pid(const struct banyan_answer *answer) {
    return answer->inner->pid;
}

void banyan_answer_sum(const struct banyan_answer *answer, char text[41]) {
    text[number_print(text, answer->inner->sum)] = '\0';
}

const int64_t *banyan_answer_ids(const struct banyan_answer *answer, size_t *count) {
    *count = answer->inner->id_count;
    return answer->inner->ids;
}

const struct banyan_node *banyan_answer_nodes(const struct banyan_answer *answer, size_t *count) {
    *count = answer->nodes != NULL ? answer->inner->node_count : 0;
    return answer->nodes;
}

const char *banyan_state_name(enum banyan_state state) {
    return verdict_name((enum verdict)state);
}
