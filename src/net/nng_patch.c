/*
 * nng_patch.c: patches nng 1, from 1.5.2 to 1.12 at least, when it is linked statically. Each
 * function replaces an internal one of the library (ld's --wrap), and may call it. If a later
 * version has fixed the bug, the patch changes nothing.
 *
 *   nni_aio_begin    returns an error for a stopped operation without completing it, so a thread
 *                    that waits for the operation waits for ever: after a peer died in the middle
 *                    of a message, that is the one thread that removes connections (nng issues 1543
 *                    and 1813). Here the operation completes with that error. (1.9 and later fix
 *                    some of the cases; with 1.12.0 tests/fault/hostile met another in one of seven
 *                    runs.)
 *   nni_plat_errno   turned EPIPE into "closed", which a listener took for its own end: after a
 *                    client had vanished before the handshake, the listener accepted nothing (issue
 *                    1518, fixed in 1.6). Here EPIPE is a reset connection.
 *   nni_plat_ncpu    decides how many threads every process starts: two for each processor, and
 *                    more. Here it returns 1, because 1.5.2 has no setting for that.
 *   nni_thr_init     starts a thread. Of several threads for the same work (two for callbacks), all
 *                    but the first are left out here, because two threads for callbacks contend for
 *                    one lock at every message. No callback of nng or of this program waits for
 *                    another.
 *   nni_timer_sys_init
 *                    (below 1.7) starts a thread for an older kind of timers, which resend requests
 *                    and end surveys. This program uses neither, so here the thread is not started,
 *                    and these timers never fire.
 *   nni_posix_resolv_sysinit
 *                    starts the thread that looks up host names. Sockets of this program have
 *                    paths, so here the thread is not started. (Sockets at tcp:// would need it,
 *                    and getaddrinfo.)
 *   nni_sp_tls_register, nni_sp_ws_register, nni_sp_wss_register, nni_tls_sys_init,
 *   nni_tls_sys_fini, nni_tls_dialer_alloc, nni_tls_listener_alloc, nni_ws_dialer_alloc,
 *   nni_ws_listener_alloc
 *                    are all that refers to TLS and WebSocket, which this program does not use.
 *                    Here they are left out, and with them half of the program: relocating its
 *                    thousands of pointers took a tenth of the start of a process.
 *   nni_task_dispatch, nni_posix_ipc_start, nni_posix_pfd_set_cb
 *                    hand a completed operation from the thread that waits for the sockets to the
 *                    thread of the callbacks, twice for each message, while the first thread still
 *                    holds the locks that the second needs. That was more than half of what a small
 *                    message cost. Here the first thread calls the callbacks of a connection
 *                    itself, once the connection has released its locks, and so does a thread that
 *                    sends (see net_defer). Callbacks of this program do not block, and nng frees a
 *                    connection on another thread, so no callback waits for the thread that calls
 *                    it. Dialers and listeners are left as they are.
 *   getaddrinfo      is called only by the thread that looks up host names. Here it is left out,
 *                    and with it parts of the C library that cannot be linked statically.
 *   nni_random       is used as a signed number for the pause before the next dialing, so half of
 *                    the pauses were negative, that is, none (fixed in 1.10). Here it fits a signed
 *                    number. Also, each number took a system call, some forty in the start of a
 *                    process; here one call seeds a generator.
 *   epoll_ctl        adds a new socket without events; but the kernel always reports an unconnected
 *                    socket (EPOLLHUP), again and again. A few hundred sockets whose dialing had
 *                    failed, and that waited to be closed, kept the thread busy that has to release
 *                    them, so their number grew (up to 20000, beside 16 busy loops). Here EPOLLHUP
 *                    is reported once. Also, every new socket passes here, and gets a larger send
 *                    buffer, because waking both sides at every 200 KB took longer than moving the
 *                    bytes.
 *   nni_cv_until     woke the thread of the timers up to a millisecond early, and the thread then
 *                    spun under a lock until the time had come. Here it waits a millisecond longer.
 *   nni_cv_wake      is called after each scan of the timers. A timer that was due in this very
 *                    millisecond neither expired nor made the thread wait, so the thread scanned
 *                    again and again; with some hundred dialers that redial it never slept, and
 *                    closing a connection took two to three times as long. Here it waits for the
 *                    next millisecond before a second scan. (The thread is known by the name that
 *                    it gives itself: nni_thr_set_name.)
 *   nni_alloc, nni_zalloc
 *                    allocate nng's memory; if they fail, nng crashes in many places (opening a
 *                    socket, a context, a connection). Here a small allocation is retried for a
 *                    while, and then the process ends with a message. A large allocation is a
 *                    message, and may fail.
 *   nni_msg_alloc
 *                    fills a message with zeros before it is read into, which took longer than
 *                    adding its numbers. Here a large message is not cleared, because the program
 *                    that makes it fills it.
 *   nni_sp_tran_sys_fini
 *                    is the first function called when nng could not start, for want of threads or
 *                    memory. What follows takes down what was never set up, and crashes, or waits
 *                    for a lock that it holds. Here the process ends with a message instead. (This
 *                    program never shuts nng down: processes leave with _exit.)
 *   nni_posix_pfd_init
 *                    fails for want of memory; dialing then unlocks a lock that it does not hold,
 *                    and aborts the process. Here the call is retried for a while; if that does not
 *                    help, the process still aborts.
 */
