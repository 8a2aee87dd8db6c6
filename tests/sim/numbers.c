/*
 * numbers.c: texts of numbers, and what each must be worth: counted while they are made, not read
 * back from the text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

enum { SHARED = 400000 }; /* numbers, of about 10 bytes: four slices */

/* One row of numbers that all long execs take pieces of: so its text and its partial sums are made
 * once, and no two slices of it are worth the same. */
static struct {
    char *text;
    uint32_t *at; /* where a number starts */
    int128 *sum;  /* of the numbers before it */
} shared;

void numbers_prepare(void) {
    uint64_t random = 1;
    shared.text = malloc(SHARED * 22);
    shared.at = malloc((SHARED + 1) * sizeof *shared.at);
    shared.sum = malloc((SHARED + 1) * sizeof *shared.sum);
    if (shared.text == NULL || shared.at == NULL || shared.sum == NULL)
        abort();
    size_t len = 0;
    int128 sum = 0;
    for (size_t i = 0; i < SHARED; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        int64_t value = (int64_t)random >> (random >> 59 < 4 ? 0 : 34);
        shared.at[i] = (uint32_t)len;
        shared.sum[i] = sum;
        len += (size_t)sprintf(shared.text + len, "%" PRId64 "%c", value, i % 8 == 7 ? '\n' : ' ');
        sum += value;
    }
    shared.at[SHARED] = (uint32_t)len;
    shared.sum[SHARED] = sum;
}

void numbers_release(void) {
    free(shared.text);
    free(shared.at);
    free(shared.sum);
}

/* ---- long texts: a piece of the shared row, and perhaps a wrong word behind it ---- */

static void make_long(struct sim *sim, struct command *command) {
    uint64_t from = sim_random(sim, SHARED / 2), upto = sim_between(sim, from + 1, SHARED);
    command->file = true;
    command->shared = shared.text + shared.at[from];
    command->shared_len = shared.at[upto] - shared.at[from];
    command->sum = shared.sum[upto] - shared.sum[from];
    command->count = command->n = upto - from;
    command->text = "";
    if (sim_chance(sim, 10)) {
        command->text = "1x \n 5 6";
        command->code = BANYAN_NOT_INTEGER;
    }
    command->len = strlen(command->text);
}

/* ---- short texts ---- */

static void add_word(char *text, size_t *len, const char *word, const char *blank) {
    *len += (size_t)sprintf(text + *len, "%s%s", word, blank);
}

static int64_t any_number(struct sim *sim) {
    switch (sim_random(sim, 8)) {
    case 0:
        return INT64_MAX;
    case 1:
        return INT64_MIN;
    case 2:
        return (int64_t)sim_random(sim, UINT64_MAX);
    default:
        return (int64_t)sim_random(sim, 2001) - 1000;
    }
}

static const char *any_blank(struct sim *sim, bool file) {
    static const char *const blanks[] = {" ", " ", "\t", "  ", "\n", "\r\n"};
    return blanks[sim_random(sim, file ? 6 : 4)];
}

static void wrong_word(struct sim *sim, struct command *command, char *text, size_t *len) {
    bool huge = sim_chance(sim, 50);
    command->code = huge ? BANYAN_OUT_OF_RANGE : BANYAN_NOT_INTEGER;
    add_word(text, len, huge ? "9223372036854775808" : "12a", " 4");
}

static void make_short(struct sim *sim, struct command *command) {
    uint64_t count = sim_chance(sim, 3) ? 0 : sim_between(sim, 1, 6);
    char *text = sim_alloc(sim, 40 * (count + 3)), word[32];
    size_t len = 0;
    for (uint64_t i = 0; i < count; i++) {
        int64_t value = any_number(sim);
        const char *form = sim_chance(sim, 10) ? "%+" PRId64 : "%" PRId64;
        snprintf(word, sizeof word, form, value);
        add_word(text, &len, word, any_blank(sim, command->file));
        command->sum += value;
    }
    command->count = command->n = count;
    if (sim_chance(sim, 4))
        wrong_word(sim, command, text, &len);
    command->text = text;
    command->len = len;
}

void numbers_make(struct sim *sim, struct command *command) {
    command->file = command->streamed && sim_chance(sim, 70);
    if (command->streamed && sim->profile->streams && sim_chance(sim, 60))
        make_long(sim, command);
    else
        make_short(sim, command);
    if (sim_chance(sim, 4)) {
        command->n += sim_chance(sim, 50) ? 1 : UINT64_MAX;
        if (command->code == BANYAN_OK)
            command->code = BANYAN_WRONG_COUNT;
    } else if (command->code == BANYAN_OK && command->count == 0) {
        command->n = 1;
        command->code = BANYAN_WRONG_COUNT;
    }
    if (command->n < 1 || command->n > ANSWER_N_MAX)
        command->code = BANYAN_BAD_N;
    if (command->streamed && sim_chance(sim, 3))
        command->fails = true;
}
