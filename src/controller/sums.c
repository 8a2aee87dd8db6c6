#include "sums.h"

#include <stdlib.h>

#include "controller.h"
#include "requests.h"

struct summing {
    struct request request;
    struct bundle *bundle;
};

/* Whether a text of len bytes can have this result. The engine adds the sums, and relies on the
 * total to fit 128 bits. */
static bool is_possible(const struct slice_result *result, size_t len) {
    int128 most = (int128)result->count << 63; /* fits, whatever count is */
    return result->count <= (len + 1) / 2 && result->sum >= -most && result->sum <= most &&
           result->word_len <= len;
}

static struct slice_result get_sum(struct wire_reader *reader, size_t len) {
    static const enum banyan_code codes[] = {BANYAN_OK, BANYAN_NOT_INTEGER, BANYAN_OUT_OF_RANGE};
    struct slice_result result = {.count = wire_get_u64(reader)};
    result.sum = wire_get_i128(reader);
    uint32_t error = wire_get_u32(reader);
    result.word_len = wire_get_u32(reader);
    if (error < sizeof codes / sizeof *codes)
        result.error = codes[error];
    else
        reader->bad = true;
    result.word = (const char *)wire_get_bytes(
        reader, result.word_len < WIRE_WORD_MAX ? result.word_len : WIRE_WORD_MAX);
    if (!is_possible(&result, len))
        reader->bad = true;
    return result;
}

static bool keep_room(struct results *results, uint32_t count) {
    if (count <= results->room)
        return true;
    struct slice_result *larger = realloc(results->row, count * sizeof *larger);
    if (larger == NULL)
        return false;
    results->row = larger;
    results->room = count;
    return true;
}

/* NULL: the answer does not fit the request, or out of memory. */
static const struct slice_result *get_sums(struct results *results, struct wire_reader *reader,
                                           const struct bundle *bundle) {
    uint32_t count = bundle->slice_count;
    if (!keep_room(results, count) || wire_get_u32(reader) != count)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        results->row[i] = get_sum(reader, bundle->slices[i].len);
    return wire_get_end(reader) ? results->row : NULL;
}

static void handle_answer(struct banyan *tree, struct event *event) {
    struct summing *summing = (struct summing *)event;
    const struct slice_result *results = NULL;
    char refusal[WIRE_TEXT_MAX] = "";
    const char *text = refusal;
    struct wire_reader reader;
    enum outcome outcome = request_outcome(&summing->request, WIRE_SUMS, &reader, refusal);
    if (outcome == OUTCOME_OK)
        results = get_sums(&tree->results, &reader, summing->bundle);
    if (outcome == OUTCOME_OK && results == NULL) {
        outcome = OUTCOME_REFUSED;
        text = "the node answered with something else";
    }
    engine_summed(tree->engine, summing->bundle, outcome, results, text);
    request_free(&summing->request);
}

bool sums_send(void *arg, struct bundle *bundle) {
    struct banyan *tree = arg;
    struct summing *summing = request_new(tree, sizeof *summing, handle_answer);
    if (summing == NULL)
        return false;
    summing->bundle = bundle;
    request_send(tree, &summing->request, bundle->id, buffers_message(bundle));
    return true;
}
