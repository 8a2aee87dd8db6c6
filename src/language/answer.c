#include "answer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Text that is written as far as there is room; the length is that of the whole text. */
struct out {
    char *text;
    size_t size, len;
};

static void put_partly(struct out *out, const char *bytes, size_t len) {
    if (out->len < out->size)
        memcpy(out->text + out->len, bytes, out->size - out->len);
    out->len += len;
}

/* Inline, because most texts have a length that the compiler knows. */
static inline void put(struct out *out, const char *bytes, size_t len) {
    if (out->len + len > out->size) {
        put_partly(out, bytes, len);
        return;
    }
    memcpy(out->text + out->len, bytes, len);
    out->len += len;
}

static inline void put_text(struct out *out, const char *text) {
    put(out, text, strlen(text));
}

static void put_number(struct out *out, int128 value) {
    char digits[NUMBER_TEXT_MAX];
    if (out->len + NUMBER_TEXT_MAX <= out->size)
        out->len += number_print(out->text + out->len, value);
    else
        put(out, digits, number_print(digits, value));
}

__attribute__((format(printf, 2, 3))) static void put_format(struct out *out, const char *format,
                                                             ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    put(out, line, len < 0 ? 0 : (size_t)len < sizeof line ? (size_t)len : sizeof line - 1);
}

/* Whether a byte could move a terminal's cursor: the C0 controls, and in UTF-8 the C1 controls. */
static bool is_control(unsigned char before, unsigned char byte) {
    return byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte >= 0x80 && byte < 0xa0);
}

/* A quoted word may hold any bytes; control characters are shown as \xHH. */
static void put_shown(struct out *out, const char *text, size_t len) {
    unsigned char before = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (is_control(before, byte))
            put_format(out, "\\x%02x", byte);
        else
            put(out, text + i, 1);
        before = byte;
    }
}

static void put_word(struct out *out, const char *word, size_t len) {
    size_t shown = len < ANSWER_WORD_MAX ? len : ANSWER_WORD_MAX;
    put_shown(out, word, shown);
    if (len > shown)
        put_text(out, "...");
}

static void put_ids(struct out *out, const struct answer *answer) {
    if (answer->id_count == 0)
        put_text(out, "-1");
    for (size_t i = 0; i < answer->id_count; i++) {
        if (i > 0)
            put_text(out, ";");
        put_number(out, answer->ids[i]);
    }
}

static void put_result(struct out *out, const struct answer *answer) {
    switch (answer->command) {
    case COMMAND_CREATE:
        put_text(out, "Ok: ");
        put_number(out, answer->pid);
        break;
    case COMMAND_EXEC:
        put_text(out, "Ok:");
        put_number(out, answer->id);
        put_text(out, ": ");
        put_number(out, answer->sum);
        break;
    case COMMAND_EXPLAIN:
        put_text(out, answer->text);
        break;
    case COMMAND_PINGALL:
        put_text(out, "Ok: ");
        put_ids(out, answer);
        break;
    default:
        put_text(out, "Ok");
    }
}

/* If the word after exec is not an id, the word stands in the place of the id. */
static void put_error_head(struct out *out, const struct answer *answer) {
    put_text(out, "Error:");
    if (answer->command != COMMAND_EXEC)
        return;
    if (answer->code == BANYAN_BAD_ID)
        put_word(out, answer->word, answer->word_len);
    else
        put_number(out, answer->id);
    put_text(out, ":");
}

static void put_wrong_word(struct out *out, const struct answer *answer, const char *what) {
    put_format(out, "number %" PRIu64 " is %s: '", answer->position, what);
    put_word(out, answer->word, answer->word_len);
    put_text(out, "'");
}

/* The text of an error that is always the same; NULL: it is not. */
static const char *fixed_text(enum banyan_code code) {
    static const char *const texts[] = {
        [BANYAN_NOT_FOUND] = "Not found",
        [BANYAN_UNAVAILABLE] = "Node is unavailable",
        [BANYAN_EXISTS] = "Already exists",
        [BANYAN_NO_SUCH_PARENT] = "Parent not found",
        [BANYAN_PARENT_UNAVAILABLE] = "Parent is unavailable",
    };
    return code < sizeof texts / sizeof *texts ? texts[code] : NULL;
}

