/*
 * What is shown of nodes: small trees drawn as they are written here; large and deep ones, of which
 * each node must be drawn once and fit the terminal.
 */
#include <setjmp.h> /* cmocka needs all four before it */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/view.h"
#include "random.h"

enum { MOST = 2000 };

static const struct style plain = {.utf8 = true}, ascii = {0},
                          colored = {.color = true, .utf8 = true};

/* ---- trees ---- */

struct tree {
    struct banyan_node nodes[MOST];
    size_t count;
};

/* Makes the records of the tree that these creates give, without recursion: each node goes behind
 * the subtree that comes before it. */
static void tree_make(struct tree *tree, const int64_t *ids, size_t count) {
    tree->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct banyan_node node = {.id = ids[i],
                                   .pid = 100 + (int64_t)i,
                                   .state = BANYAN_AVAILABLE,
                                   .parent = BANYAN_NO_PARENT,
                                   .link = BANYAN_LINK_CONTROLLER,
                                   .survey_us = -1};
        size_t at = 0, parent = 0;
        while (at < tree->count) {
            size_t depth = tree->nodes[at].depth, right = at + 1;
            parent = at;
            node.depth = depth + 1;
            if (node.id < tree->nodes[at].id) {
                if (at + 1 < tree->count && tree->nodes[at + 1].depth == depth + 1 &&
                    tree->nodes[at + 1].id < tree->nodes[at].id) {
                    at++;
                    continue;
                }
                at++;
                break;
            }
            if (right < tree->count && tree->nodes[right].depth > depth &&
                tree->nodes[right].id < tree->nodes[at].id)
                for (right++; right < tree->count && tree->nodes[right].depth > depth + 1; right++)
                    ;
            at = right;
            if (at == tree->count || tree->nodes[at].depth != depth + 1)
                break;
        }
        if (tree->count > 0) {
            node.parent = tree->nodes[parent].id;
            node.link = BANYAN_LINK_NODE;
            node.connected_to = node.parent;
        }
        memmove(&tree->nodes[at + 1], &tree->nodes[at], (tree->count - at) * sizeof node);
        tree->nodes[at] = node;
        tree->count++;
    }
}

static struct banyan_node *find(struct tree *tree, int64_t id) {
    size_t i = 0;
    while (tree->nodes[i].id != id)
        i++;
    return &tree->nodes[i];
}

static void lose(struct tree *tree, int64_t id, enum banyan_state state) {
    struct banyan_node *node = find(tree, id);
    node->state = state;
    node->link = BANYAN_LINK_NONE;
}

static void adopt(struct tree *tree, int64_t id, enum banyan_link link, int64_t by) {
    struct banyan_node *node = find(tree, id);
    node->adopted = 1;
    node->link = link;
    node->connected_to = by;
}

/* 10 with 5 (3, 7) and 20, of which 5 is lost. */
static void tree_repaired(struct tree *tree) {
    tree_make(tree, (const int64_t[]){10, 5, 20, 3, 7}, 5);
    lose(tree, 5, BANYAN_ENDED);
    adopt(tree, 3, BANYAN_LINK_NODE, 10);
    adopt(tree, 7, BANYAN_LINK_NODE, 10);
}

/* ---- drawing ---- */

static char *shown;

static FILE *show_start(void) {
    static size_t len;
    FILE *file = open_memstream(&shown, &len);
    assert_non_null(file);
    return file;
}

static void show_end(FILE *file) {
    assert_int_equal(fclose(file), 0);
}

static void draw(const struct tree *tree, const struct style *style) {
    FILE *file = show_start();
    assert_true(view_tree(file, tree->nodes, tree->count, style));
    show_end(file);
}

static void expect_text(const char *text) {
    assert_string_equal(shown, text);
    free(shown);
}

/* Columns, where every character takes one. */
static size_t width_of(const char *line, size_t len) {
    size_t width = 0;
    for (size_t i = 0; i < len; i++)
        width += ((unsigned char)line[i] & 0xc0) != 0x80;
    return width;
}

/* Each id stands in one line with its pid, and no line is too wide. */
static void expect_each_once(const struct tree *tree, size_t most) {
    size_t pids = 0;
    bool *seen = calloc(tree->count, sizeof *seen);
    assert_non_null(seen);
    for (char *at = shown, *line; (line = strsep(&at, "\n")) != NULL;) {
        assert_true(width_of(line, strlen(line)) <= most);
        char *state = strstr(line, "available");
        if (state == NULL)
            continue;
        *state = '\0';
        char *id = line + strcspn(line, "-0123456789");
        char *end;
        int64_t value = strtoll(id, &end, 10), pid = strtoll(end, NULL, 10);
        const struct banyan_node *node = find((struct tree *)tree, value);
        assert_int_equal(node->pid, pid);
        assert_false(seen[node - tree->nodes]);
        seen[node - tree->nodes] = true;
        pids++;
    }
    assert_int_equal(pids, tree->count);
    free(seen);
    free(shown);
}

