/*
 * The search tree, held against a model without descent: a new id hangs below whichever of its two
 * neighbours in order was inserted later, and its interval lies between the two.
 *
 * tree.c is compiled into this test, so that its allocations can fail when the test says so.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static size_t allocations_left = SIZE_MAX;

static void *failing_malloc(size_t size) {
    if (allocations_left == 0)
        return NULL;
    allocations_left--;
    return malloc(size);
}

#define uthash_malloc(size) failing_malloc(size)
#include "core/tree.c"

#include "random.h"

enum { MOST = 64, RANDOM_STEPS = 6000, REACH = 40, CHAIN = 10000, CROWD = 5000 };

/* ---- the model ---- */

struct entry {
    int64_t id, low, high;
    struct entry *parent;
    size_t depth;
    size_t born;
    struct tree_node *node; /* owned, on the heap: a use after it is freed is found */
};

struct model {
    struct tree tree;
    struct entry *entries[MOST]; /* ascending ids */
    size_t count;
    size_t births;
};

/* How many entries have a smaller id. */
static size_t model_rank(const struct model *model, int64_t id) {
    size_t rank = 0;
    while (rank < model->count && model->entries[rank]->id < id)
        rank++;
    return rank;
}

static struct entry *model_find(const struct model *model, int64_t id) {
    size_t rank = model_rank(model, id);
    return rank < model->count && model->entries[rank]->id == id ? model->entries[rank] : NULL;
}

/* The place of an id that is not there. */
static struct entry model_place(const struct model *model, int64_t id) {
    size_t rank = model_rank(model, id);
    struct entry *before = rank > 0 ? model->entries[rank - 1] : NULL;
    struct entry *after = rank < model->count ? model->entries[rank] : NULL;
    struct entry place = {.id = id, .parent = after};
    if (before != NULL && (after == NULL || before->born > after->born))
        place.parent = before;
    place.low = before != NULL ? before->id + 1 : INT64_MIN;
    place.high = after != NULL ? after->id - 1 : INT64_MAX;
    place.depth = place.parent != NULL ? place.parent->depth + 1 : 0;
    return place;
}

static struct entry *model_child(const struct model *model, const struct entry *parent,
                                 bool greater) {
    for (size_t i = 0; i < model->count; i++)
        if (model->entries[i]->parent == parent &&
            (parent == NULL || (model->entries[i]->id > parent->id) == greater))
            return model->entries[i];
    return NULL;
}

/* Parents before children, left before right. The depth is at most MOST. */
static size_t model_preorder(const struct model *model, const struct entry *top,
                             struct tree_node **nodes) {
    size_t count = 0;
    if (top == NULL)
        return 0;
    nodes[count++] = top->node;
    count += model_preorder(model, model_child(model, top, false), nodes + count);
    return count + model_preorder(model, model_child(model, top, true), nodes + count);
}

static struct tree_node *node_of(const struct entry *entry) {
    return entry != NULL ? entry->node : NULL;
}

/* ---- changes to both ---- */

static void insert(struct model *model, int64_t id) {
    struct entry *entry = malloc(sizeof *entry);
    assert_non_null(entry);
    *entry = model_place(model, id);
    entry->born = model->births++;
    entry->node = malloc(sizeof *entry->node);
    assert_non_null(entry->node);
    memset(entry->node, 0xa5, sizeof *entry->node); /* nothing of it may be taken as it was */
    size_t rank = model_rank(model, id);
    memmove(model->entries + rank + 1, model->entries + rank,
            (model->count - rank) * sizeof(struct entry *));
    model->entries[rank] = entry;
    model->count++;
    assert_true(tree_insert(&model->tree, entry->node, id));
}

static bool below(const struct entry *entry, const struct entry *top) {
    while (entry != NULL && entry != top)
        entry = entry->parent;
    return entry == top;
}

