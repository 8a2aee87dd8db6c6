/*
 * nng_repair_begin.c: repairs nng 1 in one place, up to 1.12 at least, while it is linked statically:
 * the function stands in for an internal one of the library (ld's --wrap), and calls it.
 *
 *   nni_aio_begin    of a stopped operation returns an error without completing the operation, so
 *                    that whoever waits for it waits for ever: after a peer died in the middle of a
 *                    message, the one thread that removes connections (nng issues 1543 and 1813).
 *                    Here it completes with that error. (1.9 and later mend some of the cases; with
 *                    1.12.0 tests/fault/hostile met another one in about one of seven runs.)
 */
struct nng_aio;

int __real_nni_aio_begin(struct nng_aio *aio);
int __wrap_nni_aio_begin(struct nng_aio *aio);
void nni_aio_finish_error(struct nng_aio *aio, int error);

int __wrap_nni_aio_begin(struct nng_aio *aio) {
    int error = __real_nni_aio_begin(aio);
    if (error != 0)
        nni_aio_finish_error(aio, error);
    return error;
}
