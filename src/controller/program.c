#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 4096 };

/* The directory of the running program, without a slash at its end. */
static void own_directory(char path[PATH]) {
    ssize_t len = readlink("/proc/self/exe", path, PATH - 1);
    path[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        *slash = '\0';
}

static char *find(const char *directory, const char *name) {
    char path[2 * PATH];
    snprintf(path, sizeof path, "%s%s", directory, name);
    return access(path, X_OK) == 0 ? realpath(path, NULL) : NULL;
}

char *program_find(const char *given, char *error, size_t size) {
    char own[PATH], *found;
    if (given != NULL) {
        /* Keeps the name of a missing program, because the answer to a create names it. */
        if ((found = realpath(given, NULL)) == NULL && (found = strdup(given)) == NULL)
            snprintf(error, size, "out of memory");
        return found;
    }
    own_directory(own);
    if ((found = find(own, "/banyan-node")) == NULL &&
        (found = find(own, "/" BANYAN_NODE_RELATIVE)) == NULL &&
        (found = find("", BANYAN_NODE_PROGRAM)) == NULL)
        snprintf(error, size, "cannot find the program banyan-node: not as %s, nor in %s",
                 BANYAN_NODE_PROGRAM, own);
    return found;
}
