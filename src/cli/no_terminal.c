/* no_terminal.c: instead of terminal.c in a program without libedit: no terminal can be opened. */
#include "terminal.h"

bool terminal_possible(void) {
    return false;
}

struct terminal *terminal_open(const struct editor_host *host, struct screen *screen, int fd,
                               int signals) {
    (void)host, (void)screen, (void)fd, (void)signals;
    return NULL;
}

void terminal_close(struct terminal *terminal) {
    (void)terminal;
}

void terminal_run(struct terminal *terminal) {
    (void)terminal;
}

bool terminal_wanted(const struct terminal *terminal) {
    (void)terminal;
    return false;
}

void terminal_read(struct terminal *terminal) {
    (void)terminal;
}

bool terminal_signal(struct terminal *terminal, int number) {
    (void)terminal, (void)number;
    return false;
}