static struct tree tree;

static void no_node(void **state) {
    (void)state;
    tree.count = 0;
    draw(&tree, &plain);
    expect_text("There are no nodes yet: 'create ID' starts one.\n");
    FILE *file = show_start();
    assert_true(view_table(file, tree.nodes, NULL, 0, &plain));
    show_end(file);
    expect_text("There are no nodes yet: 'create ID' starts one.\n");
}

static void a_repaired_tree(void **state) {
    (void)state;
    tree_repaired(&tree);
    draw(&tree, &plain);
    expect_text("10      100  available\n"
                "├L 5    101  ended\n"
                "│ ├L 3  103  available, connected to 10\n"
                "│ └R 7  104  available, connected to 10\n"
                "└R 20   102  available\n");
    draw(&tree, &ascii);
    expect_text("10      100  available\n"
                "|L 5    101  ended\n"
                "| |L 3  103  available, connected to 10\n"
                "| `R 7  104  available, connected to 10\n"
                "`R 20   102  available\n");
}

static void colors(void **state) {
    (void)state;
    tree_make(&tree, (const int64_t[]){2, 1, 3}, 3);
    lose(&tree, 1, BANYAN_SILENT);
    lose(&tree, 3, BANYAN_ENDED);
    draw(&tree, &colored);
    expect_text("2     100  \033[32mavailable\033[0m\n"
                "├L 1  101  \033[33msilent\033[0m\n"
                "└R 3  102  \033[31mended\033[0m\n");
}

/* An only child is left or right, too. The second one in a row stands straight below the first. */
static void only_children(void **state) {
    (void)state;
    tree_make(&tree, (const int64_t[]){10, 5}, 2);
    draw(&tree, &plain);
    expect_text("10    100  available\n"
                "└L 5  101  available\n");
    tree_make(&tree, (const int64_t[]){10, 20, 40, 30, 25, 35, 24}, 7);
    draw(&tree, &plain);
    expect_text("10         100  available\n"
                "└R 20      101  available\n"
                "↓R 40      102  available\n"
                "↓L 30      103  available\n"
                "  ├L 25    104  available\n"
                "  │ └L 24  106  available\n"
                "  └R 35    105  available\n");
}

static void the_root_is_lost(void **state) {
    (void)state;
    tree_make(&tree, (const int64_t[]){10, 5}, 2);
    lose(&tree, 10, BANYAN_SILENT);
    adopt(&tree, 5, BANYAN_LINK_CONTROLLER, 0);
    draw(&tree, &plain);
    expect_text("10    100  silent\n"
                "└L 5  101  available, connected to controller\n");
}

/* The records of a subtree do not begin at depth 0. */
static void a_subtree(void **state) {
    (void)state;
    tree_repaired(&tree);
    FILE *file = show_start();
    assert_true(view_tree(file, &tree.nodes[1], 3, &plain));
    show_end(file);
    expect_text("5     101  ended\n"
                "├L 3  103  available, connected to 10\n"
                "└R 7  104  available, connected to 10\n");
}

static void a_chain_of_a_thousand(void **state) {
    int64_t ids[1000];
    (void)state;
    for (int64_t i = 0; i < 1000; i++)
        ids[i] = i;
    tree_make(&tree, ids, 1000);
    draw(&tree, &plain);
    expect_each_once(&tree, 32);
}

/* Every node of a long row has a child beside it: it goes ever deeper, in parts. */
static void a_caterpillar(void **state) {
    int64_t ids[1000];
    (void)state;
    for (int64_t i = 0; i < 500; i++) {
        ids[2 * i] = 10 * i + 10;
        ids[2 * i + 1] = 10 * i + 9;
    }
    tree_make(&tree, ids, 1000);
    draw(&tree, &plain);
    assert_non_null(strstr(shown, "available, continued below\n"));
    assert_non_null(strstr(shown, "\n\n170, continued\n├L 169"));
    expect_each_once(&tree, 80);
}