static void forget_below(struct model *model, struct entry *top) {
    struct entry *gone[MOST];
    size_t kept = 0, cut = 0;
    for (size_t i = 0; i < model->count; i++) {
        struct entry *entry = model->entries[i];
        if (below(entry, top))
            gone[cut++] = entry;
        else
            model->entries[kept++] = entry;
    }
    model->count = kept;
    while (cut > 0) {
        free(gone[--cut]->node);
        free(gone[cut]);
    }
}

static void assert_walk(struct tree_node *top, struct tree_node *const *expected, size_t count) {
    struct tree_node *at = top;
    for (size_t i = 0; i < count; i++, at = tree_next(top, at))
        assert_ptr_equal(at, expected[i]);
    assert_null(at);
}

/* A cut subtree can still be walked, and has no parent. */
static void cut(struct model *model, struct entry *top) {
    struct tree_node *nodes[MOST];
    size_t count = model_preorder(model, top, nodes);
    tree_cut(&model->tree, top->node);
    assert_walk(top->node, nodes, count);
    assert_null(top->node->parent);
    for (size_t i = 1; i < count; i++)
        assert_true(nodes[i]->parent->left == nodes[i] || nodes[i]->parent->right == nodes[i]);
    forget_below(model, top);
}

/* ---- comparing ---- */

static void assert_entry(const struct model *model, const struct entry *entry) {
    const struct tree_node *node = entry->node;
    assert_true(node->id == entry->id);
    assert_true(node->low == entry->low && node->high == entry->high);
    assert_ptr_equal(node->parent, node_of(entry->parent));
    assert_ptr_equal(node->left, node_of(model_child(model, entry, false)));
    assert_ptr_equal(node->right, node_of(model_child(model, entry, true)));
    assert_int_equal(node->depth, entry->depth);
    assert_ptr_equal(tree_find(&model->tree, entry->id), node);
    struct tree_node *nodes[MOST];
    assert_walk(entry->node, nodes, model_preorder(model, entry, nodes));
}

static void assert_absent(const struct model *model, int64_t id) {
    struct entry expected = model_place(model, id);
    struct tree_place place = tree_place(&model->tree, id);
    assert_null(tree_find(&model->tree, id));
    assert_ptr_equal(place.parent, node_of(expected.parent));
    assert_true(place.low == expected.low && place.high == expected.high);
}

/* An id belongs below a node when its place, or its node, is below that node. */
static void assert_covered(const struct model *model, int64_t id) {
    const struct entry *lowest = model_find(model, id);
    if (lowest == NULL)
        lowest = model_place(model, id).parent;
    for (size_t i = 0; i < model->count; i++) {
        const struct entry *entry = model->entries[i];
        assert_int_equal(tree_covers(entry->node, id), lowest != NULL && below(lowest, entry));
    }
}

static void assert_same(const struct model *model) {
    static const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX};
    assert_int_equal(model->tree.count, model->count);
    assert_ptr_equal(model->tree.root, node_of(model_child(model, NULL, false)));
    for (size_t i = 0; i < model->count; i++)
        assert_entry(model, model->entries[i]);
    for (int64_t id = -REACH; id <= REACH + 4; id++) {
        int64_t probe = id <= REACH ? id : ends[id - REACH - 1];
        if (model_find(model, probe) == NULL)
            assert_absent(model, probe);
        assert_covered(model, probe);
    }
}

/* ---- tests ---- */

static int64_t random_id(void) {
    static const int64_t odd[] = {INT64_MIN, INT64_MAX, INT64_MIN + 1, INT64_MAX - 1};
    if (random_below(16) == 0)
        return odd[random_below(4)];
    return (int64_t)random_below(2 * REACH + 1) - REACH;
}

