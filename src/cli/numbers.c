#include "numbers.h"

#include <string.h>

#include "clock.h"

void numbers_begin(struct numbers *numbers, struct banyan_exec *exec) {
    *numbers = (struct numbers){.exec = exec, .begun_us = clock_now_us()};
}

static void finish(struct numbers *numbers) {
    banyan_exec_end(numbers->exec);
    *numbers = (struct numbers){.exec = NULL};
}

enum numbers_step numbers_step(struct numbers *numbers, struct input *input, bool *readable) {
    char *at;
    size_t room, held = numbers->held_cr ? 1 : 0;
    int state = banyan_exec_room(numbers->exec, &at, &room);
    if (state < 0)
        finish(numbers);
    if (state <= 0)
        return state < 0 ? NUMBERS_UNWANTED : NUMBERS_WAIT;
    if (held)
        at[0] = '\r';
    size_t len = held + input_take(input, at + held, room - held, readable);
    if (len == held) {
        if (input->ended)
            finish(numbers); /* a CR at the very end ends the line, too */
        return NUMBERS_WAIT;
    }
    char *end = memchr(at, '\n', len);
    size_t line = end != NULL ? (size_t)(end - at) : len;
    if (end != NULL)
        input_put_back(input, end + 1, len - line - 1);
    numbers->held_cr = line > 0 && at[line - 1] == '\r';
    banyan_exec_filled(numbers->exec, line - (numbers->held_cr ? 1 : 0));
    numbers->moved += line;
    if (end != NULL)
        finish(numbers);
    return NUMBERS_MOVED;
}

bool numbers_wanted(const struct numbers *numbers) {
    char *at;
    size_t room;
    return banyan_exec_room(numbers->exec, &at, &room) != 0;
}

/* Where the line ends is not known, but where a file of commands ends is. */
void numbers_progress(const struct numbers *numbers, const struct input *input,
                      struct transfer *sum) {
    if (numbers->exec != NULL)
        transfer_add(sum, &(struct transfer){.count = 1,
                                             .what = "commands",
                                             .begun_us = numbers->begun_us,
                                             .moved = numbers->moved,
                                             .left = transfer_left(input->fd)});
}
