/*
 * The lines of the input, in front of execs that only write their numbers down. The input comes in
 * pieces that it chooses itself, and the execs have no room now and then, or want no more. Whatever
 * the pieces are, each line must come once and in its turn: whole, or as a beginning and the
 * numbers that follow it, or as a beginning of which the rest is skipped.
 *
 * The first bytes choose the pieces. In the text a byte of 0x80 or more repeats what stands before
 * it, so that small inputs make lines of more than 64 KiB, which are taken piece by piece.
 */
#include <errno.h>
#include <unistd.h>

#include "cli/lines.h"
#include "fuzz.h"
#include "language/grammar.h"

enum {
    TEXT_MOST = 120 << 10,
    ROOM = 8192,        /* of an exec at once */
    STEPS_MOST = 20000, /* lines that do not come to an end are broken */
};

struct banyan_exec {
    char room[ROOM];
    char numbers[TEXT_MOST + 1];
    size_t len;
    bool unwanted; /* it wants no more */
    bool ended;
};

static char text[TEXT_MOST];
static size_t text_len, text_at, checked; /* made, read, and compared with what came */
static struct fuzz_input pieces;
static struct banyan_exec exec;

/* ---- the descriptor (see CMakeLists.txt) ---- */

ssize_t stub_read(int fd, void *at, size_t room);

ssize_t stub_read(int fd, void *at, size_t room) {
    size_t len = text_len - text_at;
    (void)fd;
    if (fuzz_below(&pieces, 8) == 7) {
        errno = fuzz_below(&pieces, 2) == 0 ? EAGAIN : EINTR;
        return -1;
    }
    if (len > 0 && pieces.at < pieces.end) {
        size_t most = 1 + (size_t)fuzz_byte(&pieces) * fuzz_byte(&pieces);
        len = len < most ? len : most;
    }
    len = len < room ? len : room;
    memcpy(at, text + text_at, len);
    text_at += len;
    return (ssize_t)len;
}

/* ---- the exec ---- */

int banyan_exec_room(struct banyan_exec *it, char **at, size_t *room) {
    unsigned chance = fuzz_below(&pieces, 64);
    it->unwanted = it->unwanted || chance == 63;
    if (it->unwanted || chance > 58)
        return it->unwanted ? -1 : 0;
    *at = it->room;
    *room = pieces.at < pieces.end ? 64 + fuzz_byte(&pieces) * 16u : ROOM;
    return 1;
}

void banyan_exec_filled(struct banyan_exec *it, size_t len) {
    FUZZ_CHECK(!it->ended && len <= ROOM && it->len + len <= TEXT_MOST);
    memcpy(it->numbers + it->len, it->room, len);
    it->len += len;
}

void banyan_exec_end(struct banyan_exec *it) {
    FUZZ_CHECK(!it->ended);
    it->ended = true;
}

/* ---- what came, held against the text ---- */

/* Copies a line without blanks at its ends, and with one of them between words. */
static size_t squeeze(char *to, const char *from, size_t len) {
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_blank(from[i]))
            to[count++] = from[i];
        else if (count > 0 && to[count - 1] != ' ')
            to[count++] = ' ';
    }
    return count > 0 && to[count - 1] == ' ' ? count - 1 : count;
}

/* The next line of the text must be this one; if that is only its beginning, must begin with it. A
 * beginning may end with the CR of the line, whose newline was not read yet. */
static void check(const char *came, size_t len, bool beginning) {
    static char expected[TEXT_MOST], shown[TEXT_MOST];
    FUZZ_CHECK(checked < text_len);
    const char *line = text + checked, *end = memchr(line, '\n', text_len - checked);
    size_t whole = end != NULL ? (size_t)(end - line) : text_len - checked;
    checked += whole + (end != NULL ? 1 : 0);
    if (!beginning && whole > 0 && line[whole - 1] == '\r')
        whole--;
    size_t expected_len = squeeze(expected, line, whole), shown_len = squeeze(shown, came, len);
    FUZZ_CHECK(beginning ? shown_len <= expected_len : shown_len == expected_len);
    FUZZ_CHECK(memcmp(shown, expected, shown_len) == 0);
}

/* ---- the input ---- */

static void spread(struct fuzz_input *input) {
    text_len = 0;
    while (input->at < input->end && text_len < TEXT_MOST) {
        uint8_t byte = fuzz_byte(input);
        size_t unit = 1 + (byte & 15), times = 1u << fuzz_below(input, 17);
        if (byte < 0x80) {
            input->at -= input->at < input->end; /* what was drawn for nothing */
            text[text_len++] = (char)byte;
            continue;
        }
        if (unit > text_len)
            continue;
        for (; times > 0 && text_len + unit <= TEXT_MOST; times--, text_len += unit)
            memcpy(text + text_len, text + text_len - unit, unit);
    }
}

/* Begins an exec if the line does; its numbers go where the beginning of the line is. */
static bool begin(struct lines *lines, struct words line) {
    struct request request;
    struct refusal refusal;
    if (command_parse(line, false, &request, &refusal) != PARSE_REQUEST || request.n == 0)
        return false;
    exec.ended = exec.unwanted = false;
    exec.len = (size_t)(line.end - line.at);
    memcpy(exec.numbers, line.at, exec.len);
    lines_continue(lines, &exec);
    return true;
}

/* Takes every line that is there. streaming: the beginning of one has been given to the exec. */
static void take(struct lines *lines, bool *readable, bool *streaming) {
    struct words line;
    bool whole;
    for (;;) {
        bool ready = lines_advance(lines, readable);
        if (*streaming && lines->numbers.exec == NULL) {
            FUZZ_CHECK(exec.ended);
            check(exec.numbers, exec.len, exec.unwanted);
            *streaming = false;
        }
        if (!ready || fuzz_below(&pieces, 16) == 15 || !lines_next(lines, &line, &whole))
            return;
        *streaming = !whole && begin(lines, line);
        if (!*streaming)
            check(line.at, (size_t)(line.end - line.at), !whole);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t drawn = size > 64 ? 64 : size / 2;
    struct fuzz_input input = {.at = data + drawn, .end = data + size};
    struct lines lines = {.skipping = false};
    bool streaming = false;
    unsigned steps = 0;
    pieces = (struct fuzz_input){.at = data, .end = data + drawn};
    spread(&input);
    text_at = checked = 0;
    FUZZ_CHECK(input_open(&lines.input, -1));
    while (!lines_ended(&lines)) {
        bool readable = !lines.input.ended;
        take(&lines, &readable, &streaming);
        if (readable && lines.numbers.exec == NULL)
            input_fill(&lines.input);
        FUZZ_CHECK(++steps < STEPS_MOST);
    }
    input_close(&lines.input);
    FUZZ_CHECK(!streaming && checked == text_len);
    return 0;
}
