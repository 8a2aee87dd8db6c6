/*
 * What waits to be closed is counted: beyond a number no more should be opened.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "net/closer.h"

enum { BACKLOG = 1000 };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* nothing is closed while it is shut */
static struct closing closings[BACKLOG];
static unsigned closed;

static void close_one(void *arg) {
    (void)arg;
    pthread_mutex_lock(&gate);
    closed++;
    pthread_mutex_unlock(&gate);
}

static void it_is_backed_up_until_some_are_closed(void **state) {
    (void)state;
    pthread_mutex_lock(&gate);
    for (unsigned i = 0; i < BACKLOG; i++) {
        assert_false(closer_backed_up());
        closings[i].close = close_one;
        atomic_store(&closings[i].connected, true);
        closer_close(&closings[i]);
    }
    assert_true(closer_backed_up());
    assert_int_equal(closed, 0);
    pthread_mutex_unlock(&gate);
    closer_wait();
    assert_false(closer_backed_up());
    assert_int_equal(closed, BACKLOG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_backed_up_until_some_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
