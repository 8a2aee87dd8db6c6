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

enum kind { START, JOIN, SUMS, ARRANGE, SURVEY };

/* A process, as the starter has reported it. */
enum life { LIFE_NONE, LIFE_STARTING, LIFE_READY, LIFE_OVER };

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
static enum life lives[SERIALS_MOST];
static bool joined[SERIALS_MOST], stopped[SERIALS_MOST];
static bool ended[SERIALS_MOST]; /* it is to end */
static bool probed[SERIALS_MOST];
static uint64_t last_serial;
static bool settling, answering;
static struct fuzz_input *refusals; /* NULL: ports refuse nothing, and the program says nothing */

static bool refuses(void) {
    return refusals != NULL && fuzz_below(refusals, 16) == 15;
}

static bool ask(const struct ask *new) {
    if (ask_count == ASKS_MOST || refuses())
        return false;
    asks[ask_count++] = *new;
    return true;
}

static void settle(void) {
    settling = true;
    engine_settle(engine);
    settling = false;
}

/* ---- commands ---- */

static void *tag(void) {
    return (void *)(uintptr_t)++command_count;
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

/* ---- the ports ---- */

/* Now and then the program gives a command when it is told an answer. */
static void follow(void) {
    if (refusals == NULL || fuzz_below(refusals, 4) != 3)
        return;
    unsigned which = fuzz_below(refusals, 9);
    command(which, fuzz_byte(refusals));
    engine_settle(engine); /* does nothing here */
}

static void port_answer(void *arg, void *tag, const struct answer *answer) {
    char line[300];
    size_t number = (size_t)(uintptr_t)tag - 1;
    (void)arg;
    FUZZ_CHECK(settling && !answering);
    FUZZ_CHECK(number < command_count && answers[number] == 0);
    answers[number]++;
    FUZZ_CHECK(answer_print(answer, line, sizeof line) > 0);
    for (size_t i = 0; i < answer->id_count; i++)
        FUZZ_CHECK(i == 0 || answer->ids[i - 1] < answer->ids[i]);
    answering = true;
    follow();
    answering = false;
}

static bool port_start(void *arg, const struct engine_node *node) {
    (void)arg;
    FUZZ_CHECK(node->low <= node->id && node->id <= node->high);
    if (node->serial >= SERIALS_MOST || refuses() || ask_count + 2 > ASKS_MOST)
        return false;
    FUZZ_CHECK(lives[node->serial] == LIFE_NONE);
    if (node->serial > last_serial)
        last_serial = node->serial;
    lives[node->serial] = LIFE_STARTING;
    asks[ask_count++] = (struct ask){.kind = START, .serial = node->serial};
    asks[ask_count++] = (struct ask){.kind = JOIN, .serial = node->serial};
    return true;
}

static void port_end(void *arg, uint64_t serial) {
    (void)arg;
    FUZZ_CHECK(serial < SERIALS_MOST);
    ended[serial] = true;
}

/* Whatever has been said of it: it may have been stopped or continued since, or have a debugger. */
static bool port_runs(void *arg, uint64_t serial) {
    (void)arg;
    FUZZ_CHECK(serial < SERIALS_MOST);
    return serial % 2 == 0 && lives[serial] != LIFE_OVER;
}

static bool port_sums(void *arg, struct bundle *bundle) {
    size_t len = 0;
    (void)arg;
    for (uint32_t i = 0; i < bundle->slice_count; i++)
        len += bundle->slices[i].len;
    FUZZ_CHECK(len == bundle->text_len && bundle->slice_count > 0);
    return ask(&(struct ask){.kind = SUMS, .serial = bundle->serial, .bundle = bundle});
}

/* The children of one node stand in disjoint intervals, and listen. */
static void check_children(const struct engine_node *nodes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct engine_node *node = &nodes[i];
        FUZZ_CHECK(node->serial < SERIALS_MOST && lives[node->serial] >= LIFE_READY);
        FUZZ_CHECK(node->low <= node->id && node->id <= node->high);
        for (size_t k = 0; k < i; k++)
            FUZZ_CHECK(nodes[k].high < node->low || node->high < nodes[k].low);
    }
}

