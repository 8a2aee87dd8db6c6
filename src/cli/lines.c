#include "lines.h"

#include <string.h>

#include "language/grammar.h"

enum { LONG_LINE = 64 << 10 }; /* a line that goes on beyond this is taken piece by piece */

/* Skips to the end of the line, or of what has been read. */
static void skip_line(struct lines *lines) {
    struct input *input = &lines->input;
    const char *at = input->buffer + input->start;
    const char *end = memchr(at, '\n', input->end - input->start);
    input->start = end != NULL ? (size_t)(end - input->buffer) + 1 : input->end;
    lines->skipping = end == NULL;
}

bool lines_advance(struct lines *lines, bool *readable) {
    while (lines->numbers.exec != NULL) {
        enum numbers_step step = numbers_step(&lines->numbers, &lines->input, readable);
        if (step == NUMBERS_WAIT)
            return false;
        lines->skipping = step == NUMBERS_UNWANTED;
    }
    if (lines->skipping)
        skip_line(lines);
    return !lines->skipping;
}

static void squeeze_blanks(struct input *input) {
    char *to = input->buffer + input->start;
    bool blank = false;
    for (size_t from = input->start; from < input->end; from++) {
        char c = input->buffer[from];
        bool was_blank = blank;
        blank = is_blank(c);
        if (!blank || !was_blank)
            *to++ = c;
    }
    input->end = (size_t)(to - input->buffer);
}

/* A line goes on beyond what is in the buffer. If much of that are blanks, it is only squeezed. */
static bool take_beginning(struct lines *lines, struct words *line) {
    struct input *input = &lines->input;
    squeeze_blanks(input);
    const char *at = input->buffer + input->start;
    size_t len = input->end - input->start;
    if (len < LONG_LINE)
        return false;
    size_t head = command_head(at, len);
    *line = (struct words){.at = at, .end = at + head};
    input->start += head;
    lines->skipping = true;
    return true;
}

static struct words whole_line(const char *at, size_t len) {
    if (len > 0 && at[len - 1] == '\r')
        len--;
    return (struct words){.at = at, .end = at + len};
}

bool lines_next(struct lines *lines, struct words *line, bool *whole) {
    struct input *input = &lines->input;
    const char *at = input->buffer + input->start;
    size_t len = input->end - input->start;
    const char *end = memchr(at, '\n', len);
    *whole = end != NULL || input->ended;
    if (!*whole)
        return len >= LONG_LINE && take_beginning(lines, line);
    if (len == 0)
        return false;
    size_t taken = end != NULL ? (size_t)(end - at) : len;
    *line = whole_line(at, taken);
    input->start += taken + (end != NULL ? 1 : 0);
    return true;
}

void lines_continue(struct lines *lines, struct banyan_exec *exec) {
    lines->skipping = false;
    numbers_begin(&lines->numbers, exec);
}

bool lines_ended(const struct lines *lines) {
    return lines->input.ended && lines->numbers.exec == NULL &&
           lines->input.start == lines->input.end;
}
