/*
 * The message with many sets of children: made by a controller, read by one node after the other
 * down a tree, and confirmed on the way back; also over paths that break, with sets to missing
 * nodes, and with the same set twice. (Its bytes: test_arrange_bytes.c.)
 *
 * The trees here are models: each process has a row of children by interval, as net/children.c has.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "wire/arrange.h"

enum { NODES_MOST = 400, ADDRESS_ROOM = 40 };

/* ---- a model of a tree ---- */

struct node {
    struct wire_node wire;
    size_t children[NODES_MOST]; /* indices, in the order of the intervals */
    size_t count;
    bool obeys;     /* confirms its own set */
    bool lost;      /* nothing reaches it, and nothing comes back */
    bool lies;      /* answers with noise */
    unsigned taken; /* how often it took its own set */
};

static struct node nodes[NODES_MOST]; /* the first is the controller */
static size_t node_count;
static unsigned messages; /* requests that some process received for itself */

static const uint64_t version_of_all = 77;

static void address_of(size_t i, char address[ADDRESS_ROOM]) {
    snprintf(address, ADDRESS_ROOM, "ipc:///tmp/banyan-x/%zu", i);
}

static void tree_clear(void) {
    memset(nodes, 0, sizeof nodes);
    nodes[0].wire = (struct wire_node){.low = INT64_MIN, .high = INT64_MAX};
    node_count = 1;
    messages = 0;
}

static size_t tree_add(size_t parent, int64_t id, int64_t low, int64_t high) {
    size_t i = node_count++;
    nodes[i].wire = (struct wire_node){.serial = 1000 + i, .id = id, .low = low, .high = high};
    nodes[i].obeys = true;
    nodes[parent].children[nodes[parent].count++] = i;
    return i;
}

/* Gives the interval to nodes below a parent: random fan-out and depth. */
static void tree_grow(size_t parent, int64_t low, int64_t high, size_t fan) {
    size_t parts = 1 + random_below(fan);
    int64_t width = (high - low + 1) / (int64_t)parts;
    for (size_t i = 0; i < parts && width >= 1 && node_count < NODES_MOST; i++) {
        int64_t from = low + (int64_t)i * width;
        int64_t id = from + (int64_t)random_below((size_t)width);
        size_t node = tree_add(parent, id, from, from + width - 1);
        if (id > from)
            tree_grow(node, from, id - 1, fan);
    }
}

static const struct wire_node *route(void *arg, int64_t id) {
    const struct node *node = arg;
    for (size_t i = 0; i < node->count; i++) {
        const struct wire_node *child = &nodes[node->children[i]].wire;
        if (child->low <= id && id <= child->high)
            return child;
    }
    return NULL;
}

static struct node *node_of(uint64_t serial) {
    for (size_t i = 1; i < node_count; i++) {
        if (nodes[i].wire.serial == serial)
            return &nodes[i];
    }
    return NULL;
}

/* ---- the message on its way ---- */

struct bytes {
    uint8_t *at;
    size_t len;
};

/* At exactly its size, so that a sanitizer sees a byte read beyond it. */
static struct bytes body_of(const struct arrange_piece *piece) {
    struct bytes body = {.at = malloc(4 + piece->len), .len = 4 + piece->len};
    assert_non_null(body.at);
    struct wire_writer writer = {.at = body.at, .end = body.at + body.len};
    wire_put_u32(&writer, piece->count);
    wire_put_bytes(&writer, piece->bytes, piece->len);
    assert_false(writer.overflow);
    return body;
}

static struct bytes answer_of(const struct arrange *arrange) {
    struct bytes answer = {.len = arrange_answer_len(arrange)};
    answer.at = malloc(answer.len);
    assert_non_null(answer.at);
    struct wire_writer writer = {.at = answer.at, .end = answer.at + answer.len};
    arrange_put_answer(arrange, &writer);
    assert_false(writer.overflow);
    assert_ptr_equal(writer.at, writer.end);
    return answer;
}

static void assert_own_set(const struct node *node, const struct wire_child *children,
                           size_t count) {
    assert_int_equal(count, node->count);
    for (size_t i = 0; i < count; i++) {
        char address[ADDRESS_ROOM];
        const struct wire_node *child = &nodes[node->children[i]].wire;
        address_of(node->children[i], address);
        assert_memory_equal(&children[i].node, child, sizeof *child);
        assert_string_equal(children[i].address, address);
    }
}

static void take_own(struct arrange *arrange, struct node *node) {
    uint64_t version;
    const struct wire_child *children;
    size_t count;
    if (!arrange_own(arrange, node->wire.serial, &version, &children, &count))
        return;
    assert_true(version == version_of_all);
    assert_own_set(node, children, count);
    node->taken++;
    if (node->obeys)
        arrange_confirm(arrange, node->wire.serial, version);
}