static bool port_adopt(void *arg, const struct engine_node *nodes, size_t count) {
    (void)arg;
    check_children(nodes, count);
    return !refuses();
}

/* All of them, or none; the set of a node before those of its children. */
static bool port_arrange(void *arg, const struct engine_set *sets, size_t count) {
    (void)arg;
    FUZZ_CHECK(count > 0);
    for (size_t i = 0; i < count; i++) {
        check_children(sets[i].nodes, sets[i].count);
        for (size_t k = 0; k < sets[i].count; k++) {
            for (size_t early = 0; early < i; early++)
                FUZZ_CHECK(sets[early].parent != sets[i].nodes[k].serial);
        }
    }
    if (refuses() || ask_count + count > ASKS_MOST)
        return false;
    for (size_t i = 0; i < count; i++)
        asks[ask_count++] = (struct ask){
            .kind = ARRANGE, .serial = sets[i].parent, .version = sets[i].version};
    return true;
}

static bool port_survey(void *arg, uint64_t round, uint64_t budget_us, uint64_t slack_us) {
    (void)arg;
    FUZZ_CHECK(slack_us < budget_us);
    return ask(&(struct ask){.kind = SURVEY, .version = round});
}

static bool port_probe(void *arg, uint64_t serial) {
    (void)arg;
    FUZZ_CHECK(serial < SERIALS_MOST && lives[serial] >= LIFE_READY);
    probed[serial] = probed[serial] || !refuses();
    return probed[serial];
}

static void port_unprobe(void *arg, uint64_t serial) {
    (void)arg;
    FUZZ_CHECK(serial < SERIALS_MOST);
    probed[serial] = false;
}

static void port_notice(void *arg, const char *line) {
    (void)arg;
    FUZZ_CHECK(strchr(line, '\n') == NULL);
}

static void port_forget(void *arg, uint64_t serial) {
    (void)arg;
    if (serial >= SERIALS_MOST)
        return; /* never started */
    FUZZ_CHECK(lives[serial] == LIFE_NONE || lives[serial] == LIFE_OVER);
    probed[serial] = false;
}

/* ---- events ---- */

static struct ask take(size_t at) {
    struct ask taken = asks[at];
    memmove(asks + at, asks + at + 1, (--ask_count - at) * sizeof *asks);
    return taken;
}

/* What a node could have found in a text of that length. */
static void summed(struct bundle *bundle, enum outcome outcome, unsigned how) {
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
    engine_summed(engine, bundle, outcome, outcome == OUTCOME_OK ? results : NULL,
                  outcome == OUTCOME_REFUSED ? "refused" : NULL);
}

static void surveyed(uint64_t round, unsigned how) {
    uint64_t serials[SERIALS_MOST];
    size_t count = 0;
    for (uint64_t serial = 1; serial <= last_serial; serial++) {
        if (how == 0 ? lives[serial] == LIFE_READY : (serial * how) % 3 != 0)
            serials[count++] = serial;
    }
    engine_heard(engine, round, serials, count);
    engine_surveyed(engine, round);
}

/* The starter's news: ready before joined, and nothing after the end. */
static void is_ready(uint64_t serial) {
    if (lives[serial] != LIFE_STARTING)
        return;
    lives[serial] = LIFE_READY;
    engine_ready(engine, serial, 1000 + (int64_t)serial);
}

static void is_over(uint64_t serial) {
    bool was_ready = lives[serial] == LIFE_READY;
    if (lives[serial] == LIFE_OVER || lives[serial] == LIFE_NONE)
        return;
    lives[serial] = LIFE_OVER;
    if (was_ready)
        engine_ended(engine, serial, serial % 4 != 0 ? "killed by signal 9" : NULL);
    else
        engine_start_failed(engine, serial, "no");
}

