/*
 * The engine driven by bytes: each pair of them is a command, an event or a step of time, in any
 * order and with any result that the shell could hand over, such that no world that makes sense
 * lies behind it (the simulator in tests/sim has one). At the end everything that is outstanding is
 * answered well, and every command must have been answered exactly once.
 */
#include "../unit/buffers.h"
#include "core/engine.h"
#include "fuzz.h"

enum {
    COMMANDS_MOST = 200,
    ASKS_MOST = 4000,
    SERIALS_MOST = 256,
    DEADLINE_US = 1000000,
    ROUNDS_AT_END = 300,
};

enum kind { SPAWN, JOIN /* the node's own word */, SUMS, ARRANGE, REAP, SURVEY };

struct ask {
    enum kind kind;
    uint64_t serial, version; /* SURVEY: the round */
    struct bundle *bundle;
};

static struct engine *engine;
static struct ask asks[ASKS_MOST];
static size_t ask_count;
static unsigned char answers[COMMANDS_MOST];
static size_t command_count;
static struct exec *stream; /* one that is being filled */
static uint64_t now_us;
static bool alive[SERIALS_MOST], ended[SERIALS_MOST], probed[SERIALS_MOST];
static uint64_t last_serial;
static struct fuzz_input *refusals; /* NULL: ports refuse nothing */

static bool refuses(void) {
    return refusals != NULL && fuzz_below(refusals, 16) == 15;
}

static bool ask(const struct ask *new) {
    if (ask_count == ASKS_MOST || refuses())
        return false;
    asks[ask_count++] = *new;
    return true;
}

/* ---- the ports ---- */

static void port_answer(void *arg, void *tag, const struct answer *answer) {
    char line[300];
    size_t number = (size_t)(uintptr_t)tag - 1;
    (void)arg;
    FUZZ_CHECK(number < command_count && answers[number] == 0);
    answers[number]++;
    FUZZ_CHECK(answer_print(answer, line, sizeof line) > 0);
    for (size_t i = 0; i < answer->id_count; i++)
        FUZZ_CHECK(i == 0 || answer->ids[i - 1] < answer->ids[i]);
}

static bool port_spawn(void *arg, const struct engine_spawn *spawn) {
    (void)arg;
    FUZZ_CHECK(spawn->node.low <= spawn->node.id && spawn->node.id <= spawn->node.high);
    if (spawn->node.serial >= SERIALS_MOST)
        return false;
    if (spawn->node.serial > last_serial)
        last_serial = spawn->node.serial;
    return ask(&(struct ask){.kind = SPAWN, .serial = spawn->node.serial}) &&
           ask(&(struct ask){.kind = JOIN, .serial = spawn->node.serial});
}

static bool port_sums(void *arg, struct bundle *bundle) {
    size_t len = 0;
    (void)arg;
    for (uint32_t i = 0; i < bundle->slice_count; i++)
        len += bundle->slices[i].len;
    FUZZ_CHECK(len == bundle->text_len && bundle->slice_count > 0);
    return ask(&(struct ask){.kind = SUMS, .serial = bundle->serial, .bundle = bundle});
}

/* The children of one node stand in disjoint intervals. */
static bool port_arrange(void *arg, const struct engine_children *children) {
    (void)arg;
    for (size_t i = 0; i < children->count; i++) {
        const struct engine_node *node = &children->nodes[i];
        FUZZ_CHECK(node->low <= node->id && node->id <= node->high);
        for (size_t k = 0; k < i; k++)
            FUZZ_CHECK(children->nodes[k].high < node->low || node->high < children->nodes[k].low);
    }
    if (children->parent == 0)
        return !refuses();
    return ask(
        &(struct ask){.kind = ARRANGE, .serial = children->parent, .version = children->version});
}

static void port_end(void *arg, uint64_t serial) {
    (void)arg;
    ended[serial] = true;
}

static bool port_reap(void *arg, uint64_t serial, uint64_t starter) {
    (void)arg, (void)starter;
    return ask(&(struct ask){.kind = REAP, .serial = serial});
}

static bool port_survey(void *arg, uint64_t round, uint64_t budget_us, uint64_t slack_us) {
    (void)arg;
    FUZZ_CHECK(slack_us < budget_us);
    return ask(&(struct ask){.kind = SURVEY, .version = round});
}

