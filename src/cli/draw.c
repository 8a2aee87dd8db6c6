/*
 * draw.c: the search tree as lines, one for each node, children below their parent:
 *
 *     10      4711  available
 *     ├L 5    4735  ended
 *     │ ├L 3  4736  available, connected to 10
 *     │ └R 7  4737  available, connected to 10
 *     └R 20   4738  available
 *
 * L and R say on which side of its parent a node stands. A tree can be a chain of a thousand nodes.
 * Therefore no function here recurs, and two rules keep the drawing narrow:
 *   - In a chain of only children, the first is drawn like any other child. Each of the next is
 *     drawn straight below its parent, with an arrow.
 *   - A subtree that is still too deep is left out, and drawn in a part of its own below the rest.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "view.h"

enum { LEVELS = 16 }; /* drawn in one part */

struct place {
    size_t parent;     /* its index; of the top: its own */
    size_t size;       /* of the subtree */
    unsigned children; /* 0, 1 or 2 */
    size_t level;      /* how far to the right, from the left end of the whole */
};

struct drawing {
    FILE *file; /* NULL: the drawing is only measured */
    const struct banyan_node *nodes;
    struct place *places;
    const struct style *style;
    size_t width;          /* of the widest id, with the branch before it */
    int pid_width;         /* of the widest process id */
    size_t *parts;         /* the top node of each part, as far as the parts are known */
    size_t part_count;     /* how many parts are known */
    bool more[LEVELS + 1]; /* whether another child follows at this level */
};

/* ---- places ---- */

static bool is_only_child(const struct place *places, size_t i) {
    return i > 0 && places[places[i].parent].children == 1;
}

/* Whether a node is drawn straight below its parent. */
static bool is_straight(const struct place *places, size_t i) {
    return is_only_child(places, i) && is_only_child(places, places[i].parent);
}

/* path: room for the last node at each depth. */
static void find_places(const struct banyan_node *nodes, size_t count, struct place *places,
                        size_t *path) {
    for (size_t i = 0; i < count; i++) {
        size_t depth = nodes[i].depth - nodes[0].depth;
        path[depth] = i;
        places[i] = (struct place){.parent = i > 0 ? path[depth - 1] : 0, .size = 1};
        if (i > 0)
            places[places[i].parent].children++;
    }
    for (size_t i = 1; i < count; i++)
        places[i].level = places[places[i].parent].level + !is_straight(places, i);
    for (size_t i = count - 1; i > 0; i--)
        places[places[i].parent].size += places[i].size;
}

/* ---- lines ---- */

void view_state(FILE *file, enum banyan_state state, const struct style *style) {
    static const int colors[] = {
        [BANYAN_STARTING] = 36, [BANYAN_AVAILABLE] = 32, [BANYAN_SILENT] = 33, [BANYAN_ENDED] = 31};
    const char *name = banyan_state_name(state);
    if (style->color && state <= BANYAN_ENDED)
        fprintf(file, "\033[%dm%s\033[0m", colors[state], name);
    else
        fputs(name, file);
}

static char side_of(const struct banyan_node *node) {
    return node->id < node->parent ? 'L' : 'R';
}

static bool has_later_sibling(const struct place *places, size_t i) {
    const struct place *parent = &places[places[i].parent];
    return parent->children == 2 && i == places[i].parent + 1;
}

/* Draws what stands before the id, and returns its width. level: from the left end of the part. */
static size_t draw_branch(const struct drawing *drawing, size_t i, size_t level) {
    static const char *const boxes[] = {"│ ", "├", "└", "↓"}, *const ascii[] = {"| ", "|", "`",
                                                                                "v"};
    const char *const *marks = drawing->style->utf8 ? boxes : ascii;
    bool straight = is_straight(drawing->places, i);
    size_t bars = level > 0 ? level - 1 : 0;
    if (drawing->file == NULL)
        return 2 * bars + 3;
    for (size_t at = 1; at <= bars; at++)
        fputs(drawing->more[at] ? marks[0] : "  ", drawing->file);
    fprintf(drawing->file, "%s%c ", straight ? marks[3] : marks[drawing->more[level] ? 1 : 2],
            side_of(&drawing->nodes[i]));
    return 2 * bars + 3;
}

static void draw_connection(FILE *file, const struct banyan_node *node) {
    if (!node->adopted)
        return;
    if (node->link == BANYAN_LINK_NODE)
        fprintf(file, ", connected to %" PRId64, node->connected_to);
    else
        fputs(", connected to controller", file);
}

static void draw_line(struct drawing *drawing, size_t i, size_t level, bool cut) {
    const struct banyan_node *node = &drawing->nodes[i];
    char id[24];
    size_t width = (size_t)snprintf(id, sizeof id, "%" PRId64, node->id);
    if (i > 0)
        width += draw_branch(drawing, i, level);
    if (drawing->file == NULL) {
        int pid_width = snprintf(NULL, 0, "%" PRId64, node->pid);
        drawing->width = width > drawing->width ? width : drawing->width;
        drawing->pid_width = pid_width > drawing->pid_width ? pid_width : drawing->pid_width;
        return;
    }
    fprintf(drawing->file, "%s%*s  %*" PRId64 "  ", id, (int)(drawing->width - width), "",
            drawing->pid_width, node->pid);
    view_state(drawing->file, node->state, drawing->style);
    draw_connection(drawing->file, node);
    fputs(cut ? ", continued below\n" : "\n", drawing->file);
}

/* ---- parts ---- */

/* Draws the subtree of a node as far as there is room. Deeper subtrees become parts of their
 * own. */
static void draw_part(struct drawing *drawing, size_t top) {
    const struct place *places = drawing->places;
    size_t end = top + places[top].size, i = top;
    if (top == 0)
        draw_line(drawing, i, 0, false);
    else if (drawing->file != NULL)
        fprintf(drawing->file, "\n%" PRId64 ", continued\n", drawing->nodes[top].id);
    for (i = top + 1; i < end;) {
        size_t level = places[i].level - places[top].level;
        bool cut = level == LEVELS && places[i].children > 0 &&
                   places[i + 1].level > places[i].level;
        drawing->more[level] = has_later_sibling(places, i);
        draw_line(drawing, i, level, cut);
        if (cut)
            drawing->parts[drawing->part_count++] = i;
        i += cut ? places[i].size : 1;
    }
}

static void draw_all(struct drawing *drawing, FILE *file) {
    drawing->file = file;
    drawing->parts[0] = 0;
    drawing->part_count = 1;
    for (size_t part = 0; part < drawing->part_count; part++)
        draw_part(drawing, drawing->parts[part]);
}

bool view_tree(FILE *file, const struct banyan_node *nodes, size_t count,
               const struct style *style) {
    struct drawing drawing = {.nodes = nodes, .style = style};
    if (count == 0) {
        fputs("There are no nodes yet: 'create ID' starts one.\n", file);
        return true;
    }
    drawing.places = calloc(count, sizeof *drawing.places);
    drawing.parts = calloc(count, sizeof *drawing.parts);
    bool whole = drawing.places != NULL && drawing.parts != NULL;
    if (whole) {
        find_places(nodes, count, drawing.places, drawing.parts);
        draw_all(&drawing, NULL);
        draw_all(&drawing, file);
    }
    free(drawing.places);
    free(drawing.parts);
    return whole;
}
