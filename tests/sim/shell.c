/*
 * shell.c: the engine's ports, as src/controller has them.
 *
 * The engine may use its ports only in engine_settle and in the functions of execs. It reports
 * answers only in engine_settle, and never one within another.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "../unit/buffers.h"
#include "sim.h"
#include "sum/sum.h"

bool shell_refused(struct sim *sim) {
    return sim->profile->refusals > 0 && sim_chance(sim, sim->profile->refusals);
}

static void expect_call(struct sim *sim, const char *port) {
    if (!sim->executing && (!sim->settling || sim->answering))
        sim_fail(sim, "the engine uses its port %s at the wrong time", port);
}

/* ---- answers ---- */

static void keep_answer(struct sim *sim, struct command *command, const struct answer *answer) {
    command->answer = *answer;
    command->answer.text = NULL;
    if (answer->code == BANYAN_SYSTEM) {
        size_t size = strlen(answer->text) + 1;
        command->answer.text = memcpy(sim_alloc(sim, size), answer->text, size);
    }
    if (answer->id_count > 0) {
        command->ids = sim_alloc(sim, answer->id_count * sizeof *command->ids);
        memcpy(command->ids, answer->ids, answer->id_count * sizeof *command->ids);
        command->answer.ids = command->ids;
    }
    if (answer->node_count > 0) {
        command->nodes = sim_alloc(sim, answer->node_count * sizeof *command->nodes);
        memcpy(command->nodes, answer->nodes, answer->node_count * sizeof *command->nodes);
        command->answer.nodes = command->nodes;
    }
    command->answer.word = NULL; /* it was borrowed, and is not looked at */
    command->answer.word_len = 0;
}

static void port_answer(void *arg, void *tag, const struct answer *answer) {
    struct sim *sim = arg;
    struct command *command = tag;
    char text[128];
    answer_print(answer, text, sizeof text);
    sim_trace(sim, "answer to %u: %s", (unsigned)(command - sim->commands), text);
    if (sim->executing || !sim->settling || sim->answering)
        sim_fail(sim, "the engine tells an answer at the wrong time");
    if (command->answers++ > 0)
        sim_fail(sim, "command %u has two answers", (unsigned)(command - sim->commands));
    command->answered_us = sim->now_us;
    sim->answered++;
    keep_answer(sim, command, answer);
    sim->answering = true;
    commands_follow(sim, command);
    engine_settle(sim->engine); /* does nothing within an answer */
    sim->answering = false;
}

/* ---- processes ---- */

static bool port_start(void *arg, const struct engine_node *node) {
    struct sim *sim = arg;
    expect_call(sim, "start");
    if (shell_refused(sim) || node->serial >= MOST_NODES)
        return false;
    if (node->low > node->id || node->id > node->high)
        sim_fail(sim, "%" PRId64 "#%" PRIu64 " is outside its own interval", node->id,
                 node->serial);
    sim->peers[node->serial].known = true;
    process_new(sim, node->serial, node->id);
    return true;
}

static void port_end(void *arg, uint64_t serial) {
    struct sim *sim = arg;
    struct node *node = process_find(sim, serial);
    expect_call(sim, "end");
    if (node != NULL)
        process_end(sim, node);
}

static bool port_runs(void *arg, uint64_t serial) {
    const struct node *node = process_find(arg, serial);
    expect_call(arg, "runs");
    return node != NULL && process_runs(node);
}

/* Only a process whose end the engine has heard of, or one that was never started. */
static void port_forget(void *arg, uint64_t serial) {
    struct sim *sim = arg;
    const struct node *node = process_find(sim, serial);
    struct peer *peer = &sim->peers[serial % MOST_NODES];
    expect_call(sim, "forget");
    if (node != NULL && !node->over)
        sim_fail(sim, "#%" PRIu64 " is forgotten before its end is heard of", serial);
    if (node != NULL && !peer->known)
        sim_fail(sim, "#%" PRIu64 " is forgotten twice", serial);
    if (peer->probe != NULL)
        link_close(sim, peer->probe);
    *peer = (struct peer){.known = false};
}

/* ---- sums ---- */

static struct message request_head(struct sim *sim, enum wire_operation operation, int64_t id,
                                   uint64_t serial) {
    uint8_t bytes[WIRE_HEAD];
    struct wire_writer writer = {.at = bytes, .end = bytes + sizeof bytes};
    wire_put_head(&writer, &(struct wire_head){.operation = operation, .id = id, .serial = serial});
    return sim_message(sim, bytes, sizeof bytes);
}

static struct slice_result result_of(struct sim *sim, const char *text, const struct slice *slice) {
    static const enum banyan_code codes[] = {BANYAN_OK, BANYAN_NOT_INTEGER, BANYAN_OUT_OF_RANGE};
    struct sum_result sum;
    sum_text(text, slice->len, slice->file ? SUM_BLANK_FILE : SUM_BLANK_LINE, &sum);
    struct slice_result result = {
        .sum = sum.sum, .count = sum.count, .error = codes[sum.error], .word_len = sum.word_len};
    if (sum.error != SUM_OK) {
        size_t shown = sum.word_len < ANSWER_WORD_MAX ? sum.word_len : ANSWER_WORD_MAX;
        result.word = memcpy(sim_alloc(sim, shown + 1), text + sum.word_at, shown);
    }
    return result;
}

static void summed(struct sim *sim, void *arg, const struct reply *reply) {
    shell_post(sim, &(struct posted){.kind = POST_SUMMED, .ask = arg, .reply = *reply});
}