static struct bytes deliver(struct node *from, const struct arrange_piece *piece);

/* Pieces are in flight together, and are answered in another order. */
static void hand_on(struct arrange *arrange, struct node *node) {
    struct arrange_piece piece;
    struct bytes answers[NODES_MOST];
    size_t count = 0;
    while (arrange_next(arrange, node->wire.serial, route, node, &piece)) {
        assert_false(arrange_is_over(arrange));
        answers[count++] = deliver(node, &piece);
    }
    while (count > 0) {
        size_t chosen = random_below(count);
        assert_false(arrange_is_over(arrange));
        arrange_answered(arrange, answers[chosen].at, answers[chosen].len);
        free(answers[chosen].at);
        answers[chosen] = answers[--count];
    }
    assert_true(arrange_is_over(arrange));
    assert_false(arrange_next(arrange, node->wire.serial, route, node, &piece));
}

static struct bytes receive(struct node *node, const struct bytes *body) {
    struct arrange *arrange = arrange_read(body->at, body->len);
    assert_non_null(arrange);
    messages++;
    take_own(arrange, node);
    hand_on(arrange, node);
    struct bytes answer = answer_of(arrange);
    arrange_free(arrange);
    return answer;
}

static struct bytes noise_of(size_t len) {
    struct bytes noise = {.at = malloc(len + 1), .len = len};
    assert_non_null(noise.at);
    for (size_t i = 0; i < len; i++)
        noise.at[i] = (uint8_t)random_next();
    return noise;
}

/* Relays from hop to hop by the id in its head, as rules.c does. */
static struct bytes deliver(struct node *from, const struct arrange_piece *piece) {
    struct node *node = from;
    do {
        const struct wire_node *next = route(node, piece->id);
        assert_non_null(next);
        node = node_of(next->serial);
        if (node->lost)
            return (struct bytes){.at = NULL};
    } while (node->wire.id != piece->id);
    assert_true(node->wire.serial == piece->serial);
    if (node->lies)
        return noise_of(random_below(60));
    struct bytes body = body_of(piece);
    struct bytes answer = receive(node, &body);
    free(body.at);
    return answer;
}

/* The sets of the nodes below a node, in the order of the tree; wants: by index. */
static void add_sets(struct arrange *arrange, size_t from, const bool *wants) {
    for (size_t i = 0; i < nodes[from].count; i++) {
        size_t child = nodes[from].children[i];
        const struct node *node = &nodes[child];
        if (wants == NULL || wants[child])
            assert_true(arrange_add_set(arrange, node->wire.serial, node->wire.id, version_of_all,
                                        (uint32_t)node->count));
        for (size_t j = 0; (wants == NULL || wants[child]) && j < node->count; j++) {
            char address[ADDRESS_ROOM];
            address_of(node->children[j], address);
            assert_true(arrange_add_child(arrange, &nodes[node->children[j]].wire, address));
        }
        add_sets(arrange, child, wants);
    }
}

static bool is_confirmed(const struct arrange *arrange, uint64_t serial) {
    size_t count;
    const struct arrange_confirmed *confirmed = arrange_confirmed(arrange, &count);
    for (size_t i = 0; i < count; i++) {
        if (confirmed[i].serial == serial && confirmed[i].version == version_of_all)
            return true;
    }
    return false;
}

static struct arrange *send_sets(const bool *wants) {
    struct arrange *arrange = arrange_new();
    assert_non_null(arrange);
    add_sets(arrange, 0, wants);
    hand_on(arrange, &nodes[0]);
    return arrange;
}

static void assert_all_taken(const bool *wants) {
    struct arrange *arrange = send_sets(wants);
    for (size_t i = 1; i < node_count; i++) {
        bool wanted = wants == NULL || wants[i];
        assert_int_equal(nodes[i].taken, wanted ? 1 : 0);
        assert_int_equal(is_confirmed(arrange, nodes[i].wire.serial), wanted);
    }
    arrange_free(arrange);
}

/* ---- whole trees ---- */

static void chain_of(size_t length) {
    tree_clear();
    for (size_t i = 1; i <= length; i++)
        tree_add(i - 1, (int64_t)i, (int64_t)i, INT64_MAX);
}

static void every_node_of_a_chain_is_told(void **state) {
    (void)state;
    chain_of(200);
    assert_all_taken(NULL);
    assert_int_equal(messages, 200);
}

static void every_node_of_a_wide_tree_is_told(void **state) {
    (void)state;
    tree_clear();
    size_t root = tree_add(0, 1000, INT64_MIN, INT64_MAX);
    for (int64_t i = 0; i < 300; i++)
        tree_add(root, i, i, i);
    assert_all_taken(NULL);
    assert_int_equal(messages, 301);
}

