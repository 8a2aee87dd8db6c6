#include "progress.h"

#include <stdio.h>

#include "clock.h"

enum { LONG_US = SECOND_US, RENEW_US = SECOND_US / 5 };

/* ---- the line ---- */

static void print_bytes(char *text, size_t size, double bytes) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    while (bytes >= 999.95 && unit < sizeof units / sizeof *units - 1) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, size, "%.*f %s", unit > 0 ? 1 : 0, bytes, units[unit]);
}

static void print_time(char *text, size_t size, double seconds) {
    if (seconds < 60)
        snprintf(text, size, "%.0f s left", seconds);
    else if (seconds < 3600)
        snprintf(text, size, "%.0f min left", seconds / 60);
    else
        snprintf(text, size, "%.1f h left", seconds / 3600);
}

/* The most important comes first, because the line may be cut. */
static void print_line(char *text, size_t size, const struct transfer *transfer, double rate) {
    char moved[16], all[16], speed[16], left[24] = "";
    print_bytes(moved, sizeof moved, (double)transfer->moved);
    print_bytes(speed, sizeof speed, rate);
    if (transfer->left < 0) {
        snprintf(text, size, "%s: %s, %s/s", transfer->what, moved, speed);
        return;
    }
    double total = (double)transfer->moved + (double)transfer->left;
    int percent = total > 0 ? (int)(100 * (double)transfer->moved / total) : 100;
    print_bytes(all, sizeof all, total);
    if (rate >= 1)
        print_time(left, sizeof left, (double)transfer->left / rate);
    snprintf(text, size, "%s: %d %%, %s%s%s of %s, %s/s", transfer->what, percent, left,
             *left != '\0' ? ", " : "", moved, all, speed);
}

/* ---- when ---- */

/* The rate is a moving average. When an exec ends, the sum of the others is less than before, and
 * says nothing about the rate. */
static void measure(struct progress *progress, const struct transfer *transfer, uint64_t now_us) {
    double weight = 0.3;
    uint64_t since_us = progress->shown_us;
    if (since_us < transfer->begun_us) {
        since_us = transfer->begun_us;
        progress->moved = 0;
        weight = 1;
    }
    if (transfer->moved >= progress->moved && now_us > since_us)
        progress->rate += weight * ((double)(transfer->moved - progress->moved) * SECOND_US /
                                        (double)(now_us - since_us) -
                                    progress->rate);
    progress->moved = transfer->moved;
    progress->shown_us = now_us;
}

/* While the terminal has not taken all that it was sent, nothing is added. */
void progress_step(struct progress *progress, struct screen *screen,
                   const struct transfer *transfer) {
    char line[SCREEN_STATUS];
    uint64_t now_us = clock_now_us();
    progress->begun_us = transfer->begun_us;
    if (transfer->count == 0 || now_us - transfer->begun_us < LONG_US) {
        screen_status(screen, "");
    } else if (now_us - progress->shown_us >= RENEW_US && output_pending(screen->to) == 0) {
        measure(progress, transfer, now_us);
        print_line(line, sizeof line, transfer, progress->rate);
        screen_status(screen, line);
    }
}

int progress_timeout(const struct progress *progress) {
    if (progress->begun_us == 0)
        return -1;
    uint64_t due_us = progress->begun_us + LONG_US, now_us = clock_now_us();
    if (due_us < progress->shown_us + RENEW_US)
        due_us = progress->shown_us + RENEW_US;
    return due_us > now_us ? (int)((due_us - now_us) / 1000) + 1 : 1;
}