#include <errno.h>
#include <netdb.h>
#include <nng/nng.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

enum {
    EXIT_START = 3,
    TRIES = 100, /* a millisecond apart */
    LARGE = 64 << 10,
    SEND_BUFFER = 1 << 20,
};

struct nng_aio;
struct nni_cv;
struct nni_thr;
struct nni_posix_pfd;

int __real_nni_aio_begin(struct nng_aio *aio);
int __wrap_nni_aio_begin(struct nng_aio *aio);
void nni_aio_finish_error(struct nng_aio *aio, int error);
int __real_nni_plat_errno(int error);
int __wrap_nni_plat_errno(int error);
int __wrap_nni_plat_ncpu(void);
uint64_t nni_clock(void);
void __real_nni_thr_set_name(struct nni_thr *thread, const char *name);
void __wrap_nni_thr_set_name(struct nni_thr *thread, const char *name);
void __real_nni_cv_wake(struct nni_cv *cv);
void __wrap_nni_cv_wake(struct nni_cv *cv);
int __real_nni_cv_until(struct nni_cv *cv, uint64_t until_ms);
int __wrap_nni_cv_until(struct nni_cv *cv, uint64_t until_ms);
void *__real_nni_alloc(size_t size);
void *__wrap_nni_alloc(size_t size);
void *__real_nni_zalloc(size_t size);
void *__wrap_nni_zalloc(size_t size);
int __real_nni_msg_alloc(nng_msg **message, size_t size);
int __wrap_nni_msg_alloc(nng_msg **message, size_t size);
void __wrap_nni_sp_tran_sys_fini(void);
int __real_nni_posix_pfd_init(struct nni_posix_pfd **pfd, int fd);
int __wrap_nni_posix_pfd_init(struct nni_posix_pfd **pfd, int fd);

int __real_nni_timer_sys_init(void);
int __wrap_nni_timer_sys_init(void);
int __wrap_nni_posix_resolv_sysinit(void);
void __wrap_nni_sp_tls_register(void);
void __wrap_nni_sp_ws_register(void);
void __wrap_nni_sp_wss_register(void);
int __wrap_nni_tls_sys_init(void);
void __wrap_nni_tls_sys_fini(void);
int __wrap_nni_tls_dialer_alloc(nng_stream_dialer **dialer, const nng_url *url);
int __wrap_nni_tls_listener_alloc(nng_stream_listener **listener, const nng_url *url);
int __wrap_nni_ws_dialer_alloc(nng_stream_dialer **dialer, const nng_url *url);
int __wrap_nni_ws_listener_alloc(nng_stream_listener **listener, const nng_url *url);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result);
uint32_t __real_nni_random(void);
uint32_t __wrap_nni_random(void);
int __real_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);

