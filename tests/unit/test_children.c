/*
 * The children of a process: which child leads to an id, through every change of the set. Nothing
 * listens at their addresses, so requests wait until their child is gone.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/children.h"
#include "net/closer.h"
#include "net/message.h"

enum { CHILDREN = 5 };

static struct children *children;

static int set_up(void **state) {
    (void)state;
    net_init();
    children = children_new();
    return children != NULL ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    children_free(children);
    return 0;
}

/* Child i has the ids from 10 i to 10 i + 9. */
static struct wire_child child_of(int i) {
    struct wire_child child = {
        .node = {.serial = 100 + (uint64_t)i, .id = 10 * i + 5, .low = 10 * i, .high = 10 * i + 9}};
    snprintf(child.address, sizeof child.address, "ipc:///tmp/banyan-children-%d/%d", getpid(), i);
    return child;
}

static bool leads_to(int64_t id, uint64_t serial) {
    struct wire_node node;
    return children_find(children, id, &node) && node.serial == serial && node.low <= id &&
           id <= node.high;
}

static void every_id_leads_to_its_child(void **state) {
    struct wire_child nodes[CHILDREN];
    struct wire_node node;
    (void)state;
    assert_false(children_find(children, 0, &node));
    for (unsigned set = 0; set < 1 << CHILDREN; set++) {
        size_t count = 0;
        for (int i = CHILDREN - 1; i >= 0; i--) { /* not in their order */
            if ((set >> i & 1) != 0)
                nodes[count++] = child_of(i);
        }
        assert_int_equal(children_set(children, nodes, count), 0);
        for (int id = -1; id <= 10 * CHILDREN; id++) {
            bool led = id >= 0 && id < 10 * CHILDREN && (set >> (id / 10) & 1) != 0;
            assert_int_equal(children_find(children, id, &node), led);
            assert_true(!led || leads_to(id, 100 + (uint64_t)id / 10));
        }
    }
}

static void a_child_gets_another_interval(void **state) {
    struct wire_child child = child_of(1);
    (void)state;
    assert_int_equal(children_set(children, &child, 1), 0);
    child.node.low = INT64_MIN;
    child.node.high = INT64_MAX;
    assert_int_equal(children_set(children, &child, 1), 0);
    assert_true(leads_to(INT64_MIN, 101) && leads_to(INT64_MAX, 101));
}

static void another_node_of_the_same_id(void **state) {
    struct wire_child child = child_of(1);
    (void)state;
    assert_int_equal(children_set(children, &child, 1), 0);
    child.node.serial = 999;
    assert_int_equal(children_set(children, &child, 1), 0);
    assert_true(leads_to(15, 999));
}

static void what_cannot_be_dialed_is_left_out(void **state) {
    struct wire_child nodes[3] = {child_of(1), child_of(2), child_of(3)};
    struct wire_node node;
    (void)state;
    memset(nodes[1].address + strlen("ipc://"), 'x', 110);
    nodes[1].address[strlen("ipc://") + 110] = '\0';
    assert_int_equal(children_set(children, nodes, 3), NNG_EADDRINVAL);
    assert_true(leads_to(15, 101) && leads_to(35, 103));
    assert_false(children_find(children, 25, &node));
}

/* A malformed set; each of its connections is closed once. */
static void the_same_child_twice(void **state) {
    struct wire_child nodes[3] = {child_of(1), child_of(1), child_of(1)};
    (void)state;
    for (size_t count = 3; count > 0; count--) {
        assert_int_equal(children_set(children, nodes, count), 0);
        assert_true(leads_to(15, 101));
    }
}

static atomic_int last_error;
static atomic_uint ended;

static void request_done(void *arg, int error, nng_msg *answer) {
    (void)arg;
    assert_null(answer);
    atomic_store(&last_error, error);
    atomic_fetch_add(&ended, 1);
}

static void send_to(int64_t id) {
    struct wire_writer writer;
    nng_msg *request = message_request(
        &(struct wire_head){.operation = WIRE_PROBE, .id = id, .serial = 1}, 0, &writer);
    assert_non_null(request);
    children_request(children, id, request, request_done, NULL);
}

static void requests_fail_with_their_child(void **state) {
    struct wire_child nodes[2] = {child_of(1), child_of(2)};
    (void)state;
    assert_int_equal(children_set(children, nodes, 2), 0);
    send_to(35);
    assert_int_equal(atomic_load(&last_error), NNG_ENOENT);
    send_to(15);
    assert_int_equal(atomic_load(&ended), 1);
    assert_int_equal(children_set(children, nodes + 1, 1), 0);
    closer_wait();
    assert_int_equal(atomic_load(&ended), 2);
    assert_int_equal(atomic_load(&last_error), NNG_ECONNRESET);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_id_leads_to_its_child, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_child_gets_another_interval, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_node_of_the_same_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_dialed_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_child_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_fail_with_their_child, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("children", tests, NULL, NULL);
}