static bool port_probe(void *arg, uint64_t serial) {
    (void)arg;
    FUZZ_CHECK(serial < SERIALS_MOST);
    probed[serial] = !refuses();
    return probed[serial];
}

static bool port_runs(void *arg, uint64_t serial) {
    (void)arg;
    return serial % 2 == 0;
}

static void port_unprobe(void *arg, uint64_t serial) {
    (void)arg;
    probed[serial] = false;
}

static void port_notice(void *arg, const char *line) {
    (void)arg;
    FUZZ_CHECK(strchr(line, '\n') == NULL);
}

static void port_forget(void *arg, uint64_t serial) {
    (void)arg;
    if (serial < SERIALS_MOST)
        alive[serial] = probed[serial] = false;
}

/* ---- events ---- */

static struct ask take(size_t at) {
    struct ask taken = asks[at];
    memmove(asks + at, asks + at + 1, (--ask_count - at) * sizeof *asks);
    return taken;
}

/* What a node could have found in a text of that length. */
static void summed(struct bundle *bundle, enum hop hop, unsigned how) {
    static struct slice_result results[4096];
    FUZZ_CHECK(bundle->slice_count <= sizeof results / sizeof *results);
    for (uint32_t i = 0; i < bundle->slice_count; i++) {
        uint64_t count = how % 4 == 0 ? (bundle->slices[i].len + 1) / 2 : how % 4;
        results[i] = (struct slice_result){.count = count, .sum = (int128)count * INT64_MIN};
        if (how % 8 == 7) {
            results[i].error = BANYAN_NOT_INTEGER;
            results[i].word = "wrong";
            results[i].word_len = 5;
        }
    }
    engine_summed(engine, bundle, hop, hop == HOP_OK ? results : NULL,
                  hop == HOP_REFUSED ? "refused" : NULL);
}

static void surveyed(uint64_t round, unsigned how) {
    uint64_t serials[SERIALS_MOST];
    size_t count = 0;
    for (uint64_t serial = 1; serial <= last_serial; serial++) {
        if (how == 0 ? alive[serial] : (serial * how) % 3 != 0)
            serials[count++] = serial;
    }
    engine_heard(engine, round, serials, count);
    engine_surveyed(engine, round);
}

/* A process is there from when it is heard of to its end. */
static void lives(uint64_t serial) {
    alive[serial] = alive[serial] || !ended[serial];
}

static void spawned(uint64_t serial, enum hop hop) {
    if (hop == HOP_OK)
        lives(serial);
    engine_spawned(engine, serial, hop, 1000 + (int64_t)serial, hop == HOP_REFUSED ? "no" : NULL);
}

static void finish(struct ask done, enum hop hop, unsigned how) {
    switch (done.kind) {
    case SPAWN:
        spawned(done.serial, hop);
        break;
    case JOIN:
        if (hop != HOP_OK)
            break; /* it never joins */
        lives(done.serial);
        engine_joined(engine, done.serial, 1000 + (int64_t)done.serial);
        break;
    case SUMS:
        summed(done.bundle, hop, how);
        break;
    case ARRANGE:
        engine_arranged(engine, done.serial, done.version, hop);
        break;
    case REAP:
        engine_reaped(engine, done.serial, hop == HOP_REFUSED ? HOP_OK : hop,
                      how % 2 == 0 ? "killed by signal 9" : NULL);
        break;
    default:
        surveyed(done.version, how);
    }
}

/* Every process that was told to end does. */
static void exits(void) {
    for (uint64_t serial = 1; serial <= last_serial; serial++) {
        if (ended[serial] && alive[serial]) {
            alive[serial] = false;
            engine_exited(engine, serial);
        }
    }
}

/* ---- commands ---- */

static void *tag(void) {
    return (void *)(uintptr_t)++command_count;
}

static void fill(unsigned len) {
    char *at;
    size_t room;
    if (stream == NULL || engine_exec_room(stream, &at, &room) != EXEC_ROOM)
        return;
    size_t some = len % 16 == 0 ? room : 2 * (size_t)len < room ? 2 * (size_t)len : room;
    for (size_t i = 0; i < some; i++)
        at[i] = i % 2 == 0 || len % 32 == 16 ? '1' : ' ';
    engine_exec_filled(stream, some);
}

