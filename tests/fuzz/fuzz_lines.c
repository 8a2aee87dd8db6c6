/*
 * The command lines: src/cli's input, commands and sources, in front of a tree that only writes
 * down what it is asked. The same input is given twice, once in large pieces and once in pieces
 * that the input itself chooses, with a tree that is busy now and then: it must be asked the same
 * things, and every command must have one ticket.
 *
 * The first bytes choose the pieces. In the text a byte of 0x80 or more repeats what stands before
 * it, so that small inputs make lines of more than 64 KiB, which are taken piece by piece.
 */
#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

#include "cli/session.h"
#include "fuzz.h"
#include "language/answer.h"

enum {
    TEXT_MOST = 120 << 10,
    LOG_MOST = 2 << 20,
    ROOM = 8192,        /* of an exec at once */
    SHORT_LINE = 60000, /* up to here the size of the pieces changes nothing */
    STEPS_MOST = 10000, /* a session that does not end is broken */
    FILE_FD = 1000,
};

/* What was asked, as text: an exec's numbers stand in it with its blanks squeezed. */
struct log {
    char text[LOG_MOST];
    size_t len;
};

struct banyan_exec {
    int64_t id;
    uint64_t n;
    bool file;
    char room[ROOM];
};

static char text[TEXT_MOST];
static size_t text_len, text_at;
static struct fuzz_input pieces;
static bool in_pieces;
static struct log logs[2], *present;
static struct banyan_exec streamed;
static struct log stream; /* its numbers */
static bool streaming;
static unsigned tickets, ends;

static void log_bytes(struct log *log, const char *bytes, size_t len) {
    FUZZ_CHECK(log->len + len <= sizeof log->text);
    memcpy(log->text + log->len, bytes, len);
    log->len += len;
}

__attribute__((format(printf, 2, 3))) static void log_line(struct log *log, const char *format,
                                                           ...) {
    char line[128];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    log_bytes(log, line, (size_t)len);
}

/* Numbers without the blanks around them and between them, but one. */
static void log_numbers(struct log *log, const char *numbers, size_t len) {
    bool blank = true;
    for (size_t i = 0; i < len; i++) {
        bool now = numbers[i] == ' ' || numbers[i] == '\t';
        if (!now && blank)
            log_bytes(log, " ", 1);
        if (!now)
            log_bytes(log, &numbers[i], 1);
        blank = now;
    }
    log_bytes(log, "\n", 1);
}

/* ---- the descriptors (see CMakeLists.txt) ---- */

ssize_t stub_read(int fd, void *at, size_t room);
int stub_open(const char *path, int flags);
int stub_close(int fd);
int stub_isatty(int fd);

ssize_t stub_read(int fd, void *at, size_t room) {
    if (fd == FILE_FD)
        return 0;
    size_t len = text_len - text_at;
    if (in_pieces && fuzz_below(&pieces, 8) == 7) {
        errno = fuzz_below(&pieces, 2) == 0 ? EAGAIN : EINTR;
        return -1;
    }
    if (in_pieces && len > 0 && pieces.at < pieces.end) {
        size_t most = 1 + (size_t)fuzz_byte(&pieces) * fuzz_byte(&pieces);
        len = len < most ? len : most;
    }
    len = len < room ? len : room;
    memcpy(at, text + text_at, len);
    text_at += len;
    return (ssize_t)len;
}

int stub_open(const char *path, int flags) {
    (void)flags;
    if (strlen(path) % 3 == 0) {
        errno = ENOENT;
        return -1;
    }
    return FILE_FD;
}

int stub_close(int fd) {
    FUZZ_CHECK(fd == FILE_FD);
    return 0;
}

int stub_isatty(int fd) {
    (void)fd;
    return 0;
}

/* ---- the session ---- */

void *call_new(struct session *session, enum view view, bool named) {
    (void)session, (void)view, (void)named;
    return (void *)(uintptr_t)++tickets;
}

/* Which words a refusal has may depend on how much of the line was seen. */
void session_refuse(struct session *session, const struct answer *error) {
    (void)session, (void)error;
    tickets++;
    ends++;
    log_line(present, "refused\n");
}

void session_help(struct session *session) {
    (void)session;
    tickets++;
    ends++;
    log_line(present, "help\n");
}

size_t output_pending(const struct output *output) {
    (void)output;
    return 0;
}

size_t order_waiting(const struct order *order) {
    (void)order;
    return 0;
}

size_t order_waiting_bytes(const struct order *order) {
    (void)order;
    return 0;
}

/* Nobody looks how far anything is. */
uint64_t progress_now_us(void) {
    return 0;
}

int64_t progress_left(int fd) {
    (void)fd;
    return -1;
}

void progress_add(struct transfer *sum, const struct transfer *one) {
    (void)sum, (void)one;
}

/* ---- the tree ---- */

static bool is_busy(void) {
    return in_pieces && fuzz_below(&pieces, 16) == 15;
}

int banyan_busy(const struct banyan *tree) {
    (void)tree;
    return is_busy();
}