/* All ids, in ascending order, and no more than there is room for. */
static void assert_ids(const struct model *model) {
    int64_t ids[MOST + 1];
    size_t half = model->count / 2;
    assert_int_equal(tree_ids(&model->tree, ids, MOST + 1), model->count);
    for (size_t i = 0; i < model->count; i++) {
        assert_non_null(tree_find(&model->tree, ids[i]));
        assert_true(i == 0 || ids[i - 1] < ids[i]);
    }
    ids[half] = 4711;
    assert_int_equal(tree_ids(&model->tree, ids, half), model->count);
    assert_int_equal(ids[half], 4711);
}

static void random_inserts_and_cuts(void **state) {
    static struct model model;
    size_t inserts = 0, cuts = 0, deepest = 0;
    (void)state;
    random_start("random_inserts_and_cuts");
    for (size_t step = 0; step < RANDOM_STEPS; step++) {
        int64_t id = random_id();
        struct entry *there = model_find(&model, id);
        if (there == NULL && model.count < MOST) {
            insert(&model, id);
            inserts++;
        } else if (there != NULL && random_below(4) == 0) {
            cut(&model, there);
            cuts++;
        } else {
            continue;
        }
        assert_same(&model);
        assert_ids(&model);
        for (size_t i = 0; i < model.count; i++)
            deepest = model.entries[i]->depth > deepest ? model.entries[i]->depth : deepest;
    }
    if (model.tree.root != NULL)
        cut(&model, model_child(&model, NULL, false));
    assert_same(&model);
    assert_null(model.tree.index);
    print_message("%zu inserts, %zu cuts, depth up to %zu\n", inserts, cuts, deepest);
}

static void an_empty_tree(void **state) {
    struct tree tree = {.root = NULL};
    (void)state;
    assert_null(tree_find(&tree, 0));
    struct tree_place place = tree_place(&tree, INT64_MAX);
    assert_null(place.parent);
    assert_true(place.low == INT64_MIN && place.high == INT64_MAX);
}

/* At the ends of the range an interval may be as small as one id, and no bound overflows. */
static void the_ends_of_the_range(void **state) {
    static const int64_t ids[] = {0, INT64_MAX, INT64_MIN, INT64_MAX - 1, INT64_MIN + 1};
    struct tree_node nodes[5];
    struct tree tree = {.root = NULL};
    (void)state;
    for (size_t i = 0; i < 5; i++)
        assert_true(tree_insert(&tree, &nodes[i], ids[i]));
    assert_true(nodes[1].low == 1 && nodes[1].high == INT64_MAX);
    assert_true(nodes[2].low == INT64_MIN && nodes[2].high == -1);
    assert_true(nodes[3].low == 1 && nodes[3].high == INT64_MAX - 1);
    assert_true(nodes[4].low == INT64_MIN + 1 && nodes[4].high == -1);
    assert_false(tree_covers(&nodes[3], INT64_MAX));
    assert_true(tree_covers(&nodes[1], INT64_MAX) && tree_covers(&nodes[2], INT64_MIN));
    assert_false(tree_covers(&nodes[4], INT64_MIN));
    tree_cut(&tree, tree.root);
}

/* The id that is the i-th to be inserted, so that the tree is a chain. */
typedef int64_t chain_id(size_t i);

static int64_t ascending(size_t i) {
    return (int64_t)i;
}

static int64_t descending(size_t i) {
    return -(int64_t)i;
}

/* From both ends towards the middle: each is below the one before, left and right by turns. */
static int64_t zigzag(size_t i) {
    return i % 2 == 0 ? (int64_t)(i / 2) : (int64_t)(CHAIN * 2 - i / 2);
}