static void end_stream(bool fails) {
    if (stream != NULL && fails)
        engine_exec_fail(stream, "fails");
    else if (stream != NULL)
        engine_exec_end(stream);
    stream = NULL;
}

static void command(unsigned which, unsigned how) {
    static const char numbers[] = "1 2 3 4 5 6 7 8";
    int64_t id = (int64_t)(how % 16) - 3;
    if (command_count == COMMANDS_MOST || id == -1)
        return;
    if (which < 3)
        engine_create(engine, tag(), id, which == 2, (int64_t)(how / 16) - 3);
    else if (which < 5)
        engine_exec(engine, tag(), id, how / 16 % 3 * 4, numbers, how / 16);
    else if (which == 5 && stream == NULL)
        stream = engine_exec_begin(engine, tag(), id, how, how % 2 == 0);
    else if (which == 6)
        engine_pingall(engine, tag());
    else if (which == 7)
        engine_kill(engine, tag(), id);
    else
        engine_explain(engine, tag(), id);
}

/* ---- the input ---- */

static void event(unsigned which, unsigned how) {
    uint64_t serial = last_serial > 0 ? 1 + how % last_serial : 0;
    if (which < 7 && ask_count > 0) /* mostly well, now and then broken or refused */
        finish(take(how % ask_count),
               which < 5    ? HOP_OK
               : which == 5 ? HOP_BROKEN
                            : HOP_REFUSED,
               how / 4);
    else if (which == 7 && serial > 0 && alive[serial])
        ended[serial] = true; /* by somebody else */
    else if (which == 8 && serial > 0 && probed[serial])
        engine_probed(engine, serial);
    else if (which == 9)
        exits();
}

static void pass(uint64_t step_us) {
    now_us += step_us;
    engine_tick(engine, now_us);
    engine_flush(engine);
}

static void step(struct fuzz_input *input) {
    unsigned what = fuzz_byte(input), how = fuzz_byte(input);
    if (what < 80)
        command(what % 9, how);
    else if (what < 200)
        event(what % 10, how);
    else if (what < 220)
        fill(how);
    else if (what < 225)
        end_stream(how % 2 == 0);
    else
        pass((uint64_t)how << (what % 3 * 6));
    if (what % 2 == 0)
        engine_flush(engine);
}

static bool is_over(void) {
    return ask_count == 0 && memchr(answers, 0, command_count) == NULL;
}

/* From now on the world is well: everything is answered, whoever is to end does. */
static void calm(void) {
    end_stream(false);
    for (int i = 0; i < ROUNDS_AT_END && !is_over(); i++) {
        for (size_t left = ask_count; left > 0; left--)
            finish(take(0), HOP_OK, 0);
        for (uint64_t serial = 1; serial <= last_serial; serial++) {
            if (probed[serial] && alive[serial])
                engine_probed(engine, serial);
        }
        exits();
        pass(DEADLINE_US / 10);
    }
    for (size_t i = 0; i < command_count; i++)
        FUZZ_CHECK(answers[i] == 1);
}

static void start(const struct engine_options *options) {
    const struct engine_ports ports = {
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
    ask_count = command_count = 0;
    last_serial = 0;
    now_us = 1;
    memset(answers, 0, sizeof answers);
    memset(alive, 0, sizeof alive);
    memset(ended, 0, sizeof ended);
    memset(probed, 0, sizeof probed);
    engine = engine_new(options, &ports);
    FUZZ_CHECK(engine != NULL);
    engine_time(engine, now_us);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct engine_options options = {.deadline_us = DEADLINE_US};
    size_t drawn = size / 4;
    struct fuzz_input refusing = {.at = data, .end = data + drawn};
    struct fuzz_input input = {.at = data + drawn, .end = data + size};
    start(&options);
    refusals = &refusing;
    while (input.at < input.end && ask_count < ASKS_MOST)
        step(&input);
    refusals = NULL;
    calm();
    for (size_t i = 0; i < ask_count; i++) {
        if (asks[i].kind == SUMS)
            engine_summed(engine, asks[i].bundle, HOP_BROKEN, NULL, NULL);
    }
    engine_free(engine);
    return 0;
}
