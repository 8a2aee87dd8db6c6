/*
 * refuse: a library to be loaded before all others (LD_PRELOAD) that makes the Nth call of one
 * function fail, as if the machine had nothing more to give.
 *
 *     BANYAN_REFUSE=FUNCTION:N   which call
 *     BANYAN_REFUSE_IN=PROGRAM   only in this program (banyan, banyan-node)
 *     BANYAN_REFUSE_MARK=FILE    is made when a call has been refused
 *
 * Calls are counted in each process by itself, from all its threads.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* The allocator itself, which dlsym may need before it can say where it is. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static const char *function; /* NULL: nothing is refused */
static long at;
static atomic_long calls;

__attribute__((constructor)) static void begin(void) {
    const char *chosen = getenv("BANYAN_REFUSE"), *program = getenv("BANYAN_REFUSE_IN");
    const char *colon = chosen != NULL ? strchr(chosen, ':') : NULL;
    if (colon == NULL || program == NULL || strcmp(program, program_invocation_short_name) != 0)
        return;
    at = atol(colon + 1);
    function = chosen;
}

static void mark(void) {
    const char *path = getenv("BANYAN_REFUSE_MARK");
    long fd = path != NULL ? syscall(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY, 0600) : -1;
    if (fd >= 0)
        syscall(SYS_close, fd);
}

static int refuses(const char *name) {
    size_t len = strlen(name);
    if (function == NULL || strncmp(function, name, len) != 0 || function[len] != ':')
        return 0;
    if (atomic_fetch_add(&calls, 1) + 1 != at)
        return 0;
    mark();
    return 1;
}

/* ---- memory ---- */

static void *no_memory(void) {
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size) {
    return refuses("malloc") ? no_memory() : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return refuses("calloc") ? no_memory() : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return refuses("realloc") ? no_memory() : __libc_realloc(block, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    if (refuses("posix_memalign"))
        return ENOMEM;
    *block = __libc_memalign(alignment, size);
    return *block != NULL ? 0 : ENOMEM;
}

/* ---- processes, threads, descriptors ---- */

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* A function that returns a descriptor, or -1 and a reason. */
#define REFUSED(name, reason, declaration, arguments)                                              \
    int name declaration {                                                                         \
        if (refuses(#name)) {                                                                      \
            errno = reason;                                                                        \
            return -1;                                                                             \
        }                                                                                          \
        return NEXT(name) arguments;                                                               \
    }

REFUSED(socket, EMFILE, (int domain, int type, int protocol), (domain, type, protocol))
REFUSED(socketpair, EMFILE, (int domain, int type, int protocol, int pair[2]),
        (domain, type, protocol, pair))
REFUSED(bind, ENOBUFS, (int fd, const struct sockaddr *address, socklen_t len), (fd, address, len))
REFUSED(listen, ENOBUFS, (int fd, int backlog), (fd, backlog))
REFUSED(accept, EMFILE, (int fd, struct sockaddr *restrict address, socklen_t *restrict len),
        (fd, address, len))
REFUSED(accept4, EMFILE,
        (int fd, struct sockaddr *restrict address, socklen_t *restrict len, int flags),
        (fd, address, len, flags))
REFUSED(connect, ENOBUFS, (int fd, const struct sockaddr *address, socklen_t len),
        (fd, address, len))
REFUSED(pipe, EMFILE, (int pair[2]), (pair))
REFUSED(pipe2, EMFILE, (int pair[2], int flags), (pair, flags))
REFUSED(eventfd, EMFILE, (unsigned count, int flags), (count, flags))
REFUSED(timerfd_create, EMFILE, (clockid_t id, int flags), (id, flags))
REFUSED(epoll_create1, EMFILE, (int flags), (flags))

/* Only what is added needs memory. (Nng below 1.10 panics when a change of what it has added is
 * refused, which the system never does.) */
int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event) {
    if (operation == EPOLL_CTL_ADD && refuses("epoll_ctl")) {
        errno = ENOSPC;
        return -1;
    }
    return NEXT(epoll_ctl)(epoll, operation, fd, event);
}

/* The system refuses no call that names a child; but a call that waits may be interrupted. */
int waitid(idtype_t type, id_t id, siginfo_t *info, int options) {
    if ((options & WNOHANG) == 0 && refuses("waitid")) {
        errno = EINTR;
        return -1;
    }
    return NEXT(waitid)(type, id, info, options);
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (refuses("open")) {
        errno = EMFILE;
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (command == F_DUPFD_CLOEXEC && refuses("dup")) {
        errno = EMFILE;
        return -1;
    }
    return NEXT(fcntl)(fd, command, argument);
}

char *mkdtemp(char *path) {
    if (refuses("mkdtemp")) {
        errno = ENOSPC;
        return NULL;
    }
    return NEXT(mkdtemp)(path);
}

int posix_spawn(pid_t *restrict pid, const char *restrict path,
                const posix_spawn_file_actions_t *restrict actions,
                const posix_spawnattr_t *restrict attributes, char *const arguments[restrict],
                char *const environment[restrict]) {
    if (refuses("posix_spawn"))
        return EAGAIN;
    return NEXT(posix_spawn)(pid, path, actions, attributes, arguments, environment);
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
                   void *(*start)(void *), void *restrict argument) {
    if (refuses("pthread_create"))
        return EAGAIN;
    return NEXT(pthread_create)(thread, attributes, start, argument);
}