static void assert_chain(chain_id *id) {
    struct tree_node *nodes = malloc(CHAIN * sizeof *nodes), *at;
    struct tree tree = {.root = NULL};
    size_t half = CHAIN / 2, i = 0;
    assert_non_null(nodes);
    for (size_t born = 0; born < CHAIN; born++)
        assert_true(tree_insert(&tree, &nodes[born], id(born)));
    for (at = tree.root; at != NULL; at = tree_next(tree.root, at), i++) {
        assert_ptr_equal(at, &nodes[i]);
        assert_int_equal(at->depth, i);
        assert_ptr_equal(at->parent, i > 0 ? &nodes[i - 1] : NULL);
        assert_ptr_equal(tree_find(&tree, id(i)), at);
        assert_true(i == 0 || (nodes[i - 1].low <= at->low && at->high <= nodes[i - 1].high));
    }
    assert_int_equal(i, CHAIN);
    tree_cut(&tree, &nodes[half]);
    assert_int_equal(tree.count, half);
    assert_null(tree_find(&tree, id(half)));
    assert_null(tree_find(&tree, id(CHAIN - 1)));
    assert_ptr_equal(tree_find(&tree, id(half - 1)), &nodes[half - 1]);
    assert_null(tree_next(tree.root, &nodes[half - 1]));
    assert_ptr_equal(tree_place(&tree, id(half)).parent, &nodes[half - 1]);
    tree_cut(&tree, tree.root);
    assert_int_equal(tree.count, 0);
    free(nodes);
}

static void deep_chains(void **state) {
    (void)state;
    assert_chain(ascending);
    assert_chain(descending);
    assert_chain(zigzag);
}

/* Each insert is first tried with no memory left, then with a little, until it works: whatever
 * failed must have left the tree as it was. */
static void an_insert_without_memory_does_nothing(void **state) {
    static struct model model;
    size_t refused = 0;
    (void)state;
    for (int64_t i = 0; i < MOST; i++) {
        int64_t id = i * 37 % MOST;
        struct tree_node unlucky;
        for (size_t allowed = 0; allowed < 2; allowed++) {
            allocations_left = allowed;
            if (tree_insert(&model.tree, &unlucky, id)) { /* it needed no more */
                tree_cut(&model.tree, &unlucky);
                continue;
            }
            refused++;
            assert_same(&model);
        }
        allocations_left = SIZE_MAX;
        insert(&model, id);
        assert_same(&model);
    }
    cut(&model, model_child(&model, NULL, false));
    assert_int_equal(refused, 2); /* the index and its first buckets */
}

/* The index fails when it wants more buckets; then it must be whole as it was. */
static void an_index_that_cannot_grow_stays_whole(void **state) {
    struct tree_node *nodes = calloc(CROWD, sizeof *nodes);
    struct tree tree = {.root = NULL};
    size_t refused = 0;
    (void)state;
    assert_non_null(nodes);
    assert_true(tree_insert(&tree, &nodes[0], CROWD / 2));
    for (size_t i = 1; i < CROWD; i++) {
        int64_t id = (int64_t)(i * 2741 + CROWD / 2) % CROWD; /* each once: 2741 is prime */
        allocations_left = 0;
        if (!tree_insert(&tree, &nodes[i], id)) {
            refused++;
            assert_null(tree_find(&tree, id));
            assert_int_equal(tree.count, i);
            assert_ptr_not_equal(tree_place(&tree, id).parent, &nodes[i]);
            allocations_left = SIZE_MAX;
            assert_true(tree_insert(&tree, &nodes[i], id));
        }
        assert_ptr_equal(tree_find(&tree, id), &nodes[i]);
    }
    allocations_left = SIZE_MAX;
    for (size_t i = 0; i < CROWD; i++)
        assert_ptr_equal(tree_find(&tree, nodes[i].id), &nodes[i]);
    tree_cut(&tree, tree.root);
    assert_null(tree.index);
    free(nodes);
    print_message("%zu inserts refused\n", refused);
    assert_true(refused > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_tree),
        cmocka_unit_test(the_ends_of_the_range),
        cmocka_unit_test(random_inserts_and_cuts),
        cmocka_unit_test(deep_chains),
        cmocka_unit_test(an_insert_without_memory_does_nothing),
        cmocka_unit_test(an_index_that_cannot_grow_stays_whole),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
