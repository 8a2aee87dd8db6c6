#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

enum { SECOND_US = 1000000, LONG_US = SECOND_US, RENEW_US = SECOND_US / 5 };

uint64_t progress_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_US + (uint64_t)now.tv_nsec / 1000;
}

int64_t progress_left(int fd) {
    struct stat status;
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return -1;
    return status.st_size > at ? status.st_size - at : 0;
}

void progress_add(struct transfer *sum, const struct transfer *one) {
    if (sum->count == 0) {
        *sum = *one;
        return;
    }
    sum->count += one->count;
    snprintf(sum->what, sizeof sum->what, "%u execs", sum->count);
    if (one->begun_us < sum->begun_us)
        sum->begun_us = one->begun_us;
    sum->moved += one->moved;
    sum->left = sum->left < 0 || one->left < 0 ? -1 : sum->left + one->left;
}

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

int progress_line(const struct transfer *transfer, double rate, char *text, size_t size) {
    char moved[16], all[16], speed[16], left[24] = "";
    print_bytes(moved, sizeof moved, (double)transfer->moved);
    print_bytes(speed, sizeof speed, rate);
    if (transfer->left < 0)
        return snprintf(text, size, "%s: %s, %s/s", transfer->what, moved, speed);
    double total = (double)transfer->moved + (double)transfer->left;
    int percent = total > 0 ? (int)(100 * (double)transfer->moved / total) : 100;
    print_bytes(all, sizeof all, total);
    if (rate >= 1)
        print_time(left, sizeof left, (double)transfer->left / rate);
    return snprintf(text, size, "%s: %d %%, %s%s%s of %s, %s/s", transfer->what, percent, left,
                    *left != '\0' ? ", " : "", moved, all, speed);
}

/* ---- when ---- */

static struct transfer under_way(const struct session *session) {
    struct transfer sum = {.count = 0};
    sources_progress(session, &sum);
    input_progress(session, &sum);
    return sum;
}

/* The rate of late: each time counts less the longer it was ago. When an exec ends, the sum of
 * those that remain is less than before, and says nothing of the rate. */
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

/* What the terminal has not taken yet is not added to. */
void progress_step(struct session *session) {
    struct progress *progress = &session->progress;
    struct screen *screen = &session->screen;
    char line[SCREEN_STATUS];
    if (screen->to == NULL)
        return;
    struct transfer transfer = under_way(session);
    uint64_t now_us = progress_now_us();
    progress->begun_us = transfer.begun_us;
    if (transfer.count == 0 || now_us - transfer.begun_us < LONG_US) {
        screen_status(session, "");
    } else if (now_us - progress->shown_us >= RENEW_US && output_pending(screen->to) == 0) {
        measure(progress, &transfer, now_us);
        progress_line(&transfer, progress->rate, line, sizeof line);
        screen_status(session, line);
    }
}

int progress_timeout(const struct session *session) {
    const struct progress *progress = &session->progress;
    if (session->screen.to == NULL || progress->begun_us == 0)
        return -1;
    uint64_t due_us = progress->begun_us + LONG_US, now_us = progress_now_us();
    if (due_us < progress->shown_us + RENEW_US)
        due_us = progress->shown_us + RENEW_US;
    return due_us > now_us ? (int)((due_us - now_us) / 1000) + 1 : 1;
}
