/*
 * The overlay, over every binary search tree of up to 7 nodes and every set of unavailable nodes,
 * and from each of these through every death followed by every continuation. What is expected comes
 * from the order in which the ids were inserted alone, never from the tree's own links: a is an
 * ancestor of b exactly when, of all ids from a to b, a was inserted first.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/overlay.h"
#include "random.h"

enum { SMALL = 7, LARGE = 60, CHAIN = 10000 };

struct node {
    struct tree_node tree; /* first: the tree hands out pointers to it */
    bool available;
};

/* A tree and what is expected of it. Nodes are called by their rank: 0 has the smallest id. */
struct forest {
    struct tree tree;
    struct node nodes[LARGE];
    size_t count;
    size_t born[LARGE];              /* when the rank was inserted */
    bool above[LARGE][LARGE];        /* [a][b]: a is a proper ancestor of b */
    struct tree_node *expect[LARGE]; /* the nearest available ancestor, NULL: the controller */
};

static uint64_t states_checked;

static bool is_available(const struct tree_node *node) {
    return ((const struct node *)node)->available;
}

/* ---- every shape once ---- */

static size_t shape_count(size_t n) {
    static const size_t catalan[SMALL + 1] = {1, 1, 2, 5, 14, 42, 132, 429};
    return catalan[n];
}

/* The shape with that number as an order of insertion: a root, then its left, then its right
 * subtree. Different numbers give different sequences, thus different shapes. Recursion: 7 deep. */
static size_t *put_shape(size_t *order, size_t first, size_t n, size_t number) {
    if (n == 0)
        return order;
    size_t left = 0;
    while (number >= shape_count(left) * shape_count(n - 1 - left)) {
        number -= shape_count(left) * shape_count(n - 1 - left);
        left++;
    }
    size_t rights = shape_count(n - 1 - left);
    *order++ = first + left;
    order = put_shape(order, first, left, number / rights);
    return put_shape(order, first + left + 1, n - 1 - left, number % rights);
}

static void every_shape_comes_once(void **state) {
    (void)state;
    for (size_t n = 0; n <= SMALL; n++) {
        uint64_t before = 0;
        for (size_t number = 0; number < shape_count(n); number++) {
            size_t order[SMALL];
            uint64_t key = 1; /* greater than any before: so none comes twice */
            assert_ptr_equal(put_shape(order, 0, n, number), order + n);
            for (size_t i = 0; i < n; i++)
                key = key * 10 + order[i];
            assert_true(key > before);
            before = key;
        }
    }
}

/* ---- the oracle ---- */

static bool is_ancestor(const struct forest *forest, size_t a, size_t b) {
    size_t low = a < b ? a : b, high = a < b ? b : a;
    for (size_t between = low; between <= high; between++) {
        if (between != a && forest->born[between] < forest->born[a])
            return false;
    }
    return a != b;
}

static void expect_ups(struct forest *forest) {
    for (size_t b = 0; b < forest->count; b++) {
        const struct node *best = NULL;
        for (size_t a = 0; a < forest->count; a++) {
            const struct node *node = &forest->nodes[a];
            if (forest->above[a][b] && node->available &&
                (best == NULL || forest->born[a] > forest->born[best - forest->nodes]))
                best = node;
        }
        forest->expect[b] = best != NULL ? (struct tree_node *)&best->tree : NULL;
    }
}

/* ids[rank]; order[i]: the rank inserted as the i-th. */
static void plant(struct forest *forest, const int64_t *ids, const size_t *order, size_t count) {
    forest->tree = (struct tree){.root = NULL};
    forest->count = count;
    for (size_t i = 0; i < count; i++) {
        struct node *node = &forest->nodes[order[i]];
        assert_true(tree_insert(&forest->tree, &node->tree, ids[order[i]]));
        node->tree.up = &node->tree; /* never right: so a node that is left out is noticed */
        node->available = true;
        forest->born[order[i]] = i;
    }
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b < count; b++)
            forest->above[a][b] = is_ancestor(forest, a, b);
}

static void clear(struct forest *forest) {
    if (forest->tree.root != NULL)
        tree_cut(&forest->tree, forest->tree.root); /* frees the index */
}

/* ---- the checks of one state; the first that fails is named ---- */

static const char *check_ups(const struct forest *forest) {
    for (size_t i = 0; i < forest->count; i++)
        if (forest->nodes[i].tree.up != forest->expect[i])
            return "up is not the nearest available ancestor";
    return NULL;
}

static struct tree_node *next_child(const struct forest *forest, const struct tree_node *parent,
                                    const struct tree_node *at) {
    return overlay_next_child(&forest->tree, parent, at, is_available);
}

/* The children of one parent: exactly the expected ones, ascending, with intervals apart. */
static const char *check_children(const struct forest *forest, const struct tree_node *parent) {
    const struct tree_node *child = NULL, *before = NULL;
    for (size_t i = 0; i < forest->count; i++) {
        if (!forest->nodes[i].available || forest->expect[i] != parent)
            continue;
        child = next_child(forest, parent, before);
        if (child != &forest->nodes[i].tree)
            return "the children are not those whose up is the parent, ascending";
        if (child->id < child->low || child->id > child->high)
            return "an interval does not hold its own id";
        if (before != NULL && before->high >= child->low)
            return "intervals of two children overlap";
        if (parent != NULL && (child->low < parent->low || child->high > parent->high))
            return "an interval is not within its parent's";
        before = child;
    }
    return next_child(forest, parent, before) == NULL ? NULL : "there are too many children";
}

