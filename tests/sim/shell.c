/*
 * shell.c: the engine's ports and the controller's loop, rule for rule as src/controller has them.
 *
 * What ends is put into an inbox. The controller wakes up a moment later, hands everything to the
 * engine, tells it the time, and has it send what has gathered.
 */
#include <inttypes.h>
#include <string.h>
#include <utlist.h>

#include "../unit/buffers.h"
#include "sim.h"
#include "sum/sum.h"

/* ---- the ports ---- */

static bool refused(struct sim *sim) {
    return sim->profile->refusals > 0 && sim_chance(sim, sim->profile->refusals);
}

static struct ask *ask_new(struct sim *sim, enum operation operation, int64_t id, uint64_t serial) {
    struct ask *ask = sim_alloc(sim, sizeof *ask);
    ask->operation = operation;
    ask->id = id;
    ask->serial = ask->about = serial;
    return ask;
}

static void ask_send(struct sim *sim, struct ask *ask) {
    request_send(sim, &sim->controller, ask, NULL);
}

static void port_answer(void *arg, void *tag, const struct answer *answer) {
    struct sim *sim = arg;
    struct command *command = tag;
    char text[128];
    answer_print(answer, text, sizeof text);
    sim_trace(sim, "answer to %u: %s", (unsigned)(command - sim->commands), text);
    if (command->answers++ > 0)
        sim_fail(sim, "command %u has two answers", (unsigned)(command - sim->commands));
    command->answered_us = sim->now_us;
    command->answer = *answer;
    sim->answered++;
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
}

