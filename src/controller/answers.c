/* A struct banyan_answer, opaque for the program, is a struct answer of language/answer.h. */
#include "answers.h"

#include "controller.h"

void answers_report(void *arg, void *tag, const struct answer *answer) {
    const struct banyan *tree = arg;
    tree->options.answered(tree->options.arg, tag, (const struct banyan_answer *)answer);
}

void answers_notice(void *arg, const char *line) {
    const struct banyan *tree = arg;
    if (tree->options.noticed != NULL)
        tree->options.noticed(tree->options.arg, line);
}

static const struct answer *inner(const struct banyan_answer *answer) {
    return (const struct answer *)answer;
}

enum banyan_code banyan_answer_code(const struct banyan_answer *answer) {
    return inner(answer)->code;
}

const char *banyan_answer_name(const struct banyan_answer *answer) {
    return answer_name(inner(answer)->code);
}

size_t banyan_answer_text(const struct banyan_answer *answer, char *text, size_t size) {
    return answer_print(inner(answer), text, size);
}

size_t banyan_answer_error(const struct banyan_answer *answer, char *text, size_t size) {
    return answer_print_error(inner(answer), text, size);
}

int64_t banyan_answer_id(const struct banyan_answer *answer) {
    return inner(answer)->id;
}

int64_t banyan_answer_pid(const struct banyan_answer *answer) {
    return inner(answer)->pid;
}

void banyan_answer_sum(const struct banyan_answer *answer, char text[41]) {
    text[number_print(text, inner(answer)->sum)] = '\0';
}

const int64_t *banyan_answer_ids(const struct banyan_answer *answer, size_t *count) {
    *count = inner(answer)->id_count;
    return inner(answer)->ids;
}

const struct banyan_node *banyan_answer_nodes(const struct banyan_answer *answer, size_t *count) {
    *count = inner(answer)->node_count;
    return inner(answer)->nodes;
}

const char *banyan_state_name(enum banyan_state state) {
    return answer_state_name(state);
}
