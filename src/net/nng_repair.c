/*
 * nng_repair.c: repairs nng below 1.10 while it is linked statically. Each function stands in for
 * an internal one of the library (ld's --wrap), calls it, and mends what later versions mend.
 *
 *   nni_aio_begin    of a stopped operation returned an error without completing the operation, so
 *                    that whoever waited for it waited for ever: after a peer died in the middle of
 *                    a message, the one thread that removes connections (nng issues 1543 and 1813,
 *                    fixed in 1.9). Here it completes with that error.
 *   nni_plat_errno   turned EPIPE into "closed", which a listener takes for its own end: a client
 *                    that vanished before the handshake made it deaf (issue 1518, fixed in 1.6).
 *                    Here it is a reset connection.
 *   nni_plat_ncpu    decides how many threads every process starts: two for each processor, and
 *                    more. Two threads do as well for a node; 1.5.2 has no other knob.
 *   nni_cv_until     woke up to a millisecond before the time it was given to the timers, which
 *                    then spun under a lock until it was there. Here it waits a millisecond more.
 *   nni_alloc, nni_zalloc
 *                    are where nng gets its memory, and in many places it crashes without (opening a
 *                    socket, a context, a connection). Here a small piece is asked for again for a
 *                    while, and then the process ends with a message; a large one is a message,
 *                    which may be refused.
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
#include <nng/nng.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { EXIT_START = 3, TRIES = 100 /* a millisecond apart */, LARGE = 64 << 10 };

struct nng_aio;
struct nni_cv;
struct nni_posix_pfd;

int __real_nni_aio_begin(struct nng_aio *aio);
int __wrap_nni_aio_begin(struct nng_aio *aio);
void nni_aio_finish_error(struct nng_aio *aio, int error);
int __real_nni_plat_errno(int error);
int __wrap_nni_plat_errno(int error);
int __wrap_nni_plat_ncpu(void);
int __real_nni_cv_until(struct nni_cv *cv, uint64_t until_ms);
int __wrap_nni_cv_until(struct nni_cv *cv, uint64_t until_ms);
void *__real_nni_alloc(size_t size);
void *__wrap_nni_alloc(size_t size);
void *__real_nni_zalloc(size_t size);
void *__wrap_nni_zalloc(size_t size);
void __wrap_nni_sp_tran_sys_fini(void);
int __real_nni_posix_pfd_init(struct nni_posix_pfd **pfd, int fd);
int __wrap_nni_posix_pfd_init(struct nni_posix_pfd **pfd, int fd);

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

int __wrap_nni_cv_until(struct nni_cv *cv, uint64_t until_ms) {
    if (until_ms != 0 && until_ms != UINT64_MAX) /* not "at once", not "never" */
        until_ms++;
    return __real_nni_cv_until(cv, until_ms);
}

static _Noreturn void end(const char *text) {
    fputs(text, stderr);
    _exit(EXIT_START);
}

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
    return allocate(__real_nni_zalloc, size);
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
