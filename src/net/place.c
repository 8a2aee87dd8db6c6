#include "place.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char scheme[] = "ipc://";
static const char *const suffixes[] = {[NET_REQUESTS] = ".req", [NET_SURVEYS] = ".srv"};

/* NULL: a URL of another transport. */
static const char *path_of(const char *url) {
    return strncmp(url, scheme, strlen(scheme)) == 0 ? url + strlen(scheme) : NULL;
}

bool place_address(const char *directory, uint64_t serial, char address[WIRE_ADDRESS_MAX]) {
    int len = snprintf(address, WIRE_ADDRESS_MAX, "%s%s/%" PRIu64, scheme, directory, serial);
    return len > 0 && len < WIRE_ADDRESS_MAX;
}

bool place_url(const char *address, enum net_kind kind, char url[NET_URL_MAX]) {
    int len = snprintf(url, NET_URL_MAX, "%s%s", address, suffixes[kind]);
    const char *path = path_of(url);
    return len > 0 && len < NET_URL_MAX && (path == NULL || strlen(path) <= NET_PATH_MAX);
}

bool place_listens(const char *url) {
    const char *path = path_of(url);
    return path == NULL || access(path, F_OK) == 0;
}

void place_unlink(const char *address) {
    char url[NET_URL_MAX];
    for (int kind = NET_REQUESTS; kind <= NET_SURVEYS; kind++) {
        if (place_url(address, (enum net_kind)kind, url) && path_of(url) != NULL)
            unlink(path_of(url)); /* may fail: usually it is gone already */
    }
}

/* ---- directories ---- */

int place_open(int above, const char *directory) {
    struct stat status;
    int fd = openat(above, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &status) != 0 || status.st_uid != geteuid())) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool is_socket(int directory, const struct dirent *entry) {
    struct stat status;
    size_t digits = strspn(entry->d_name, "0123456789");
    const char *suffix = entry->d_name + digits;
    if (digits == 0 ||
        (strcmp(suffix, suffixes[NET_REQUESTS]) != 0 && strcmp(suffix, suffixes[NET_SURVEYS]) != 0))
        return false;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_SOCK;
    return fstatat(directory, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISSOCK(status.st_mode);
}

void place_empty(int directory) {
    int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* reads from the start */
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (entries == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (is_socket(directory, entry))
            unlinkat(directory, entry->d_name, 0);
    }
    closedir(entries);
}

void place_remove(const char *directory) {
    int fd = rmdir(directory) != 0 ? place_open(AT_FDCWD, directory) : -1;
    if (fd < 0)
        return;
    place_empty(fd);
    close(fd);
    rmdir(directory);
}

void place_remove_around(const char *address) {
    char directory[NET_URL_MAX];
    const char *path = path_of(address);
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    if (slash == NULL || (size_t)(slash - path) >= sizeof directory)
        return;
    snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
    place_remove(directory);
}