static void joins(uint64_t serial) {
    is_ready(serial);
    if (lives[serial] != LIFE_READY || joined[serial])
        return;
    joined[serial] = true;
    engine_joined(engine, serial);
}

static void stops(uint64_t serial, bool stop) {
    if (lives[serial] != LIFE_STARTING && lives[serial] != LIFE_READY)
        return;
    stopped[serial] = stop;
    if (stop)
        engine_stopped(engine, serial, "stopped by signal 19");
    else
        engine_continued(engine, serial);
}

static void finish(struct ask done, enum outcome outcome, unsigned how) {
    struct engine_arranged arranged = {
        .parent = done.serial, .version = done.version, .outcome = outcome};
    switch (done.kind) {
    case START:
        if (outcome == OUTCOME_OK)
            is_ready(done.serial);
        else if (lives[done.serial] == LIFE_STARTING)
            is_over(done.serial);
        break;
    case JOIN:
        if (outcome == OUTCOME_OK)
            joins(done.serial); /* otherwise it never does */
        break;
    case SUMS:
        summed(done.bundle, outcome, how);
        break;
    case ARRANGE:
        engine_arranged(engine, &arranged, 1);
        break;
    default:
        surveyed(done.version, how);
    }
}

/* Every process that was told to end does. */
static void exits(void) {
    for (uint64_t serial = 1; serial <= last_serial; serial++) {
        if (ended[serial])
            is_over(serial);
    }
}

/* ---- numbers ---- */

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

/* ---- the input ---- */

static void answers_probe(uint64_t serial) {
    probed[serial] = false;
    engine_probed(engine, serial);
}

static void event(unsigned which, unsigned how) {
    uint64_t serial = last_serial > 0 ? 1 + how % last_serial : 0;
    if (which < 7 && ask_count > 0) /* mostly well, now and then broken or refused */
        finish(take(how % ask_count),
               which < 5    ? OUTCOME_OK
               : which == 5 ? OUTCOME_BROKEN
                            : OUTCOME_REFUSED,
               how / 4);
    else if (which == 7 && serial > 0 && how < 128)
        ended[serial] = true; /* by another process */
    else if (which == 7 && serial > 0)
        stops(serial, how < 200);
    else if (which == 8 && serial > 0 && probed[serial])
        answers_probe(serial);
    else if (which == 9)
        exits();
}

static void pass(uint64_t step_us) {
    now_us += step_us;
    engine_tick(engine, now_us);
    settle();
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
        settle();
}

static bool all_answered(void) {
    return ask_count == 0 && memchr(answers, 0, command_count) == NULL;
}

/* From now on there are no faults: every request is answered, and every process to be ended
 * ends. */
static void calm(void) {
    end_stream(false);
    for (uint64_t serial = 1; serial <= last_serial; serial++) {
        if (stopped[serial])
            stops(serial, false);
    }
    for (int i = 0; i < ROUNDS_AT_END && !all_answered(); i++) {
        for (size_t left = ask_count; left > 0; left--)
            finish(take(0), OUTCOME_OK, 0);
        for (uint64_t serial = 1; serial <= last_serial; serial++) {
            if (probed[serial] && lives[serial] == LIFE_READY)
                answers_probe(serial);
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
        .start = port_start,
        .end = port_end,
        .runs = port_runs,
        .sums = port_sums,
        .buffer = port_buffer,
        .unbuffer = port_unbuffer,
        .adopt = port_adopt,
        .arrange = port_arrange,
        .survey = port_survey,
        .probe = port_probe,
        .unprobe = port_unprobe,
        .notice = port_notice,
        .forget = port_forget,
    };
    ask_count = command_count = 0;
    last_serial = 0;
    now_us = 1;
    memset(answers, 0, sizeof answers);
    memset(lives, 0, sizeof lives);
    memset(joined, 0, sizeof joined);
    memset(stopped, 0, sizeof stopped);
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
            engine_summed(engine, asks[i].bundle, OUTCOME_BROKEN, NULL, NULL);
    }
    engine_free(engine);
    return 0;
}
