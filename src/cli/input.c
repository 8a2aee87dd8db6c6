/*
 * input.c: lines of any length in bounded memory.
 *
 * A line that is read as a whole is run as a whole. Of a longer one the beginning must tell what it
 * is: the numbers of an exec then go from the descriptor straight into the exec's buffer, without a
 * copy; anything else is an error, and the rest of the line is skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

enum {
    BUFFER = (1 << 20) +
             (64 << 10),      /* what may follow a line's end in an exec's buffer, and more */
    PIECE = 256 << 10,        /* read at once */
    PIPE_BYTES = 1 << 20,     /* what anybody may have a pipe hold (pipe(7)) */
    LONG_LINE = 64 << 10,     /* a line that goes on beyond this is taken piece by piece */
    OUTPUT_MOST = 1 << 20,    /* with so much unread output no further command is taken */
    WAITING_MOST = 400000,    /* answers that may wait for an earlier one ... */
    WAITING_BYTES = 32 << 20, /* ... and how long those that are long may be together */
    VIEWS_MOST = 64,          /* answers with many nodes that are outstanding */
};

bool input_open(struct input *input, int fd) {
    int piped = fcntl(fd, F_GETPIPE_SZ); /* -1: it is no pipe */
    if (piped >= 0 && piped < PIPE_BYTES)
        fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES); /* fewer turns with the writer; it may be refused */
    *input = (struct input){.fd = fd, .terminal = isatty(fd) == 1};
    input->buffer = malloc(BUFFER);
    return input->buffer != NULL;
}

void input_close(struct input *input) {
    free(input->buffer);
    input->buffer = NULL;
}

bool input_stalled(const struct session *session) {
    return banyan_busy(session->tree) || session->source_count >= SOURCES_MOST ||
           order_waiting(session->order) >= WAITING_MOST ||
           order_waiting_bytes(session->order) >= WAITING_BYTES || session->views >= VIEWS_MOST ||
           output_pending(&session->output) >= OUTPUT_MOST;
}

bool input_wanted(const struct session *session) {
    const struct input *input = &session->input;
    char *at;
    size_t room;
    if (input->ended)
        return false;
    if (input->state == INPUT_NUMBERS) /* a command that has been taken: even when leaving */
        return banyan_exec_room(input->exec, &at, &room) != 0;
    if (session->leaving)
        return false;
    return input->state == INPUT_SKIP || !input_stalled(session);
}

/* Reads into a buffer. At the end, or on an error, the input has ended. */
static size_t read_some(struct input *input, char *at, size_t room) {
    ssize_t len;
    do
        len = read(input->fd, at, room);
    while (len < 0 && errno == EINTR);
    if (len < 0 && errno == EAGAIN)
        return 0;
    if (len < 0)
        fprintf(stderr, "banyan: cannot read commands: %s\n", strerror(errno));
    if (len <= 0)
        input->ended = true;
    return len > 0 ? (size_t)len : 0;
}

static void read_buffer(struct input *input) {
    if (input->start > 0) {
        memmove(input->buffer, input->buffer + input->start, input->end - input->start);
        input->end -= input->start;
        input->start = 0;
    }
    size_t room = BUFFER - input->end;
    if (room > 0)
        input->end += read_some(input, input->buffer + input->end, room < PIECE ? room : PIECE);
}

/* ---- a long line of numbers ---- */

static void numbers_end(struct input *input) {
    banyan_exec_end(input->exec);
    input->exec = NULL;
    input->held_cr = false;
    input->state = INPUT_LINES;
}

/* Brings the next bytes of the line to `at`: those in the buffer first, else from the descriptor.
 */
static size_t numbers_fetch(struct input *input, char *at, size_t room, bool *readable) {
    size_t buffered = input->end - input->start;
    if (buffered > 0) {
        size_t len = buffered < room ? buffered : room;
        memcpy(at, input->buffer + input->start, len);
        input->start += len;
        return len;
    }
    if (!*readable)
        return 0;
    *readable = false;
    return read_some(input, at, room);
}

/* What follows the line's end goes back to the front of the buffer, whence it may have come. */
static void put_back(struct input *input, const char *at, size_t len) {
    size_t buffered = input->end - input->start;
    if (buffered > 0 && input->start >= len) {
        input->start -= len;
        return;
    }
    memmove(input->buffer + len, input->buffer + input->start, buffered);
    memcpy(input->buffer, at, len);
    input->start = 0;
    input->end = len + buffered;
}

