/*
 * directory.c: the directory of the sockets: private, with a name that nobody can guess. It is
 * there only while nodes live: the last of them to end removes it if the controller cannot.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller.h"

bool directory_make(struct banyan *tree, char text[PROCESS_TEXT_MAX]) {
    static const char name[] = "/banyan-XXXXXX";
    const char *above = tree->options.directory;
    if (tree->directory[0] != '\0')
        return true;
    if (above == NULL)
        above = getenv("TMPDIR");
    if (above == NULL || *above == '\0')
        above = "/tmp";
    int len = snprintf(tree->directory, sizeof tree->directory, "%s%s", above, name);
    if (len < 0 || (size_t)len >= sizeof tree->directory)
        snprintf(text, PROCESS_TEXT_MAX,
                 "the path of the directory %.100s is too long for sockets: at most %d bytes",
                 above, (int)(sizeof tree->directory - sizeof name));
    else if (mkdtemp(tree->directory) == NULL)
        snprintf(text, PROCESS_TEXT_MAX, "cannot make a directory in %s: %s", above,
                 strerror(errno));
    else
        return true;
    tree->directory[0] = '\0';
    return false;
}

/* Usually it is empty by now. What cannot be removed, for want of memory perhaps, is used again, or
 * removed the next time. */
void directory_remove(struct banyan *tree) {
    if (tree->directory[0] == '\0')
        return;
    DIR *directory = rmdir(tree->directory) != 0 ? opendir(tree->directory) : NULL;
    if (directory != NULL) {
        for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
            if (entry->d_name[0] != '.')
                unlinkat(dirfd(directory), entry->d_name, 0);
        }
        closedir(directory);
        rmdir(tree->directory);
    }
    if (access(tree->directory, F_OK) != 0)
        tree->directory[0] = '\0';
}