static bool port_spawn(void *arg, const struct engine_spawn *spawn) {
    struct sim *sim = arg;
    const struct engine_node *node = &spawn->node;
    if (refused(sim) || node->serial >= MOST_NODES)
        return false;
    sim->peers[node->serial].known = true;
    sim->peers[node->serial].parent = spawn->parent;
    if (spawn->parent == 0) {
        process_new(sim, &sim->controller, node->serial, node->id, node->low, node->high);
        return true;
    }
    struct ask *ask = ask_new(sim, OP_SPAWN, spawn->parent_id, spawn->parent);
    ask->about = node->serial;
    ask->child_id = node->id;
    ask->low = node->low;
    ask->high = node->high;
    ask->version = spawn->version;
    sim_trace(sim, "spawn %" PRId64 "#%" PRIu64 " v%" PRIu64 " -> #%" PRIu64, node->id,
              node->serial, ask->version, spawn->parent);
    ask_send(sim, ask);
    return true;
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

/* The results are a function of the text, so they may be had before it arrives; the engine must not
 * know them before the answer. */
static bool port_sums(void *arg, struct bundle *bundle) {
    struct sim *sim = arg;
    const char *text = bundle->text;
    if (refused(sim))
        return false;
    struct ask *ask = ask_new(sim, OP_SUMS, bundle->id, bundle->serial);
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
    ask_send(sim, ask);
    return true;
}

static bool port_arrange(void *arg, const struct engine_children *children) {
    struct sim *sim = arg;
    if (refused(sim))
        return false;
    size_t count = children->count;
    uint64_t *serials = sim_alloc(sim, (count + children->starting_count) * sizeof *serials);
    for (size_t i = 0; i < count; i++)
        serials[i] = children->nodes[i].serial;
    sim_trace(sim, "set v%" PRIu64 " of %zu -> #%" PRIu64, children->version, children->count,
              children->parent);
    sim->totals->sets++;
    if (children->parent == 0) {
        for (size_t i = 0; i < children->starting_count; i++) {
            const struct node *node = process_find(sim, children->starting[i]);
            if (node != NULL && node->watched) /* it is connected already */
                serials[count++] = node->serial;
        }
        return children_set(sim, &sim->controller, serials, count);
    }
    struct ask *ask = ask_new(sim, OP_CHILDREN, children->parent_id, children->parent);
    ask->version = children->version;
    ask->children = serials;
    ask->child_count = children->count;
    ask->starting_count = children->starting_count;
    ask->starting = sim_alloc(sim, children->starting_count * sizeof *ask->starting);
    if (children->starting_count > 0)
        memcpy(ask->starting, children->starting, children->starting_count * sizeof *ask->starting);
    ask_send(sim, ask);
    return true;
}

static void port_end(void *arg, uint64_t serial) {
    struct sim *sim = arg;
    struct node *node = process_find(sim, serial);
    if (sim->peers[serial].known && node != NULL && node->watched)
        process_end(sim, node);
}

/* Has the starter leave nothing of it. */
void shell_reap(struct sim *sim, uint64_t serial, const struct node *starter) {
    struct ask *ask = ask_new(sim, OP_REAP, starter->id, starter->serial);
    ask->about = serial;
    ask->version = engine_version(sim->engine);
    ask_send(sim, ask);
}

/* An exit status can be collected by the starter, and once that is dead, by the controller. */
static bool port_reap(void *arg, uint64_t serial, uint64_t starter) {
    struct sim *sim = arg;
    struct node *node = process_find(sim, serial);
    if (refused(sim))
        return false;
    if (starter != 0) {
        shell_reap(sim, serial, process_find(sim, starter));
        return true;
    }
    bool own = node != NULL && (node->starter->serial == 0 || node->starter->dead);
    bool collects = own && node->dead; /* or its starter had done so before it ended */
    if (collects)
        node->collected = true;
    shell_post(sim, &(struct posted){.kind = POST_COLLECTED,
                                     .serial = serial,
                                     .reply.status = collects ? STATUS_OK : STATUS_BROKEN});
    return true;
}

static bool port_survey(void *arg, uint64_t round, uint64_t budget_us, uint64_t slack_us) {
    struct sim *sim = arg;
    if (refused(sim))
        return false;
    sim_trace(sim, "survey %" PRIu64, round);
    sim->totals->surveys++;
    survey_start(sim, &sim->controller, round, sim->now_us + budget_us, slack_us, NULL);
    return true;
}

static bool port_probe(void *arg, uint64_t serial) {
    struct sim *sim = arg;
    struct peer *peer = &sim->peers[serial];
    struct node *node = process_find(sim, serial);
    if (refused(sim) || !peer->known || node == NULL)
        return false;
    if (peer->probe == NULL) {
        sim->totals->probes++;
        peer->probe = link_open(sim, &sim->controller, node);
        peer->probe->direct = true;
        request_over(sim, peer->probe, ask_new(sim, OP_PROBE, node->id, serial), NULL);
    }
    return true;
}

static void port_unprobe(void *arg, uint64_t serial) {
    struct sim *sim = arg;
    struct peer *peer = &sim->peers[serial];
    if (peer->probe != NULL)
        link_close(sim, peer->probe);
    peer->probe = NULL;
}

static bool port_runs(void *arg, uint64_t serial) {
    struct node *node = process_find(arg, serial);
    return node != NULL && !node->dead && !node->stopped;
}

static void port_notice(void *arg, const char *line) {
    (void)arg, (void)line;
}

static void port_forget(void *arg, uint64_t serial) {
    struct sim *sim = arg;
    struct node *node = process_find(sim, serial);
    const struct peer *peer = &sim->peers[serial];
    port_unprobe(arg, serial);
    if (peer->parent != 0 && (node == NULL || !node->watched) && sim->peers[peer->parent].known)
        shell_reap(sim, serial, process_find(sim, peer->parent));
    sim->peers[serial].known = false;
    if (node != NULL && node->starter->serial == 0 && !node->watched && !node->collected) {
        process_end(sim, node);
        node->collected = true;
    }
}

void shell_ports(struct sim *sim, struct engine_ports *ports) {
    *ports = (struct engine_ports){
        .arg = sim,
        .answer = port_answer,
        .spawn = port_spawn,
        .sums = port_sums,
        .buffer = port_buffer,
        .unbuffer = port_unbuffer,
        .arrange = port_arrange,
        .end = port_end,
        .reap = port_reap,
        .survey = port_survey,
        .probe = port_probe,
        .unprobe = port_unprobe,
        .runs = port_runs,
        .notice = port_notice,
        .forget = port_forget,
    };
}