static const char *check_all_children(const struct forest *forest) {
    const char *wrong = check_children(forest, NULL);
    for (size_t i = 0; i < forest->count && wrong == NULL; i++)
        if (forest->nodes[i].available)
            wrong = check_children(forest, &forest->nodes[i].tree);
    return wrong;
}

/* Walks the overlay from the controller: a tree meets every available node exactly once. */
static const char *check_tree(const struct forest *forest) {
    bool met[LARGE] = {false};
    const struct tree_node *open[LARGE + 1] = {NULL}; /* the controller first */
    size_t opened = 1;
    for (size_t i = 0; i < opened; i++) {
        const struct tree_node *child = next_child(forest, open[i], NULL);
        for (; child != NULL; child = next_child(forest, open[i], child)) {
            size_t rank = (size_t)((const struct node *)child - forest->nodes);
            if (!forest->nodes[rank].available || met[rank])
                return "the overlay is no tree";
            met[rank] = true;
            open[opened++] = child;
        }
    }
    for (size_t i = 0; i < forest->count; i++)
        if (met[i] != forest->nodes[i].available)
            return "an available node is not reached from the controller";
    return NULL;
}

/* Where a request for id stops: at its node, or where no child's interval holds it. */
static const struct tree_node *route(const struct forest *forest, int64_t id) {
    const struct tree_node *at = NULL, *child = NULL;
    while ((child = next_child(forest, at, child)) != NULL) {
        if (id < child->low || id > child->high)
            continue;
        if (child->id == id)
            return child;
        at = child;
        child = NULL;
    }
    return at;
}

/* A request for an id without a node stops where that node would be connected. */
static const char *check_stranger(const struct forest *forest, int64_t id) {
    if (tree_find(&forest->tree, id) != NULL)
        return NULL;
    const struct tree_node *place = tree_place(&forest->tree, id).parent;
    if (place != NULL && !is_available(place))
        place = forest->expect[(const struct node *)place - forest->nodes];
    return route(forest, id) == place ? NULL : "an id that does not exist goes astray";
}