void banyan_create(struct banyan *tree, int64_t id, int64_t parent, void *tag) {
    (void)tree, (void)tag;
    ends++;
    log_line(present, "create %lld %lld\n", (long long)id, (long long)parent);
}

void banyan_kill(struct banyan *tree, int64_t id, void *tag) {
    (void)tree, (void)tag;
    ends++;
    log_line(present, "kill %lld\n", (long long)id);
}

void banyan_explain(struct banyan *tree, int64_t id, void *tag) {
    (void)tree, (void)tag;
    ends++;
    log_line(present, "explain %lld\n", (long long)id);
}

void banyan_status(struct banyan *tree, int64_t id, void *tag) {
    (void)tree, (void)tag;
    ends++;
    log_line(present, "status %lld\n", (long long)id);
}

void banyan_status_subtree(struct banyan *tree, int64_t id, void *tag) {
    (void)tree, (void)tag;
    ends++;
    log_line(present, "subtree %lld\n", (long long)id);
}

void banyan_status_all(struct banyan *tree, void *tag) {
    (void)tree, (void)tag;
    ends++;
    log_line(present, "all\n");
}

void banyan_pingall(struct banyan *tree, void *tag) {
    (void)tree, (void)tag;
    ends++;
    log_line(present, "pingall\n");
}

void banyan_exec(struct banyan *tree, int64_t id, uint64_t n, const char *numbers, size_t len,
                 void *tag) {
    (void)tree, (void)tag;
    ends++;
    FUZZ_CHECK(memchr(numbers, '\n', len) == NULL);
    log_line(present, "exec %lld %llu", (long long)id, (unsigned long long)n);
    log_numbers(present, numbers, len);
}

/* A file's exec is begun and ended here: it says nothing of the line. */
struct banyan_exec *banyan_exec_begin(struct banyan *tree, int64_t id, uint64_t n, int from_file,
                                      void *tag) {
    (void)tree, (void)tag;
    if (from_file) {
        struct banyan_exec *exec = malloc(sizeof *exec);
        FUZZ_CHECK(exec != NULL);
        exec->file = true;
        log_line(present, "exec %lld %llu < \n", (long long)id, (unsigned long long)n);
        return exec;
    }
    FUZZ_CHECK(!streaming);
    streaming = true;
    stream.len = 0;
    streamed.id = id;
    streamed.n = n;
    streamed.file = false;
    return &streamed;
}

int banyan_exec_room(struct banyan_exec *exec, char **at, size_t *room) {
    if (is_busy())
        return 0;
    *at = exec->room;
    *room = pieces.at < pieces.end && in_pieces ? 64 + fuzz_byte(&pieces) * 16u : ROOM;
    return 1;
}

void banyan_exec_filled(struct banyan_exec *exec, size_t len) {
    FUZZ_CHECK(len <= ROOM && memchr(exec->room, '\n', len) == NULL);
    if (!exec->file)
        log_bytes(&stream, exec->room, len);
}

static void exec_over(struct banyan_exec *exec) {
    ends++;
    if (exec->file) {
        free(exec);
        return;
    }
    log_line(present, "exec %lld %llu", (long long)exec->id, (unsigned long long)exec->n);
    log_numbers(present, stream.text, stream.len);
    streaming = false;
}

void banyan_exec_end(struct banyan_exec *exec) {
    exec_over(exec);
}

void banyan_exec_fail(struct banyan_exec *exec, const char *reason) {
    FUZZ_CHECK(reason[0] != '\0');
    exec_over(exec);
}

/* ---- the input, twice ---- */

/* Returns the length of the longest line, as it is once its blanks are squeezed or not. */
static size_t spread(struct fuzz_input *input) {
    size_t line = 0, longest = 0;
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
    for (size_t i = 0; i < text_len; i++) {
        line = text[i] == '\n' ? 0 : line + 1;
        longest = line > longest ? line : longest;
    }
    return longest;
}

static void run(bool pieced, struct log *log) {
    struct session session = {.leaving = false};
    unsigned steps = 0;
    in_pieces = pieced;
    present = log;
    log->len = 0;
    tickets = ends = 0;
    text_at = 0;
    FUZZ_CHECK(input_open(&session.input, 0));
    while (!session.leaving) {
        struct pollfd polls[SOURCES_MOST];
        bool ready;
        sources_poll(&session, polls, &ready);
        sources_step(&session);
        input_step(&session, input_wanted(&session));
        FUZZ_CHECK(++steps < STEPS_MOST);
    }
    sources_close(&session);
    FUZZ_CHECK(session.source_count == 0);
    input_close(&session.input);
    FUZZ_CHECK(!streaming);
    FUZZ_CHECK(tickets == ends);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t drawn = size > 64 ? 64 : size / 2;
    struct fuzz_input input = {.at = data + drawn, .end = data + size};
    pieces = (struct fuzz_input){.at = data, .end = data + drawn};
    size_t longest = spread(&input);
    run(false, &logs[0]);
    run(true, &logs[1]);
    if (longest > SHORT_LINE)
        return 0;
    FUZZ_CHECK(logs[0].len == logs[1].len);
    FUZZ_CHECK(memcmp(logs[0].text, logs[1].text, logs[0].len) == 0);
    return 0;
}