/* Moves the line on. False: there is nothing to move, or no room. */
static bool numbers_step(struct input *input, bool *readable) {
    char *at;
    size_t room, held = input->held_cr ? 1 : 0;
    int state = banyan_exec_room(input->exec, &at, &room);
    if (state < 0) {
        numbers_end(input);
        input->state = INPUT_SKIP;
        return true;
    }
    if (state == 0)
        return false;
    if (held)
        at[0] = '\r';
    size_t len = held + numbers_fetch(input, at + held, room - held, readable);
    if (len == held) {
        if (input->ended)
            numbers_end(input); /* a CR at the very end ends the line, too */
        return false;
    }
    char *end = memchr(at, '\n', len);
    size_t line = end != NULL ? (size_t)(end - at) : len;
    if (end != NULL)
        put_back(input, end + 1, len - line - 1);
    input->held_cr = line > 0 && at[line - 1] == '\r';
    banyan_exec_filled(input->exec, line - (input->held_cr ? 1 : 0));
    input->moved += line;
    if (end != NULL)
        numbers_end(input);
    return true;
}

/* ---- lines ---- */

/* Skips to the line's end. False: it is not in the buffer. */
static bool skip_step(struct input *input) {
    char *at = input->buffer + input->start;
    char *end = memchr(at, '\n', input->end - input->start);
    input->start = end != NULL ? (size_t)(end - input->buffer) + 1 : input->end;
    if (end != NULL)
        input->state = INPUT_LINES;
    return end != NULL;
}

static void squeeze_blanks(struct input *input) {
    char *to = input->buffer + input->start;
    bool blank = false;
    for (size_t from = input->start; from < input->end; from++) {
        char c = input->buffer[from];
        bool was_blank = blank;
        blank = c == ' ' || c == '\t';
        if (!blank || !was_blank)
            *to++ = c;
    }
    input->end = (size_t)(to - input->buffer);
}

/* A line goes on beyond what is in the buffer. Blanks may be many; what is left must tell. */
static bool long_line(struct session *session) {
    struct input *input = &session->input;
    squeeze_blanks(input);
    size_t len = input->end - input->start;
    if (len < LONG_LINE)
        return false;
    /* The last word may go on, so it stays in the buffer with what follows. */
    const char *line = input->buffer + input->start;
    size_t whole = len;
    while (whole > 0 && line[whole - 1] != ' ' && line[whole - 1] != '\t')
        whole--;
    struct words words = {.at = line, .end = line + len};
    if (word_is(words_next(&words), "exec")) {
        words_next(&words);
        words_next(&words);
    }
    size_t head = (size_t)(words.at - line);
    input->exec = command_line(session, line, head < whole ? head : len, false);
    input->start += head < whole ? head : len;
    input->state = input->exec != NULL ? INPUT_NUMBERS : INPUT_SKIP;
    input->begun_us = progress_now_us();
    input->moved = 0;
    return true;
}

static void whole_line(struct session *session, const char *line, size_t len) {
    if (len > 0 && line[len - 1] == '\r')
        len--;
    command_line(session, line, len, true);
}

/* Runs one line of the buffer. False: no line is complete. */
static bool line_step(struct session *session) {
    struct input *input = &session->input;
    char *line = input->buffer + input->start;
    size_t len = input->end - input->start;
    char *end = memchr(line, '\n', len);
    if (end != NULL) {
        input->start += (size_t)(end - line) + 1;
        whole_line(session, line, (size_t)(end - line));
        return true;
    }
    if (len > 0 && input->ended) {
        input->start = input->end;
        whole_line(session, line, len);
        return true;
    }
    return len >= LONG_LINE && long_line(session);
}

static void take_all(struct session *session, bool *readable) {
    struct input *input = &session->input;
    bool more = true;
    while (more && (!session->leaving || input->state == INPUT_NUMBERS)) {
        if (input->state == INPUT_NUMBERS)
            more = numbers_step(input, readable);
        else if (input->state == INPUT_SKIP)
            more = skip_step(input);
        else
            more = !input_stalled(session) && line_step(session);
    }
}

void input_step(struct session *session, bool readable) {
    struct input *input = &session->input;
    take_all(session, &readable);
    if (readable && input->state != INPUT_NUMBERS && !session->leaving && !input_stalled(session)) {
        read_buffer(input);
        readable = false;
        take_all(session, &readable);
    }
    if (input->ended && input->state != INPUT_NUMBERS && input->start == input->end)
        session->leaving = true;
}

/* Where the line ends is not known, but where the file of commands does. */
void input_progress(const struct session *session, struct transfer *transfer) {
    const struct input *input = &session->input;
    if (input->state == INPUT_NUMBERS)
        progress_add(transfer, &(struct transfer){.count = 1,
                                                  .what = "commands",
                                                  .begun_us = input->begun_us,
                                                  .moved = input->moved,
                                                  .left = progress_left(input->fd)});
}