static const char *check_routes(const struct forest *forest) {
    for (size_t i = 0; i < forest->count; i++) {
        const struct node *node = &forest->nodes[i];
        const struct tree_node *end = route(forest, node->tree.id);
        const char *wrong = NULL;
        if (node->available && end != &node->tree)
            return "a request does not reach its available node";
        if (!node->available && end != forest->expect[i])
            return "a request for an unavailable node goes astray";
        if (node->tree.id > INT64_MIN)
            wrong = check_stranger(forest, node->tree.id - 1);
        if (wrong == NULL && node->tree.id < INT64_MAX)
            wrong = check_stranger(forest, node->tree.id + 1);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

static void show(const struct forest *forest) {
    for (size_t i = 0; i < forest->count; i++) {
        const struct tree_node *node = &forest->nodes[i].tree;
        print_error("%" PRId64 " in [%" PRId64 ", %" PRId64 "], inserted as %zu, %savailable\n",
                    node->id, node->low, node->high, forest->born[i],
                    forest->nodes[i].available ? "" : "not ");
    }
}

static void check(struct forest *forest) {
    overlay_contract(&forest->tree, is_available);
    expect_ups(forest);
    const char *wrong = check_ups(forest);
    if (wrong == NULL)
        wrong = check_all_children(forest);
    if (wrong == NULL)
        wrong = check_tree(forest);
    if (wrong == NULL)
        wrong = check_routes(forest);
    states_checked++;
    if (wrong != NULL) {
        show(forest);
        fail_msg("%s", wrong);
    }
}

/* ---- sets of available nodes, one bit a rank ---- */

static void make_available(struct forest *forest, unsigned set) {
    for (size_t i = 0; i < forest->count; i++)
        forest->nodes[i].available = (set >> i & 1) != 0;
}

static void check_healed(struct forest *forest) {
    for (size_t i = 0; i < forest->count; i++)
        forest->nodes[i].available = true;
    overlay_contract(&forest->tree, is_available);
    for (size_t i = 0; i < forest->count; i++) {
        const struct tree_node *node = &forest->nodes[i].tree;
        if (node->up == node->parent)
            continue;
        show(forest);
        fail_msg("healed, the overlay is not the search tree");
    }
}

/* One dies, then one comes back (the same, maybe), then all do. */
static size_t check_returns(struct forest *forest, unsigned left) {
    size_t returns = 0;
    for (size_t back = 0; back < forest->count; back++) {
        if ((left >> back & 1) != 0)
            continue;
        make_available(forest, left); /* as it was after the death: nothing may remain of it */
        overlay_contract(&forest->tree, is_available);
        forest->nodes[back].available = true;
        check(forest);
        check_healed(forest);
        returns++;
    }
    return returns;
}

static size_t check_deaths(struct forest *forest, unsigned set) {
    size_t pairs = 0;
    for (size_t dies = 0; dies < forest->count; dies++) {
        if ((set >> dies & 1) == 0)
            continue;
        make_available(forest, set);
        overlay_contract(&forest->tree, is_available);
        forest->nodes[dies].available = false;
        check(forest);
        pairs += check_returns(forest, set & ~(1U << dies));
    }
    return pairs;
}

/* Both ends of the range, neighbours, and gaps. */
static const int64_t small_ids[SMALL] = {INT64_MIN, INT64_MIN + 1, -2, 0, 1, 1000, INT64_MAX};

static void every_small_tree_and_every_set(void **state) {
    static struct forest forest;
    size_t shapes = 0, sets = 0, pairs = 0;
    (void)state;
    states_checked = 0;
    for (size_t n = 0; n <= SMALL; n++) {
        for (size_t number = 0; number < shape_count(n); number++, shapes++) {
            size_t order[SMALL];
            put_shape(order, 0, n, number);
            plant(&forest, small_ids, order, n);
            check_healed(&forest);
            for (unsigned set = 0; set < 1U << n; set++, sets++) {
                make_available(&forest, set);
                check(&forest);
                pairs += check_deaths(&forest, set);
            }
            clear(&forest);
        }
    }
    print_message("%zu shapes, %zu sets of available nodes, %zu deaths followed by a return: "
                  "%" PRIu64 " states checked\n",
                  shapes, sets, pairs, states_checked);
    assert_int_equal(shapes, 626);
    assert_int_equal(sets, 64979);
    assert_int_equal(pairs, 868805);
    assert_int_equal(states_checked, 64979 + 221413 + 868805);
}

/* ---- larger ones ---- */

static void shuffle(size_t *order, size_t n) {
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j = random_below(i), held = order[i - 1];
        order[i - 1] = order[j];
        order[j] = held;
    }
}

static void random_trees_and_sets(void **state) {
    static struct forest forest;
    (void)state;
    random_start("random_trees_and_sets");
    for (size_t round = 0; round < 60; round++) {
        size_t order[LARGE], n = 8 + random_below(LARGE - 7);
        int64_t ids[LARGE];
        shuffle(order, n);
        for (size_t i = 0; i < n; i++)
            ids[i] = (int64_t)i * 3 - 30; /* neighbours of an id are never another's neighbours */
        plant(&forest, ids, order, n);
        for (size_t set = 0; set < 15; set++) {
            size_t rate = 1 + random_below(10);
            for (size_t i = 0; i < n; i++)
                forest.nodes[i].available = random_below(10) < rate;
            check(&forest);
        }
        check_healed(&forest);
        clear(&forest);
    }
}

/* A chain so deep that recursion over it would be noticed; only the two ends live. */
static void a_deep_chain_is_walked(void **state) {
    struct node *nodes = calloc(CHAIN, sizeof *nodes);
    struct tree tree = {.root = NULL};
    (void)state;
    assert_non_null(nodes);
    for (size_t i = 0; i < CHAIN; i++)
        assert_true(tree_insert(&tree, &nodes[i].tree, (int64_t)i));
    nodes[0].available = nodes[CHAIN - 1].available = true;
    overlay_contract(&tree, is_available);
    for (size_t i = 1; i < CHAIN; i++)
        assert_ptr_equal(nodes[i].tree.up, &nodes[0].tree);
    struct tree_node *first = &nodes[0].tree, *last = &nodes[CHAIN - 1].tree;
    assert_ptr_equal(overlay_next_child(&tree, NULL, NULL, is_available), first);
    assert_null(overlay_next_child(&tree, NULL, first, is_available));
    assert_ptr_equal(overlay_next_child(&tree, first, NULL, is_available), last);
    assert_null(overlay_next_child(&tree, first, last, is_available));
    assert_null(overlay_next_child(&tree, last, NULL, is_available));
    tree_cut(&tree, tree.root);
    free(nodes);
}

static void the_design_s_example(void **state) {
    static struct forest forest;
    static const int64_t ids[] = {3, 5, 7, 10, 20};
    static const size_t order[] = {3, 1, 4, 0, 2};
    (void)state;
    plant(&forest, ids, order, 5);
    forest.nodes[1].available = false;
    overlay_contract(&forest.tree, is_available);
    struct tree_node *ten = tree_find(&forest.tree, 10), *child = NULL;
    static const int64_t children[] = {3, 7, 20};
    for (size_t i = 0; i < 3; i++) {
        child = next_child(&forest, ten, child);
        assert_non_null(child);
        assert_true(child->id == children[i]);
        assert_ptr_equal(child->up, ten);
    }
    assert_null(next_child(&forest, ten, child));
    clear(&forest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_comes_once),         cmocka_unit_test(the_design_s_example),
        cmocka_unit_test(every_small_tree_and_every_set), cmocka_unit_test(random_trees_and_sets),
        cmocka_unit_test(a_deep_chain_is_walked),
    };
    return cmocka_run_group_tests_name("overlay", tests, NULL, NULL);
}
