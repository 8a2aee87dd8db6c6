/*
 * directory.c: the directory of the sockets: private, with a name that nobody can guess. It is
 * there only while nodes live: the last of them to end removes it if the controller cannot.
 *
 * Its controller holds a lock on it (flock). One without a lock is left from a controller that was
 * killed at the same moment as all its nodes: the next controller of that user removes the sockets in
 * it, and, if there is nothing else, the directory.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller.h"

static const char prefix[] = "banyan-";
enum { TRIES = 10 };

/* ---- what others have left ---- */

/* Opens a directory for its lock; -1: it is not of this user, or no directory. */
static int open_directory(int above, const char *name) {
    struct stat status;
    int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &status) != 0 || status.st_uid != geteuid())) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Whether an entry is the socket of a node, and not something that somebody else keeps there. */
static bool is_socket(int directory, const char *name) {
    struct stat status;
    size_t digits = strspn(name, "0123456789");
    return digits > 0 &&
           (strcmp(name + digits, ".req") == 0 || strcmp(name + digits, ".srv") == 0) &&
           fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(status.st_mode);
}

/* Removes the sockets in an open directory, whose descriptor is taken. */
static void empty(int fd) {
    DIR *directory = fdopendir(fd);
    if (directory == NULL) {
        close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (is_socket(fd, entry->d_name))
            unlinkat(fd, entry->d_name, 0);
    }
    closedir(directory);
}

/* The lock is held until the directory is gone, so that nobody begins to use it meanwhile. */
static void remove_stale(int above, const char *name) {
    int fd = open_directory(above, name);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        int files = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (files >= 0)
            empty(files);
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

/* ---- one's own ---- */

/* 0, or an errno; ENOENT: another controller has taken it for a stale one, and removed it. Where
 * there are no locks nobody removes any. */
static int lock(struct banyan *tree) {
    struct stat status;
    tree->directory_lock = open_directory(AT_FDCWD, tree->directory);
    if (tree->directory_lock < 0)
        return errno;
    while (flock(tree->directory_lock, LOCK_EX) != 0 && errno == EINTR)
        ;
    return fstat(tree->directory_lock, &status) == 0 && status.st_nlink == 0 ? ENOENT : 0;
}

static void unlock(struct banyan *tree) {
    if (tree->directory_lock >= 0)
        close(tree->directory_lock);
    tree->directory_lock = -1;
}

/* Fills in tree->directory. */
static bool make(struct banyan *tree, const char *above) {
    int error = ENOENT;
    for (int i = 0; i < TRIES && error == ENOENT; i++) {
        snprintf(tree->directory, sizeof tree->directory, "%s/%sXXXXXX", above, prefix);
        if (mkdtemp(tree->directory) == NULL)
            return false;
        if ((error = lock(tree)) == 0)
            return true;
        unlock(tree);
        rmdir(tree->directory); /* without a lock it would be taken for a stale one */
    }
    errno = error;
    return false;
}

bool directory_make(struct banyan *tree, char text[PROCESS_TEXT_MAX]) {
    size_t most = sizeof tree->directory - sizeof "/XXXXXX" - strlen(prefix);
    const char *above = tree->options.directory;
    if (tree->directory[0] != '\0')
        return true;
    if (above == NULL)
        above = getenv("TMPDIR");
    if (above == NULL || *above == '\0')
        above = "/tmp";
    if (strlen(above) > most)
        snprintf(text, PROCESS_TEXT_MAX,
                 "the path of the directory %.100s is too long for sockets: at most %zu bytes",
                 above, most);
    else if (!make(tree, above))
        snprintf(text, PROCESS_TEXT_MAX, "cannot make a directory in %s: %s", above,
                 strerror(errno));
    else {
        if (!tree->swept)
            sweep(above);
        tree->swept = true;
        return true;
    }
    tree->directory[0] = '\0';
    return false;
}

void directory_address(const struct banyan *tree, uint64_t serial, char address[WIRE_ADDRESS_MAX]) {
    address[0] = '\0';
    if (tree->directory[0] != '\0')
        snprintf(address, WIRE_ADDRESS_MAX, "ipc://%s/%" PRIu64, tree->directory, serial);
}

/* Usually it is empty by now. What cannot be removed, for want of memory perhaps, is used again, or
 * removed the next time. */
void directory_remove(struct banyan *tree) {
    if (tree->directory[0] == '\0')
        return;
    int fd = rmdir(tree->directory) != 0 ? open_directory(AT_FDCWD, tree->directory) : -1;
    if (fd >= 0) {
        empty(fd);
        rmdir(tree->directory);
    }
    if (access(tree->directory, F_OK) == 0)
        return;
    tree->directory[0] = '\0';
    unlock(tree);
}