struct nni_task;
typedef void nni_posix_pfd_cb(struct nni_posix_pfd *pfd, unsigned events, void *arg);
void nni_task_exec(struct nni_task *task);
void __real_nni_task_dispatch(struct nni_task *task);
void __wrap_nni_task_dispatch(struct nni_task *task);
void __real_nni_posix_ipc_start(void *connection);
void __wrap_nni_posix_ipc_start(void *connection);
void __real_nni_posix_pfd_set_cb(struct nni_posix_pfd *pfd, nni_posix_pfd_cb *cb, void *arg);
void __wrap_nni_posix_pfd_set_cb(struct nni_posix_pfd *pfd, nni_posix_pfd_cb *cb, void *arg);
typedef void nni_thr_func(void *arg);
struct nni_thr;
int __real_nni_thr_init(struct nni_thr *thread, nni_thr_func *work, void *arg);
int __wrap_nni_thr_init(struct nni_thr *thread, nni_thr_func *work, void *arg);

static _Thread_local bool not_begun; /* the operation being completed has not begun */

int __wrap_nni_aio_begin(struct nng_aio *aio) {
    int error = __real_nni_aio_begin(aio);
    if (error == 0)
        return 0;
    not_begun = true;
    nni_aio_finish_error(aio, error);
    not_begun = false;
    return error;
}

int __wrap_nni_plat_errno(int error) {
    return __real_nni_plat_errno(error == EPIPE ? ECONNRESET : error);
}

int __wrap_nni_plat_ncpu(void) {
    return 1;
}

static _Thread_local bool expires;          /* this is the thread of the timers */
static _Thread_local struct nni_cv *timers; /* the condition on which it waits */
static _Thread_local bool scanned;          /* it has scanned all timers, and not waited since */

void __wrap_nni_thr_set_name(struct nni_thr *thread, const char *name) {
    if (thread != NULL) /* of another thread, through a slow file in /proc: not needed */
        return;
    expires = name != NULL && strcmp(name, "nng:aio:expire") == 0;
    __real_nni_thr_set_name(thread, name);
}

/* The thread of the timers calls this at the end of each scan, on the condition on which it waits
 * next. When it ends operations, it calls this on other conditions, whose locks it must keep. */
void __wrap_nni_cv_wake(struct nni_cv *cv) {
    __real_nni_cv_wake(cv);
    if (cv != timers)
        return;
    if (scanned)
        __real_nni_cv_until(cv, nni_clock() + 1);
    scanned = true;
}

int __wrap_nni_cv_until(struct nni_cv *cv, uint64_t until_ms) {
    if (expires) {
        timers = cv;
        scanned = false;
    }
    if (until_ms != 0 && until_ms != UINT64_MAX) /* not "at once", not "never" */
        until_ms++;
    return __real_nni_cv_until(cv, until_ms);
}

static bool without_thread; /* do not start the thread of what is being initialized */

#if NNG_MINOR_VERSION < 7
int __wrap_nni_timer_sys_init(void) {
    without_thread = true;
    int error = __real_nni_timer_sys_init();
    without_thread = false;
    return error;
}
#endif

int __wrap_nni_posix_resolv_sysinit(void) {
    return 0;
}

void __wrap_nni_sp_tls_register(void) {
}

void __wrap_nni_sp_ws_register(void) {
}

void __wrap_nni_sp_wss_register(void) {
}

int __wrap_nni_tls_sys_init(void) {
    return 0;
}

void __wrap_nni_tls_sys_fini(void) {
}

int __wrap_nni_tls_dialer_alloc(nng_stream_dialer **dialer, const nng_url *url) {
    (void)dialer, (void)url;
    return NNG_ENOTSUP;
}

int __wrap_nni_tls_listener_alloc(nng_stream_listener **listener, const nng_url *url) {
    (void)listener, (void)url;
    return NNG_ENOTSUP;
}

int __wrap_nni_ws_dialer_alloc(nng_stream_dialer **dialer, const nng_url *url) {
    (void)dialer, (void)url;
    return NNG_ENOTSUP;
}

int __wrap_nni_ws_listener_alloc(nng_stream_listener **listener, const nng_url *url) {
    (void)listener, (void)url;
    return NNG_ENOTSUP;
}

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result) {
    (void)name, (void)service, (void)hints, (void)result;
    return EAI_FAIL;
}

/* splitmix64. If two threads seed it at the same time, one seed is lost, which does no harm. */
uint32_t __wrap_nni_random(void) {
    static atomic_uint_fast64_t state;
    if (atomic_load(&state) == 0)
        atomic_store(&state, (uint64_t)__real_nni_random() << 32 | __real_nni_random() | 1);
    uint64_t z = atomic_fetch_add(&state, UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) & INT32_MAX;
}