static void random_trees(void **state) {
    int64_t ids[MOST / 2];
    (void)state;
    random_start("random_trees");
    for (int round = 0; round < 200; round++) {
        size_t count = 1 + random_below(MOST / 2), kept = 0;
        for (size_t i = 0; i < count; i++) {
            int64_t id = (int64_t)random_below(100000) - 50000;
            size_t same = 0;
            while (same < kept && ids[same] != id)
                same++;
            if (same == kept && id != -1)
                ids[kept++] = id;
        }
        tree_make(&tree, ids, kept);
        draw(&tree, round % 2 == 0 ? &plain : &ascii);
        expect_each_once(&tree, 80);
    }
}

/* ---- Graphviz ---- */

static void dot_has_both_trees(void **state) {
    (void)state;
    tree_repaired(&tree);
    FILE *file = show_start();
    view_dot(file, tree.nodes, tree.count);
    show_end(file);
    expect_text("digraph banyan {\n"
                "    graph [ordering=out];\n"
                "    node [shape=box];\n"
                "    \"10\" [label=\"10\\navailable\\n100\", color=green4];\n"
                "    \"5\" [label=\"5\\nended\\n101\", color=red3];\n"
                "    \"3\" [label=\"3\\navailable\\n103\", color=green4];\n"
                "    \"7\" [label=\"7\\navailable\\n104\", color=green4];\n"
                "    \"20\" [label=\"20\\navailable\\n102\", color=green4];\n"
                "    \"10\":sw -> \"5\";\n"
                "    \"5\":sw -> \"3\";\n"
                "    \"10\" -> \"3\" [style=dashed, constraint=false];\n"
                "    \"5\":se -> \"7\";\n"
                "    \"10\" -> \"7\" [style=dashed, constraint=false];\n"
                "    \"10\":se -> \"20\";\n"
                "}\n");
}

/* ---- the table ---- */

static void a_table(void **state) {
    static const int64_t memory_kb[] = {1234, -1, 999, 99999, 0};
    (void)state;
    tree_repaired(&tree);
    tree.nodes[0].execs = 9999999;
    tree.nodes[0].numbers = UINT64_MAX;
    tree.nodes[0].survey_us = 412;
    tree.nodes[2].numbers = 10000000;
    tree.nodes[3].survey_us = 12345678;
    FILE *file = show_start();
    assert_true(view_table(file, tree.nodes, memory_kb, tree.count, &plain));
    show_end(file);
    for (const char *line = shown; *line != '\0'; line = strchr(line, '\n') + 1)
        assert_true(strcspn(line, "\n") <= 80);
    expect_text("ID PID STATE     PARENT  CONNECTED DEPTH   EXECS NUMBERS   MEMORY SURVEY\n"
                "10 100 available      - controller     0 9999999   18.4E   1.2 MB 0.4 ms\n"
                " 5 101 ended         10          -     1       0       0        -      -\n"
                " 3 103 available      5         10     2       0   10.0M   999 kB      -\n"
                " 7 104 available      5         10     2       0       0 100.0 MB 12.3 s\n"
                "20 102 available     10         10     1       0       0     0 kB      -\n");
}

static void one_node(void **state) {
    (void)state;
    tree_repaired(&tree);
    struct banyan_node *node = find(&tree, 3);
    node->execs = 2;
    node->numbers = 40;
    node->survey_us = 412;
    FILE *file = show_start();
    view_node(file, node, 1234);
    show_end(file);
    char *started = strstr(shown, "started: ");
    assert_non_null(started);
    *started = '\0';
    expect_text("id: 3\npid: 103\nstate: available\nparent: 5\nconnected to: 10\nadopted: yes\n"
                "depth: 2\nexecs: 2\nnumbers: 40\nmemory: 1234 kB\nsurvey: 0.412 ms\n");
    file = show_start();
    view_node(file, find(&tree, 5), -1);
    show_end(file);
    *strstr(shown, "started: ") = '\0';
    expect_text("id: 5\npid: 101\nstate: ended\nparent: 10\nconnected to: none\nadopted: no\n"
                "depth: 1\nexecs: 0\nnumbers: 0\nmemory: unknown\nsurvey: none\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_node),
        cmocka_unit_test(a_repaired_tree),
        cmocka_unit_test(colors),
        cmocka_unit_test(only_children),
        cmocka_unit_test(the_root_is_lost),
        cmocka_unit_test(a_subtree),
        cmocka_unit_test(a_chain_of_a_thousand),
        cmocka_unit_test(a_caterpillar),
        cmocka_unit_test(random_trees),
        cmocka_unit_test(dot_has_both_trees),
        cmocka_unit_test(a_table),
        cmocka_unit_test(one_node),
    };
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
