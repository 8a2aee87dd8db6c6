/*
 * bench_dialogue SCRIPT PROGRAM [ARGUMENT]...: holds a dialogue with a program over two pipes and
 * takes the time of every answer.
 *
 * A line of the script is a command, a tab, and the answer it must get; an answer that ends in '*'
 * may go on in any way. The next line follows when the answer is there. Marks before a command, in
 * this order:
 *   &  the line goes out together with the line after it
 *   ?  the command is repeated until it gets its answer; only on the last of lines that go together
 *   !  no command, but STOP, CONT or KILL and an ID: the signal for the process of that node. There
 *      is no answer. The line after a STOP follows when the process is stopped, or, if both go out
 *      together, at once.
 *
 * Printed for each line: microseconds from the moment before the first of the lines with which it
 * goes out, until its answer was read to the end or its signal was sent.
 *
 * A wrong answer ends the dialogue with a message and status 1; what it has stopped is continued.
 * The program's input ends with this process, in whatever way that ends.
 */
#include "targets.h"

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
    char *text; /* owned: the whole line */
    char *command, *expected;
    size_t command_len;    /* with the line's end */
    bool together;         /* with the line after it */
    bool repeated;         /* until it gets its answer */
    int signal;            /* 0: it is a command */
    struct target *target; /* of the signal */
    double took_us;
};

_Noreturn void die(const char *what, const char *why) {
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

static void parse_signal(struct line *line) {
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"STOP", SIGSTOP}, {"CONT", SIGCONT}, {"KILL", SIGKILL}};
    char name[8];
    long long id;
    if (sscanf(line->command, "%7s %lld", name, &id) == 2)
        for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
            if (strcmp(name, signals[i].name) == 0)
                line->signal = signals[i].number;
    if (line->signal == 0)
        die(line->command, "not a signal and a node");
    line->target = target_of(id);
}

static bool skip_mark(struct line *line, char mark) {
    bool found = line->command[0] == mark;
    line->command += found;
    return found;
}

/* Cuts the text of one line in place, and keeps it. */
static struct line parse_line(char *text) {
    struct line line = {.text = text, .command = text};
    line.together = skip_mark(&line, '&');
    line.repeated = skip_mark(&line, '?');
    bool is_signal = skip_mark(&line, '!');
    char *tab = strchr(line.command, '\t'), *end = strchr(line.command, '\n');
    if (tab == NULL || end == NULL || tab > end || (line.repeated && (line.together || is_signal)))
        die(line.command, "not a line of a script");
    *tab = '\n'; /* now the command with its end is one piece of memory */
    *end = '\0';
    line.command_len = (size_t)(tab + 1 - line.command);
    line.expected = tab + 1;
    if (is_signal)
        parse_signal(&line);
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
        lines[(*count)++] = parse_line(text);
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

static bool is_expected(const struct line *line, const char *answer) {
    size_t len = strlen(line->expected);
    return len > 0 && line->expected[len - 1] == '*' ? strncmp(answer, line->expected, len - 1) == 0
                                                     : strcmp(answer, line->expected) == 0;
}

static void take_answer(struct dialogue *dialogue, struct line *line, double start_us) {
    const char *answer = read_answer(dialogue);
    while (line->repeated && !is_expected(line, answer)) {
        write_all(dialogue->to, line->command, line->command_len);
        answer = read_answer(dialogue);
    }
    line->took_us = now_us() - start_us;
    if (!is_expected(line, answer)) {
        fprintf(stderr, "bench_dialogue: a wrong answer: '%s' instead of '%s', to the command: %s",
                answer, line->expected, line->command);
        exit(1);
    }
    targets_note_answer(line->command, answer);
}

/* Writes the commands from the first line up to the next signal; returns how many they are. */
static size_t write_commands(struct dialogue *dialogue, const struct line *lines, size_t count) {
    size_t size = 0, len = 0;
    while (size < count && lines[size].signal == 0)
        len += lines[size++].command_len;
    char *text = malloc(len), *at = text;
    if (text == NULL)
        die("commands", strerror(errno));
    for (size_t i = 0; i < size; at += lines[i++].command_len)
        memcpy(at, lines[i].command, lines[i].command_len);
    write_all(dialogue->to, text, len);
    free(text);
    return size;
}

static void send_signal(struct line *line, double start_us) {
    target_send(line->target, line->signal);
    if (line->signal == SIGSTOP && !line->together)
        target_wait_until_stopped(line->target);
    line->took_us = now_us() - start_us;
}

/* Runs the lines that go out together; returns how many they were. */
static size_t run_group(struct dialogue *dialogue, struct line *lines, size_t count) {
    size_t size = 1;
    while (lines[size - 1].together && size < count)
        size++;
    double start_us = now_us();
    for (size_t i = 0; i < size;) {
        if (lines[i].signal != 0)
            send_signal(&lines[i++], start_us);
        else
            i += write_commands(dialogue, lines + i, size - i);
    }
    for (size_t i = 0; i < size; i++) {
        if (lines[i].signal == 0)
            take_answer(dialogue, &lines[i], start_us);
        printf("%.3f\n", lines[i].took_us);
    }
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
    atexit(targets_continue);
    struct line *lines = read_script(argv[1], &count);
    start(&dialogue, argv + 2);
    for (size_t i = 0; i < count;)
        i += run_group(&dialogue, lines + i, count - i);
    close(dialogue.to);
    if (waitpid(dialogue.pid, &status, 0) < 0 || status != 0)
        die(argv[2], "has not ended in good order");
    for (size_t i = 0; i < count; i++)
        free(lines[i].text);
    free(lines);
    return 0;
}
