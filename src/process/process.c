#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The descriptors that the child keeps must not be overwritten while they are put in place. */
enum { SAFE_FD = PROCESS_NOTIFY_FD + 1 };

enum { RETRY_US = 1000 }; /* where the system had no memory for a moment */

enum {
    LARGEST_FROM_HEAP = 32 << 20, /* the most that glibc takes */
    KEPT = 256 << 20,
};

void process_keep_memory(void) {
    mallopt(M_MMAP_THRESHOLD, LARGEST_FROM_HEAP);
    mallopt(M_TRIM_THRESHOLD, KEPT);
}

static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return error;
}

/* What the child inherits, each at SAFE_FD or above; -1: not open yet. */
struct inherited {
    int lifeline, birth, notify;
};

static int set_descriptors(posix_spawn_file_actions_t *actions, const struct inherited *from) {
    int error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDWR, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, 0, 1);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, from->lifeline, PROCESS_LIFELINE_FD);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, from->birth, PROCESS_BIRTH_FD);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(actions, from->notify, PROCESS_NOTIFY_FD);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(actions, SAFE_FD);
    return error;
}

static int spawn(const struct process_spec *spec, const struct inherited *from, pid_t *pid) {
    char id[24], serial[24];
    snprintf(id, sizeof id, "%" PRId64, spec->id);
    snprintf(serial, sizeof serial, "%" PRIu64, spec->serial);
    char *arguments[] = {(char *)spec->program, id, serial, (char *)spec->address, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    if ((error = posix_spawnattr_init(&attributes)) == 0) {
        error = set_attributes(&attributes);
        if (error == 0)
            error = set_descriptors(&actions, from);
        if (error == 0)
            error = posix_spawn(pid, spec->program, &actions, &attributes, arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static void close_if_open(int fd) {
    if (fd >= 0)
        close(fd);
}

pid_t process_start(const struct process_spec *spec, int *birth, char text[PROCESS_TEXT_MAX]) {
    struct inherited from = {-1, -1, -1};
    int pair[2] = {-1, -1}, error = 0;
    pid_t pid = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
        (from.lifeline = fcntl(spec->lifeline, F_DUPFD_CLOEXEC, SAFE_FD)) < 0 ||
        (from.birth = fcntl(pair[1], F_DUPFD_CLOEXEC, SAFE_FD)) < 0 ||
        (from.notify = fcntl(spec->notify, F_DUPFD_CLOEXEC, SAFE_FD)) < 0 ||
        fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0)
        error = errno;
    if (error == 0)
        error = spawn(spec, &from, &pid);
    close_if_open(from.lifeline);
    close_if_open(from.birth);
    close_if_open(from.notify);
    close_if_open(pair[1]);
    if (error != 0) {
        close_if_open(pair[0]);
        snprintf(text, PROCESS_TEXT_MAX, "cannot start %s: %s", spec->program, strerror(error));
        return -1;
    }
    *birth = pair[0];
    return pid;
}

int process_read_birth(int birth, char text[PROCESS_TEXT_MAX]) {
    ssize_t len = recv(birth, text, PROCESS_TEXT_MAX - 1, MSG_PEEK);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    text[len > 0 ? len : 0] = '\0';
    char *end = strchr(text, '\n');
    if (len > 0 && strcmp(text, PROCESS_READY) == 0) {
        recv(birth, text, (size_t)len, 0);
        return 1;
    }
    if (len <= 0)
        snprintf(text, PROCESS_TEXT_MAX, "the node ended while it was starting");
    else if (end == NULL) /* a line is written at once: there is no rest to wait for */
        snprintf(text, PROCESS_TEXT_MAX, "the node says something else than that it is ready");
    else
        *end = '\0';
    return -1;
}

void process_write_birth(int birth, const char *failure) {
    char line[PROCESS_TEXT_MAX];
    int len = failure == NULL ? snprintf(line, sizeof line, "%s", PROCESS_READY)
                              : snprintf(line, sizeof line - 1, "%s\n", failure);
    /* Nobody to read it means that nobody wants this node: the lost connection will say so. */
    if (len > 0 && send(birth, line, (size_t)len, MSG_NOSIGNAL) < 0)
        return;
}

int process_open_notify(int pair[2]) {
    int on = 1;
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) != 0)
        return errno;
    return setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 ? 0 : errno;
}

bool process_notify(int notify, uint64_t serial) {
    ssize_t sent;
    while ((sent = send(notify, &serial, sizeof serial, MSG_NOSIGNAL)) < 0 &&
           (errno == EINTR || errno == ENOBUFS || errno == ENOMEM))
        usleep(errno == EINTR ? 0 : RETRY_US);
    return sent == sizeof serial;
}

/* 0: the message does not say. */
static pid_t sender_of(struct msghdr *message) {
    struct ucred sender;
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    if (head == NULL || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_CREDENTIALS)
        return 0;
    memcpy(&sender, CMSG_DATA(head), sizeof sender);
    return sender.pid;
}

bool process_read_notify(int notify, uint64_t *serial, pid_t *pid) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec part = {.iov_base = serial, .iov_len = sizeof *serial};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t len;
    do
        len = recvmsg(notify, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (len < 0 && errno == EINTR);
    bool whole = len == sizeof *serial && (message.msg_flags & MSG_TRUNC) == 0;
    *pid = whole ? sender_of(&message) : 0;
    return len >= 0;
}

int process_watch_lifeline(int lifeline) {
    /* A description of its own, because the owner of its signals belongs to the description, and
     * the inherited one is shared by all nodes. */
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", lifeline);
    int own = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (own < 0)
        return lifeline;
    if (fcntl(own, F_SETOWN, getpid()) != 0 || fcntl(own, F_SETSIG, SIGCONT) != 0 ||
        fcntl(own, F_SETFL, O_NONBLOCK | O_ASYNC) != 0) {
        close(own);
        return lifeline;
    }
    return own;
}

bool process_collect(pid_t pid, int *status) {
    int result;
    pid_t ended;
    do
        ended = waitpid(pid, &result, WNOHANG);
    while (ended < 0 && errno == EINTR);
    if (ended < 0 &&
        errno == ECHILD) /* who started it collected it, and ended before it could say so */
        result = -1;
    else if (ended != pid)
        return false;
    *status = result;
    return true;
}

int process_look(pid_t pid, char *state, pid_t *parent) {
    char path[32], text[128];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    ssize_t len = read(fd, text, sizeof text - 1);
    int error = len < 0 ? errno : 0;
    close(fd);
    text[len > 0 ? len : 0] = '\0';
    const char *end = strrchr(text, ')'); /* of the name, which may hold anything */
    if (error == 0 && (end == NULL || sscanf(end, ") %c %d", state, parent) != 2))
        error = ESRCH;
    return error;
}

/* The program, the id, the serial and the address, each with its end mark: see spawn above. */
bool process_arguments(pid_t pid, uint64_t *serial, char *address, size_t room) {
    char path[32], text[4096 + 256];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    const char *at = text, *end = text + (len > 0 ? len : 0);
    for (int i = 0; i < 2 && at < end; i++)
        at += strlen(at) + 1;
    if (at >= end || sscanf(at, "%" SCNu64, serial) != 1)
        return false;
    at += strlen(at) + 1;
    if (at >= end || strlen(at) >= room)
        return false;
    memcpy(address, at, strlen(at) + 1);
    return true;
}

bool process_runs(pid_t pid) {
    char state;
    pid_t parent;
    return process_look(pid, &state, &parent) == 0 && strchr("RSDI", state) != NULL;
}

void process_describe(int status, char text[PROCESS_TEXT_MAX]) {
    if (WIFSIGNALED(status))
        snprintf(text, PROCESS_TEXT_MAX, "killed by signal %d", WTERMSIG(status));
    else
        snprintf(text, PROCESS_TEXT_MAX, "ended with status %d", WEXITSTATUS(status));
}
