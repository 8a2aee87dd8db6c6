/* directory.c: the directory of the sockets: private, with a name that nobody can guess. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller.h"

int directory_make(struct banyan *tree, char *error, size_t size) {
    const char *above = tree->options.directory;
    if (above == NULL)
        above = getenv("TMPDIR");
    if (above == NULL || *above == '\0')
        above = "/tmp";
    int len = snprintf(tree->directory, sizeof tree->directory, "%s/banyan-XXXXXX", above);
    if (len < 0 || (size_t)len >= sizeof tree->directory) {
        snprintf(error, size, "the directory %s is too long for sockets: at most %d bytes", above,
                 (int)(sizeof tree->directory - sizeof "/banyan-XXXXXX"));
        tree->directory[0] = '\0';
        return -1;
    }
    if (mkdtemp(tree->directory) == NULL) {
        snprintf(error, size, "cannot make a directory in %s: %s", above, strerror(errno));
        tree->directory[0] = '\0';
        return -1;
    }
    return 0;
}

void directory_remove(struct banyan *tree) {
    DIR *directory = tree->directory[0] != '\0' ? opendir(tree->directory) : NULL;
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    rmdir(tree->directory);
}
