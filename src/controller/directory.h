/*
 * directory: the directory of the sockets, private and with an unpredictable name. It exists only
 * while nodes live: if the controller cannot remove it, the last node to end does.
 *
 * The controller holds a lock on its directory (flock). A directory without a lock was left by a
 * controller that was killed at the same moment as all its nodes. The next controller of that user
 * removes the sockets in it, and the directory if nothing else is there.
 */
#ifndef BANYAN_DIRECTORY_H
#define BANYAN_DIRECTORY_H

#include <stdbool.h>

#include "net/place.h"

enum {
    DIRECTORY_PATH_MAX = NET_PATH_MAX - PLACE_NAME_MAX, /* with its end mark */
    DIRECTORY_TEXT_MAX = 256,                           /* of an error */
};

struct directory {
    const char *above;             /* where to make it; borrowed; NULL: $TMPDIR, or /tmp */
    char path[DIRECTORY_PATH_MAX]; /* empty: it does not exist */
    int lock;                      /* -1: not held */
    bool swept;                    /* stale directories were looked for */
};

/* Makes the directory, unless it exists. False: text says why not. */
bool directory_make(struct directory *directory, char text[DIRECTORY_TEXT_MAX]);

/* Removes the directory, if it exists, and the sockets in it. */
void directory_remove(struct directory *directory);

/* The same, and unlocks a directory that cannot be removed. */
void directory_close(struct directory *directory);

#endif
