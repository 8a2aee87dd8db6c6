/*
 * transfer: how much of the numbers that are being read has been read, all execs together.
 *
 * One thread.
 */
#ifndef BANYAN_TRANSFER_H
#define BANYAN_TRANSFER_H

#include <stdint.h>

struct transfer {
    unsigned count;    /* how many execs; 0: none */
    char what[32];     /* what is shown as their name: "exec 10" */
    uint64_t begun_us; /* when the first of them began */
    uint64_t moved;    /* bytes so far */
    int64_t left;      /* bytes to come; -1: not known */
};

/* How many bytes of a file are still to be read; -1: the descriptor is no regular file. */
int64_t transfer_left(int fd);

/* Adds one to the sum. */
void transfer_add(struct transfer *sum, const struct transfer *one);

#endif
