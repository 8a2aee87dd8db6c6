/*
 * The command grammar. A line is one request, or refused with one line of text that says why, or
 * nothing. A request that is written out again is the same request. What is said of a long line by
 * its beginning is what the whole line says.
 */
#include <inttypes.h>

#include "fuzz.h"
#include "language/grammar.h"

static bool same_request(const struct request *one, const struct request *other) {
    return one->form == other->form && one->named == other->named && one->id == other->id &&
           one->parent == other->parent && one->n == other->n && one->rest.len == other->rest.len &&
           (one->rest.len == 0 || memcmp(one->rest.at, other->rest.at, one->rest.len) == 0);
}

/* Writes an argument as the request has it. */
static int write_argument(char *to, size_t size, const struct request *request,
                          enum argument kind) {
    switch (kind) {
    case ARGUMENT_NEW_ID:
    case ARGUMENT_NODE:
        return request->named ? snprintf(to, size, " %" PRId64, request->id) : 0;
    case ARGUMENT_PARENT:
        return snprintf(to, size, " %" PRId64, request->parent);
    case ARGUMENT_COUNT:
        return snprintf(to, size, "\t%" PRIu64, request->n);
    case ARGUMENT_LITERAL:
        return snprintf(to, size, " %s", request->form->literal);
    case ARGUMENT_NUMBERS:
    case ARGUMENT_FILE:
        memcpy(to, kind == ARGUMENT_FILE ? " < " : "   ", 3);
        memcpy(to + 3, request->rest.at, request->rest.len);
        return 3 + (int)request->rest.len;
    default:
        return 0;
    }
}

static void check_request(const struct request *request, struct words line) {
    size_t size = (size_t)(line.end - line.at) + 256, len;
    char *copy = malloc(size);
    struct request again;
    struct refusal refusal;
    FUZZ_CHECK(copy != NULL && request->form != NULL);
    FUZZ_CHECK(word_is(words_next(&line), request->form->name));
    len = (size_t)snprintf(copy, size, " %s", request->form->name);
    for (size_t i = 0; i < FORM_ARGUMENTS; i++)
        len += (size_t)write_argument(copy + len, size - len, request, request->form->kinds[i]);
    struct words written = {.at = copy, .end = copy + len};
    FUZZ_CHECK(command_parse(written, true, &again, &refusal) == PARSE_REQUEST);
    FUZZ_CHECK(same_request(request, &again));
    free(copy);
}

static void check_refusal(const struct refusal *refusal) {
    char shown[1024];
    size_t len = answer_print(&refusal->answer, shown, sizeof shown);
    FUZZ_CHECK(refusal->answer.code != BANYAN_OK && len < sizeof shown && strlen(shown) == len);
    for (size_t i = 0; i < len; i++)
        FUZZ_CHECK((unsigned char)shown[i] >= 0x20 && shown[i] != 0x7f);
}

/* Of a line whose numbers go on: its beginning names the same node and the same N. */
static void check_beginning(const char *line, size_t len, enum parse parse,
                            const struct request *whole) {
    struct request request;
    struct refusal refusal;
    size_t head = command_head(line, len);
    FUZZ_CHECK(head <= len);
    struct words words = {.at = line, .end = line + head};
    enum parse beginning = command_parse(words, false, &request, &refusal);
    FUZZ_CHECK((beginning == PARSE_NOTHING) == (parse == PARSE_NOTHING));
    if (parse == PARSE_REQUEST && whole->form->kind == REQUEST_EXEC) {
        FUZZ_CHECK(beginning == PARSE_REQUEST && request.form == whole->form);
        FUZZ_CHECK(request.id == whole->id && request.n == whole->n);
    } else if (parse == PARSE_REQUEST && whole->form->kind != REQUEST_EXEC_FILE) {
        FUZZ_CHECK(beginning == PARSE_REFUSED && request.form == NULL);
    }
    if (beginning == PARSE_REFUSED)
        check_refusal(&refusal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *line = (const char *)data;
    struct words words = {.at = line, .end = line + size};
    struct request request;
    struct refusal refusal;
    enum parse parse = command_parse(words, true, &request, &refusal);
    struct word first = words_next(&(struct words){.at = line, .end = line + size});
    FUZZ_CHECK((parse == PARSE_NOTHING) == (first.len == 0 || first.at[0] == '#'));
    if (parse == PARSE_REQUEST)
        check_request(&request, words);
    if (parse == PARSE_REFUSED)
        check_refusal(&refusal);
    check_beginning(line, size, parse, &request);
    return 0;
}
