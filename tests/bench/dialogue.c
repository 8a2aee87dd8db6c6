/*
 * bench_dialogue SCRIPT PROGRAM [ARGUMENT]...: holds a dialogue with a program over two pipes and
 * takes the time of every answer.
 *
 * A line of the script is a command, a tab, and the answer it must get; an answer that ends in '*'
 * may go on in any way. The next command is written when the answer is there, except that a command
 * after '&' goes out together with the line after it. Printed for each command: microseconds from
 * the moment before it was written until its answer was read to the end.
 *
 * A wrong answer ends the dialogue with a message and status 1. The program's input ends with this
 * process, in whatever way that ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct dialogue {
    pid_t pid;
    int to, from;
    char answers[64 << 10];
    size_t start, end;
};

struct line {
    char *command, *expected;
    size_t command_len; /* with the line's end */
    int together;       /* with the line after it */
};

static _Noreturn void die(const char *what, const char *why) {
    fprintf(stderr, "bench_dialogue: %s: %s\n", what, why);
    exit(1);
}

static double now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void start(struct dialogue *dialogue, char **program) {
    int to[2], from[2];
    posix_spawn_file_actions_t actions;
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
        die("cannot make pipes", strerror(errno));
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    if (error == 0)
        error = posix_spawnp(&dialogue->pid, program[0], &actions, NULL, program, environ);
    if (error != 0)
        die(program[0], strerror(error));
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    dialogue->to = to[1];
    dialogue->from = from[0];
}

/* ---- the script ---- */

/* Cuts the text of one line in place. */
static struct line parse_line(char *text) {
    struct line line = {.together = text[0] == '&'};
    line.command = text + line.together;
    char *tab = strchr(line.command, '\t'), *end = strchr(line.command, '\n');
    if (tab == NULL || end == NULL || tab > end)
        die(line.command, "not a line of a script");
    *tab = '\n'; /* now the command with its end is one piece of memory */
    *end = '\0';
    line.command_len = (size_t)(tab + 1 - line.command);
    line.expected = tab + 1;
    return line;
}

static struct line *read_script(const char *path, size_t *count) {
    FILE *file = fopen(path, "re");
    struct line *lines = NULL;
    char *text = NULL;
    size_t text_room = 0, room = 0;
    if (file == NULL)
        die(path, strerror(errno));
    for (*count = 0; getline(&text, &text_room, file) > 0; text = NULL, text_room = 0) {
        if (*count == room) {
            room = room == 0 ? 1024 : room * 2;
            lines = realloc(lines, room * sizeof *lines);
            if (lines == NULL)
                die(path, strerror(errno));
        }
        lines[(*count)++] = parse_line(text); /* keeps the text */
    }
    free(text);
    fclose(file);
    return lines;
}

/* ---- the dialogue ---- */

static void write_all(int fd, const char *text, size_t len) {
    while (len > 0) {
        ssize_t written = write(fd, text, len);
        if (written < 0 && errno != EINTR)
            die("cannot write to the program", strerror(errno));
        text += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
}

/* The next answer, without its end; valid until the next call. */
static const char *read_answer(struct dialogue *dialogue) {
    char *start, *end;
    for (;;) {
        start = dialogue->answers + dialogue->start;
        end = memchr(start, '\n', dialogue->end - dialogue->start);
        if (end != NULL)
            break;
        memmove(dialogue->answers, start, dialogue->end - dialogue->start);
        dialogue->end -= dialogue->start;
        dialogue->start = 0;
        ssize_t len = read(dialogue->from, dialogue->answers + dialogue->end,
                           sizeof dialogue->answers - dialogue->end);
        if (len == 0 || (len < 0 && errno != EINTR))
            die("no answer", len == 0 ? "the program has ended" : strerror(errno));
        dialogue->end += len > 0 ? (size_t)len : 0;
    }
    *end = '\0';
    dialogue->start = (size_t)(end + 1 - dialogue->answers);
    return start;
}

static void check_answer(const struct line *line, const char *answer) {
    size_t len = strlen(line->expected);
    if (len > 0 && line->expected[len - 1] == '*' ? strncmp(answer, line->expected, len - 1) == 0
                                                  : strcmp(answer, line->expected) == 0)
        return;
    fprintf(stderr, "bench_dialogue: a wrong answer: '%s' instead of '%s', to the command: %s",
            answer, line->expected, line->command);
    exit(1);
}

/* Runs the lines that go out together; returns how many they were. */
static size_t run_group(struct dialogue *dialogue, const struct line *lines, size_t count) {
    size_t size = 1, len = 0;
    while (lines[size - 1].together && size < count)
        size++;
    for (size_t i = 0; i < size; i++)
        len += lines[i].command_len;
    char *text = malloc(len), *at = text;
    if (text == NULL)
        die("commands", strerror(errno));
    for (size_t i = 0; i < size; i++, at += lines[i - 1].command_len)
        memcpy(at, lines[i].command, lines[i].command_len);
    double start_us = now_us();
    write_all(dialogue->to, text, len);
    for (size_t i = 0; i < size; i++) {
        const char *answer = read_answer(dialogue);
        double end_us = now_us();
        check_answer(&lines[i], answer);
        printf("%.3f\n", end_us - start_us);
    }
    free(text);
    return size;
}

int main(int argc, char **argv) {
    static struct dialogue dialogue;
    size_t count;
    int status;
    if (argc < 3) {
        fputs("Usage: bench_dialogue SCRIPT PROGRAM [ARGUMENT]...\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct line *lines = read_script(argv[1], &count);
    start(&dialogue, argv + 2);
    for (size_t i = 0; i < count;)
        i += run_group(&dialogue, lines + i, count - i);
    close(dialogue.to);
    if (waitpid(dialogue.pid, &status, 0) < 0 || status != 0)
        die(argv[2], "has not ended in good order");
    for (size_t i = 0; i < count; i++)
        free(lines[i].command - lines[i].together);
    free(lines);
    return 0;
}