/* The results are a function of the text, so they may be had before it arrives; the engine must not
 * know them before the answer. The text itself does not travel. */
static bool port_sums(void *arg, struct bundle *bundle) {
    struct sim *sim = arg;
    const char *text = bundle->text;
    expect_call(sim, "sums");
    if (shell_refused(sim))
        return false;
    struct ask *ask = sim_alloc(sim, sizeof *ask);
    struct message message = request_head(sim, WIRE_SUMS, bundle->id, bundle->serial);
    ask->bundle = bundle;
    ask->results = sim_alloc(sim, bundle->slice_count * sizeof *ask->results);
    for (uint32_t i = 0; i < bundle->slice_count; i++) {
        ask->results[i] = result_of(sim, text, &bundle->slices[i]);
        text += bundle->slices[i].len;
    }
    if (text != bundle->text + bundle->text_len)
        sim_fail(sim, "the slices of a bundle are not its text");
    sim->totals->bundles++;
    LL_PREPEND(sim->lent, ask);
    request_send(sim, &sim->controller, bundle->id, &message, summed, ask);
    return true;
}

/* ---- the overlay ---- */

/* Refused: not all nodes could be dialed. */
static bool port_adopt(void *arg, const struct engine_node *nodes, size_t count) {
    struct sim *sim = arg;
    struct wire_child *children = sim_alloc(sim, count * sizeof *children);
    bool all = !shell_refused(sim);
    expect_call(sim, "adopt");
    if (!all)
        count = sim_random(sim, count + 1);
    sim_trace(sim, "the controller adopts %zu%s", count, all ? "" : ", and not all");
    for (size_t i = 0; i < count; i++) {
        children[i].node = (struct wire_node){.serial = nodes[i].serial,
                                              .id = nodes[i].id,
                                              .low = nodes[i].low,
                                              .high = nodes[i].high};
        snprintf(children[i].address, sizeof children[i].address, "%" PRIu64, nodes[i].serial);
    }
    children_set(sim, &sim->controller, children, count);
    return all;
}

/* The set of a node comes before those of the nodes below it. */
static void check_order(struct sim *sim, const struct engine_set *sets, size_t count) {
    for (size_t late = 1; late < count; late++) {
        for (size_t i = 0; i < sets[late].count; i++) {
            for (size_t early = 0; early < late; early++) {
                if (sets[early].parent == sets[late].nodes[i].serial)
                    sim_fail(sim, "the set of #%" PRIu64 " comes too early", sets[early].parent);
            }
        }
    }
}

static bool port_arrange(void *arg, const struct engine_set *sets, size_t count) {
    struct sim *sim = arg;
    expect_call(sim, "arrange");
    if (shell_refused(sim))
        return false;
    check_order(sim, sets, count);
    arrange_begin(sim, sets, count);
    return true;
}

/* ---- surveys ---- */

static bool port_survey(void *arg, uint64_t round, uint64_t budget_us, uint64_t slack_us) {
    struct sim *sim = arg;
    expect_call(sim, "survey");
    if (shell_refused(sim))
        return false;
    sim_trace(sim, "survey %" PRIu64, round);
    sim->totals->surveys++;
    survey_begin(sim, round, budget_us, slack_us);
    return true;
}

struct probe {
    uint64_t serial;
    struct link *link;
};

static void probed(struct sim *sim, void *arg, const struct reply *reply) {
    const struct probe *probe = arg;
    shell_post(sim, &(struct posted){.kind = POST_PROBED,
                                     .serial = probe->serial,
                                     .link = probe->link,
                                     .reply = *reply});
}

/* At most one question is open. */
static bool port_probe(void *arg, uint64_t serial) {
    struct sim *sim = arg;
    struct peer *peer = &sim->peers[serial % MOST_NODES];
    struct node *node = process_find(sim, serial);
    expect_call(sim, "probe");
    if (node == NULL || !peer->known || !node->listens) {
        sim_fail(sim, "#%" PRIu64 " is asked, and is not there", serial);
        return false;
    }
    if (shell_refused(sim))
        return false;
    if (peer->probe != NULL)
        return true;
    struct message message = request_head(sim, WIRE_PROBE, node->id, serial);
    struct probe *probe = sim_alloc(sim, sizeof *probe);
    sim_trace(sim, "question to #%" PRIu64, serial);
    sim->totals->probes++;
    peer->probe = link_open(sim, &sim->controller, node, true);
    *probe = (struct probe){.serial = serial, .link = peer->probe};
    request_over(sim, &sim->controller, peer->probe, &message, probed, probe);
    return true;
}

static void port_unprobe(void *arg, uint64_t serial) {
    struct sim *sim = arg;
    struct peer *peer = &sim->peers[serial % MOST_NODES];
    expect_call(sim, "unprobe");
    if (peer->probe != NULL)
        link_close(sim, peer->probe);
    peer->probe = NULL;
}

static void port_notice(void *arg, const char *line) {
    expect_call(arg, "notice");
    sim_trace(arg, "notice: %s", line);
}

void shell_ports(struct sim *sim, struct engine_ports *ports) {
    *ports = (struct engine_ports){
        .arg = sim,
        .answer = port_answer,
        .start = port_start,
        .end = port_end,
        .runs = port_runs,
        .buffer = port_buffer,
        .unbuffer = port_unbuffer,
        .sums = port_sums,
        .adopt = port_adopt,
        .arrange = port_arrange,
        .survey = port_survey,
        .probe = port_probe,
        .unprobe = port_unprobe,
        .notice = port_notice,
        .forget = port_forget,
    };
}
