#include "transfer.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int64_t transfer_left(int fd) {
    struct stat status;
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return -1;
    return status.st_size > at ? status.st_size - at : 0;
}

void transfer_add(struct transfer *sum, const struct transfer *one) {
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