static void random_trees_are_told(void **state) {
    (void)state;
    random_start("random_trees_are_told");
    for (size_t round = 0; round < 60; round++) {
        bool wants[NODES_MOST] = {false};
        tree_clear();
        tree_grow(0, 0, 1 << 20, 1 + random_below(6));
        for (size_t i = 1; i < node_count; i++)
            wants[i] = random_below(3) != 0;
        assert_all_taken(round % 3 == 0 ? NULL : wants);
    }
}

/* A set alone is addressed to its node: relays do not take it apart. */
static void one_set_for_a_far_node_is_relayed(void **state) {
    bool wants[NODES_MOST] = {false};
    (void)state;
    chain_of(50);
    wants[50] = true;
    assert_all_taken(wants);
    assert_int_equal(messages, 1);
    chain_of(50);
    wants[25] = true;
    assert_all_taken(wants);
    assert_int_equal(messages, 26); /* both to the first, and taken apart at each hop from there */
}

static void no_sets_at_all(void **state) {
    static const uint8_t none[4] = {0};
    (void)state;
    chain_of(3);
    struct arrange *arrange = arrange_new();
    assert_non_null(arrange);
    assert_false(arrange_is_over(arrange));
    hand_on(arrange, &nodes[0]);
    arrange_free(arrange);
    assert_non_null(arrange = arrange_read(none, sizeof none));
    take_own(arrange, &nodes[1]);
    hand_on(arrange, &nodes[1]);
    assert_int_equal(arrange_answer_len(arrange), 4);
    arrange_free(arrange);
    arrange_free(NULL);
}

/* ---- what breaks on the way ---- */

static bool is_below(size_t node, size_t above) {
    const struct wire_node *inner = &nodes[node].wire, *outer = &nodes[above].wire;
    return outer->low <= inner->id && inner->id <= outer->high;
}

static void lost_nodes_leave_the_rest(void **state) {
    (void)state;
    random_start("lost_nodes_leave_the_rest");
    for (size_t round = 0; round < 60; round++) {
        tree_clear();
        tree_grow(0, 0, 1 << 20, 1 + random_below(5));
        size_t chosen = 1 + random_below(node_count - 1);
        nodes[chosen].lost = round % 3 == 0;
        nodes[chosen].lies = round % 3 == 1;
        nodes[chosen].obeys = round % 3 != 2;
        struct arrange *arrange = send_sets(NULL);
        for (size_t i = 1; i < node_count; i++) {
            bool cut = round % 3 == 2 ? i == chosen : is_below(i, chosen);
            assert_int_equal(is_confirmed(arrange, nodes[i].wire.serial), !cut);
        }
        arrange_free(arrange);
    }
}

static void sets_to_missing_nodes_are_left_out(void **state) {
    (void)state;
    chain_of(0);
    tree_add(0, 10, 10, 19);
    tree_add(0, 30, 30, 39);
    struct arrange *arrange = arrange_new();
    assert_non_null(arrange);
    assert_true(arrange_add_set(arrange, 5, 5, version_of_all, 0));
    assert_true(arrange_add_set(arrange, 1001, 10, version_of_all, 0));
    assert_true(arrange_add_set(arrange, 6, 25, version_of_all, 0));
    assert_true(arrange_add_set(arrange, 1002, 30, version_of_all, 0));
    assert_true(arrange_add_set(arrange, 7, 45, version_of_all, 0));
    hand_on(arrange, &nodes[0]);
    size_t count;
    arrange_confirmed(arrange, &count);
    assert_int_equal(count, 2);
    assert_int_equal(messages, 2);
    arrange_free(arrange);
}

/* The same node twice: its first set is its own, and neither is handed on. */
static void the_same_node_twice(void **state) {
    (void)state;
    chain_of(2);
    struct arrange *arrange = arrange_new();
    assert_non_null(arrange);
    for (int i = 0; i < 2; i++) {
        char address[ADDRESS_ROOM];
        address_of(2, address);
        assert_true(arrange_add_set(arrange, 1001, 1, version_of_all, 1));
        assert_true(arrange_add_child(arrange, &nodes[2].wire, address));
    }
    hand_on(arrange, &nodes[0]);
    size_t count;
    arrange_confirmed(arrange, &count);
    assert_int_equal(count, 1);
    assert_int_equal(nodes[1].taken, 1);
    assert_int_equal(messages, 1);
    arrange_free(arrange);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_of_a_chain_is_told),
        cmocka_unit_test(every_node_of_a_wide_tree_is_told),
        cmocka_unit_test(random_trees_are_told),
        cmocka_unit_test(one_set_for_a_far_node_is_relayed),
        cmocka_unit_test(no_sets_at_all),
        cmocka_unit_test(lost_nodes_leave_the_rest),
        cmocka_unit_test(sets_to_missing_nodes_are_left_out),
        cmocka_unit_test(the_same_node_twice),
    };
    return cmocka_run_group_tests_name("arrange", tests, NULL, NULL);
}
