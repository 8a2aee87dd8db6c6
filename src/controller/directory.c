#include "directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/place.h"

static const char prefix[] = "banyan-";
enum { TRIES = 10 };

/* ---- what other controllers have left ---- */

/* Holds the lock until the directory is gone, so that no other controller uses it meanwhile. */
static void remove_stale(int above, const char *name) {
    int fd = place_open(above, name);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        place_empty(fd);
        unlinkat(above, name, AT_REMOVEDIR);
    }
    close(fd);
}

static void sweep(const char *above) {
    DIR *directory = opendir(above);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
            strlen(entry->d_name) == strlen(prefix) + strlen("XXXXXX"))
            remove_stale(dirfd(directory), entry->d_name);
    }
    closedir(directory);
}

/* ---- this controller's directory ---- */

static void unlock(struct directory *directory) {
    if (directory->lock >= 0)
        close(directory->lock);
    directory->lock = -1;
}

/* 0, or an errno; ENOENT: another controller took the directory for a stale one and removed it. If
 * the file system has no locks, no controller removes a directory of another. */
static int lock(struct directory *directory) {
    struct stat status;
    directory->lock = place_open(AT_FDCWD, directory->path);
    if (directory->lock < 0)
        return errno;
    while (flock(directory->lock, LOCK_EX) != 0 && errno == EINTR)
        ;
    return fstat(directory->lock, &status) == 0 && status.st_nlink == 0 ? ENOENT : 0;
}

/* 0, or an errno. */
static int make(struct directory *directory, const char *above) {
    int error = ENOENT;
    for (int i = 0; i < TRIES && error == ENOENT; i++) {
        snprintf(directory->path, sizeof directory->path, "%s/%sXXXXXX", above, prefix);
        if (mkdtemp(directory->path) == NULL)
            return errno;
        if ((error = lock(directory)) == 0)
            return 0;
        unlock(directory);
        rmdir(directory->path); /* another controller would take it for a stale one */
    }
    return error;
}

static const char *place(const struct directory *directory) {
    const char *above = directory->above != NULL ? directory->above : getenv("TMPDIR");
    return above != NULL && *above != '\0' ? above : "/tmp";
}

bool directory_make(struct directory *directory, char text[DIRECTORY_TEXT_MAX]) {
    size_t most = sizeof directory->path - sizeof "/XXXXXX" - strlen(prefix);
    const char *above = place(directory);
    int error = 0;
    if (directory->path[0] != '\0')
        return true;
    if (strlen(above) > most) {
        snprintf(text, DIRECTORY_TEXT_MAX,
                 "the path of the directory %.100s is too long for sockets: at most %zu bytes",
                 above, most);
        return false;
    }
    if ((error = make(directory, above)) != 0) {
        snprintf(text, DIRECTORY_TEXT_MAX, "cannot make a directory in %s: %s", above,
                 strerror(error));
        directory->path[0] = '\0';
        return false;
    }
    if (!directory->swept)
        sweep(above);
    directory->swept = true;
    return true;
}

/* Usually the directory is empty by now. If it cannot be removed, for want of memory perhaps, it
 * stays in use, and the next call tries again. */
void directory_remove(struct directory *directory) {
    if (directory->path[0] == '\0')
        return;
    place_remove(directory->path);
    if (access(directory->path, F_OK) == 0)
        return;
    directory->path[0] = '\0';
    unlock(directory);
}

void directory_close(struct directory *directory) {
    directory_remove(directory);
    unlock(directory);
}
