/*
 * The sum kernel: the vector version against the plain byte loop, and a text cut into slices at
 * blanks against the whole. The first byte chooses the blanks, the second and third the cuts; a
 * byte of 0x80 or more in the text repeats what precedes it, so that small inputs reach blocks,
 * columns and carries.
 */
#include "fuzz.h"
#include "sum/sum.h"

enum { TEXT_MOST = 64 << 10, REPEAT_MOST = 64 };

static void same(const struct sum_result *a, const struct sum_result *b) {
    FUZZ_CHECK(a->sum == b->sum);
    FUZZ_CHECK(a->count == b->count);
    FUZZ_CHECK(a->error == b->error);
    if (a->error != SUM_OK)
        FUZZ_CHECK(a->word_at == b->word_at && a->word_len == b->word_len);
}

static void sum_fast(const char *text, size_t len, enum sum_blank blank,
                     struct sum_result *result) {
    if (sum_have_avx2())
        sum_text_avx2(text, len, blank, result);
    else
        sum_text(text, len, blank, result);
}

static bool is_blank(char c, enum sum_blank blank) {
    return c == ' ' || c == '\t' || (blank == SUM_BLANK_FILE && c >= '\n' && c <= '\r');
}

/* As a controller cuts: each slice ends behind a blank, and the sums are added up to the first
 * error. */
static void sum_cut(const char *text, size_t len, enum sum_blank blank, size_t cut,
                    struct sum_result *total) {
    *total = (struct sum_result){.error = SUM_OK};
    for (size_t at = 0, end; at < len && total->error == SUM_OK; at = end) {
        struct sum_result part;
        end = at + cut < len ? at + cut : len;
        while (end < len && !is_blank(text[end - 1], blank))
            end++;
        sum_text(text + at, end - at, blank, &part);
        total->sum += part.sum;
        total->count += part.count;
        total->error = part.error;
        total->word_at = at + part.word_at;
        total->word_len = part.word_len;
    }
}

static size_t spread(struct fuzz_input *input, char *text) {
    size_t len = 0;
    while (input->at < input->end && len < TEXT_MOST) {
        uint8_t byte = fuzz_byte(input);
        if (byte < 0x80) {
            text[len++] = (char)byte;
            continue;
        }
        size_t unit = 1 + (byte & 31), times = 1 + fuzz_below(input, REPEAT_MOST);
        if (unit > len)
            continue;
        for (; times > 0 && len + unit <= TEXT_MOST; times--, len += unit)
            memcpy(text + len, text + len - unit, unit);
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char spread_text[TEXT_MOST];
    struct fuzz_input input = {.at = data, .end = data + size};
    enum sum_blank blank = fuzz_below(&input, 2) == 0 ? SUM_BLANK_LINE : SUM_BLANK_FILE;
    size_t cut = 1 + fuzz_byte(&input) + 256u * fuzz_byte(&input);
    size_t len = spread(&input, spread_text);
    struct sum_result slow, fast, chosen, sliced;
    char *text = malloc(len > 0 ? len : 1); /* of the exact size, for the sanitizer */
    FUZZ_CHECK(text != NULL);
    memcpy(text, spread_text, len);
    sum_text_loop(text, len, blank, &slow);
    sum_fast(text, len, blank, &fast);
    sum_text(text, len, blank, &chosen);
    sum_cut(text, len, blank, cut, &sliced);
    same(&slow, &fast);
    same(&slow, &chosen);
    same(&slow, &sliced);
    free(text);
    return 0;
}