static void put_error(struct out *out, const struct answer *answer) {
    const char *fixed = fixed_text(answer->code);
    if (fixed != NULL) {
        put_text(out, fixed);
        return;
    }
    switch (answer->code) {
    case BANYAN_WRONG_PARENT:
        put_format(out,
                   "%" PRId64 " does not belong under %" PRId64 ": its place is under %" PRId64,
                   answer->id, answer->parent, answer->place);
        break;
    case BANYAN_BAD_ID:
        put_text(out, "'");
        put_word(out, answer->word, answer->word_len);
        put_text(out, "' is not an id: expected a signed 64-bit integer other than -1");
        break;
    case BANYAN_BAD_N:
        put_format(out, "N must be from 1 to %d", ANSWER_N_MAX);
        break;
    case BANYAN_WRONG_COUNT:
        put_format(out, "expected %" PRIu64 " numbers, got %" PRIu64, answer->expected,
                   answer->got);
        break;
    case BANYAN_NOT_INTEGER:
        put_wrong_word(out, answer, "not an integer");
        break;
    case BANYAN_OUT_OF_RANGE:
        put_wrong_word(out, answer, "out of range");
        break;
    case BANYAN_UNKNOWN:
        put_text(out, "unknown command '");
        put_word(out, answer->word, answer->word_len);
        put_text(out, "'");
        if (answer->text != NULL)
            put_format(out, ": expected %s", answer->text);
        break;
    default:
        put_shown(out, answer->text, strlen(answer->text));
    }
}

const char *answer_name(enum banyan_code code) {
    static const char *const names[] = {
        [BANYAN_OK] = "ok",
        [BANYAN_NOT_FOUND] = "not_found",
        [BANYAN_UNAVAILABLE] = "unavailable",
        [BANYAN_EXISTS] = "exists",
        [BANYAN_NO_SUCH_PARENT] = "no_parent",
        [BANYAN_PARENT_UNAVAILABLE] = "parent_unavailable",
        [BANYAN_WRONG_PARENT] = "wrong_parent",
        [BANYAN_BAD_ID] = "bad_id",
        [BANYAN_BAD_N] = "bad_n",
        [BANYAN_WRONG_COUNT] = "wrong_count",
        [BANYAN_NOT_INTEGER] = "not_integer",
        [BANYAN_OUT_OF_RANGE] = "out_of_range",
        [BANYAN_USAGE] = "usage",
        [BANYAN_SYSTEM] = "system",
        [BANYAN_UNKNOWN] = "unknown_command",
    };
    return code <= BANYAN_UNKNOWN ? names[code] : "unknown";
}

const char *answer_state_name(enum banyan_state state) {
    static const char *const names[] = {
        [BANYAN_STARTING] = "starting",
        [BANYAN_AVAILABLE] = "available",
        [BANYAN_SILENT] = "silent",
        [BANYAN_ENDED] = "ended",
    };
    return state <= BANYAN_ENDED ? names[state] : "unknown";
}

static struct out out_start(char *text, size_t size) {
    return (struct out){.text = text, .size = size > 0 ? size - 1 : 0};
}

static size_t out_end(const struct out *out, size_t size) {
    if (size > 0)
        out->text[out->len < out->size ? out->len : out->size] = '\0';
    return out->len;
}

size_t answer_print_error(const struct answer *answer, char *text, size_t size) {
    struct out out = out_start(text, size);
    put_error(&out, answer);
    return out_end(&out, size);
}

size_t answer_print(const struct answer *answer, char *text, size_t size) {
    struct out out = out_start(text, size);
    if (answer->code == BANYAN_OK) {
        put_result(&out, answer);
    } else {
        put_error_head(&out, answer);
        put_text(&out, " ");
        put_error(&out, answer);
    }
    return out_end(&out, size);
}
