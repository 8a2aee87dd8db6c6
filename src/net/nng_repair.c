/*
 * nng_repair.c: repairs nng 1, from 1.5.2 to 1.12 at least, while it is linked statically. Each
 * function stands in for an internal one of the library (ld's --wrap), and calls it; where a later
 * version has mended what it mends, it changes nothing.
 *
 *   nni_aio_begin    of a stopped operation returns an error without completing the operation, so
 *                    that whoever waits for it waits for ever: after a peer died in the middle of a
 *                    message, the one thread that removes connections (nng issues 1543 and 1813).
 *                    Here it completes with that error. (1.9 and later mend some of the cases; with
 *                    1.12.0 tests/fault/hostile met another one in about one of seven runs.)
 *   nni_plat_errno   turned EPIPE into "closed", which a listener takes for its own end: a client
 *                    that vanished before the handshake made it deaf (issue 1518, fixed in 1.6).
 *                    Here it is a reset connection.
 *   nni_plat_ncpu    decides how many threads every process starts: two for each processor, and
 *                    more. Here it tells of one; 1.5.2 has no other knob.
 *   nni_thr_init     starts a thread; where several are started for the same work (two for callbacks),
 *                    all but the first are left out here. Two threads for callbacks fought for one
 *                    lock at every message. No callback of nng or of this program waits for another
 *                    one.
 *   nni_timer_schedule
 *                    (below 1.7) wakes the thread of an older kind of timers, twice for each survey
 *                    that is sent. Surveys of this program have their deadlines elsewhere, and set
 *                    this one to a day: here what is due in half a day or later never is.
 *   nni_posix_resolv_sysinit
 *                    starts the thread that looks up host names. Sockets of this program have paths:
 *                    here there is no such thread in every process. (Whoever has them listen at
 *                    tcp:// takes this out again, and getaddrinfo.)
 *   getaddrinfo      is what that thread would call; here it is left out, and with it all that it
 *                    needs of the system's library, which cannot be linked statically.
 *   nni_random       was taken for a signed number where the pause before the next dialing is drawn:
 *                    half of the pauses were negative, that is none (fixed in 1.10). Here it is
 *                    never more than a signed number holds.
 *   epoll_ctl        adds a new socket with no event wanted; but the kernel reports that it is not
 *                    connected (EPOLLHUP) in any case, again and again until it is. A few hundred
 *                    sockets whose dialing has failed, and which wait to be closed, kept the thread
 *                    that has to let go of them busy with that: they became ever more (seen with
 *                    16 busy loops beside: 20000 sockets). Here it is reported once. Besides, this
 *                    is where each new socket comes by: it gets a larger send buffer, since the
 *                    wake-ups of both sides at every 200 KB took more time than the bytes.
 *   nni_cv_until     woke up to a millisecond before the time it was given to the timers, which
 *                    then spun under a lock until it was there. Here it waits a millisecond more.
 *   nni_cv_wake      is called after each look through the timers. One that is due in this very
 *                    millisecond was neither late enough to expire nor early enough to wait for, so
 *                    that the thread looked again and again; with some hundred dialers that dial
 *                    anew it never rested, and closing a connection took two to three times as
 *                    long. Here it waits for the next millisecond before it looks a second time.
 *                    (The thread is known by the name that it gives itself: nni_thr_set_name.)
 *   nni_alloc, nni_zalloc
 *                    are where nng gets its memory, and in many places it crashes without (opening a
 *                    socket, a context, a connection). Here a small piece is asked for again for a
 *                    while, and then the process ends with a message; a large one is a message,
 *                    which may be refused.
 *   nni_msg_alloc
 *                    fills a message with zeros before it is read into, which took longer than adding
 *                    the numbers that it brought. Here a large one is left as it is: whoever makes one
 *                    fills it.
 *   nni_sp_tran_sys_fini
 *                    is the first thing called when nng could not start, for want of threads or
 *                    memory; what follows takes down what was never set up, and crashes, or waits
 *                    for a lock that it holds. Here the process ends with a message instead. (Nothing
 *                    in this program ends nng in good order: processes leave with _exit.)
 *   nni_posix_pfd_init
 *                    fails for want of memory, and then dialing unlocks what it has not locked, and
 *                    aborts the process. Here it is asked again for a while; if that does not help
 *                    the process is lost.
 */
#include <errno.h>
#include <netdb.h>
#include <nng/nng.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EXIT_START = 3,
    TRIES = 100, /* a millisecond apart */
    LARGE = 64 << 10,
    SEND_BUFFER = 1 << 20,
    FAR_MS = 12 * 3600 * 1000,
};

struct nng_aio;
struct nni_cv;
struct nni_thr;
struct nni_timer_node;
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

void __real_nni_timer_schedule(struct nni_timer_node *timer, uint64_t at_ms);
void __wrap_nni_timer_schedule(struct nni_timer_node *timer, uint64_t at_ms);
int __wrap_nni_posix_resolv_sysinit(void);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result);
uint32_t __real_nni_random(void);
uint32_t __wrap_nni_random(void);
int __real_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event);

typedef void nni_thr_func(void *arg);
struct nni_thr;
int __real_nni_thr_init(struct nni_thr *thread, nni_thr_func *work, void *arg);
int __wrap_nni_thr_init(struct nni_thr *thread, nni_thr_func *work, void *arg);

int __wrap_nni_aio_begin(struct nng_aio *aio) {
    int error = __real_nni_aio_begin(aio);
    if (error != 0)
        nni_aio_finish_error(aio, error);
    return error;
}

int __wrap_nni_plat_errno(int error) {
    return __real_nni_plat_errno(error == EPIPE ? ECONNRESET : error);
}

int __wrap_nni_plat_ncpu(void) {
    return 1;
}

static _Thread_local bool expires;          /* this is the thread of the timers */
static _Thread_local struct nni_cv *timers; /* what it waits on, with nothing else to do */
static _Thread_local bool scanned; /* it has looked through all of them, and not waited since */

void __wrap_nni_thr_set_name(struct nni_thr *thread, const char *name) {
    expires = thread == NULL && name != NULL && strcmp(name, "nng:aio:expire") == 0;
    __real_nni_thr_set_name(thread, name);
}

/* The thread of the timers calls this at the end of each look, on the condition that it waits on next;
 * on others, whose locks must not be let go of, in the operations that it ends. */
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

#if NNG_MINOR_VERSION < 7
void __wrap_nni_timer_schedule(struct nni_timer_node *timer, uint64_t at_ms) {
    uint64_t now_ms = nni_clock();
    __real_nni_timer_schedule(timer, at_ms > now_ms + FAR_MS ? UINT64_MAX : at_ms);
}
#endif

int __wrap_nni_posix_resolv_sysinit(void) {
    return 0;
}

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result) {
    (void)name, (void)service, (void)hints, (void)result;
    return EAI_FAIL;
}

uint32_t __wrap_nni_random(void) {
    return __real_nni_random() & INT32_MAX;
}

/* Where it fails, the descriptor is no socket, or may not have so much: all works without. */
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

/* Nng starts its threads one after the other, within the call that uses it first. */
int __wrap_nni_thr_init(struct nni_thr *thread, nni_thr_func *work, void *arg) {
    static nni_thr_func *latest;
    bool again = work == latest;
    int error = __real_nni_thr_init(thread, again ? NULL : work,
                                    arg); /* NULL: one without a thread */
    latest = error == 0 ? work : NULL;
    return error;
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
