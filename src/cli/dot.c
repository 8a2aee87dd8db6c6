/*
 * dot.c: the search tree for Graphviz. The edges of the search tree are solid, from the left or the
 * right corner of the parent. The edges of the overlay that are no edges of the search tree are
 * dashed.
 */
#include <inttypes.h>

#include "view.h"

static void draw_node(FILE *file, const struct banyan_node *node) {
    static const char *const colors[] = {[BANYAN_STARTING] = "cyan4",
                                         [BANYAN_AVAILABLE] = "green4",
                                         [BANYAN_SILENT] = "orange3",
                                         [BANYAN_ENDED] = "red3"};
    fprintf(file, "    \"%" PRId64 "\" [label=\"%" PRId64 "\\n%s\\n%" PRId64 "\", color=%s];\n",
            node->id, node->id, banyan_state_name(node->state), node->pid,
            node->state <= BANYAN_ENDED ? colors[node->state] : "black");
}

static void draw_edges(FILE *file, const struct banyan_node *node, bool top) {
    if (!top)
        fprintf(file, "    \"%" PRId64 "\":%s -> \"%" PRId64 "\";\n", node->parent,
                node->id < node->parent ? "sw" : "se", node->id);
    if (node->adopted && node->link == BANYAN_LINK_NODE)
        fprintf(file, "    \"%" PRId64 "\" -> ", node->connected_to);
    else if (node->adopted)
        fputs("    controller -> ", file);
    if (node->adopted)
        fprintf(file, "\"%" PRId64 "\" [style=dashed, constraint=false];\n", node->id);
}

void view_dot(FILE *file, const struct banyan_node *nodes, size_t count) {
    fputs("digraph banyan {\n"
          "    graph [ordering=out];\n"
          "    node [shape=box];\n",
          file);
    for (size_t i = 0; i < count; i++)
        draw_node(file, &nodes[i]);
    for (size_t i = 0; i < count; i++)
        draw_edges(file, &nodes[i], i == 0);
    fputs("}\n", file);
}