/* If this fails, the descriptor is no socket, or the buffer is limited: all works without. */
static void enlarge(int fd) {
    int bytes = SEND_BUFFER;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event) {
    if (operation == EPOLL_CTL_ADD)
        enlarge(fd);
    if (operation == EPOLL_CTL_ADD && event->events == 0)
        event->events = EPOLLONESHOT;
    return __real_epoll_ctl(epoll, operation, fd, event);
}

/* nng starts its threads one after the other, within the first call of nng. */
int __wrap_nni_thr_init(struct nni_thr *thread, nni_thr_func *work, void *arg) {
    static nni_thr_func *latest;
    bool left_out = without_thread || work == latest;
    int error = __real_nni_thr_init(thread, left_out ? NULL : work, arg); /* NULL: no thread runs */
    latest = error == 0 ? work : NULL;
    return error;
}

/* ---- callbacks on the thread that waits for the sockets ---- */

enum { DEFERRED_MOST = 64 };

static _Thread_local unsigned defers; /* calls of net_defer without their net_run_deferred */
static _Thread_local struct nni_task *deferred[DEFERRED_MOST]; /* a ring */
static _Thread_local unsigned deferred_first, deferred_count;
static _Thread_local bool starts; /* a connection is being started */
static _Atomic(nni_posix_pfd_cb *) connection_cb;

/* An operation is busy from its begin to the end of its callback, so it is not freed while its
 * callback is deferred. An operation that has not begun is not busy, so its callback must not be
 * deferred. */
void __wrap_nni_task_dispatch(struct nni_task *task) {
    if (defers > 0 && !not_begun && deferred_count < DEFERRED_MOST)
        deferred[(deferred_first + deferred_count++) % DEFERRED_MOST] = task;
    else
        __real_nni_task_dispatch(task);
}

void net_defer(void) {
    defers++;
}

void net_run_deferred(void) {
    while (defers == 1 && deferred_count > 0) {
        struct nni_task *task = deferred[deferred_first];
        deferred_first = (deferred_first + 1) % DEFERRED_MOST;
        deferred_count--;
        nni_task_exec(task);
    }
    defers--;
}

static void connection_event(struct nni_posix_pfd *pfd, unsigned events, void *arg) {
    net_defer();
    atomic_load (&connection_cb)(pfd, events, arg);
    net_run_deferred();
}

void __wrap_nni_posix_ipc_start(void *connection) {
    starts = true;
    __real_nni_posix_ipc_start(connection);
    starts = false;
}

/* All connections have the same callback. */
void __wrap_nni_posix_pfd_set_cb(struct nni_posix_pfd *pfd, nni_posix_pfd_cb *cb, void *arg) {
    if (starts)
        atomic_store(&connection_cb, cb);
    __real_nni_posix_pfd_set_cb(pfd, starts ? connection_event : cb, arg);
}

static _Noreturn void end(const char *text) {
    fputs(text, stderr);
    _exit(EXIT_START);
}

static _Thread_local bool making_message;

static void *allocate(void *allocator(size_t size), size_t size) {
    void *block = allocator(size);
    for (int i = 1; block == NULL && size > 0 && size < LARGE; i++) {
        if (i == TRIES)
            end("banyan: out of memory\n");
        usleep(1000);
        block = allocator(size);
    }
    return block;
}

void *__wrap_nni_alloc(size_t size) {
    return allocate(__real_nni_alloc, size);
}

void *__wrap_nni_zalloc(size_t size) {
    bool overwritten = making_message && size >= LARGE;
    return allocate(overwritten ? __real_nni_alloc : __real_nni_zalloc, size);
}

int __wrap_nni_msg_alloc(nng_msg **message, size_t size) {
    making_message = true;
    int error = __real_nni_msg_alloc(message, size);
    making_message = false;
    return error;
}

void __wrap_nni_sp_tran_sys_fini(void) {
    end("banyan: cannot start nng: no threads or descriptors are left\n");
}

int __wrap_nni_posix_pfd_init(struct nni_posix_pfd **pfd, int fd) {
    int error = __real_nni_posix_pfd_init(pfd, fd);
    for (int i = 1; error != 0 && i < TRIES; i++) {
        usleep(1000);
        error = __real_nni_posix_pfd_init(pfd, fd);
    }
    return error;
}
