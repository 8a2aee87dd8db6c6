/* table.c: a table of nodes, as narrow as its contents, and a list of what is known of one node. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "view.h"

enum {
    COLUMNS = 10,
    CELL = 24,
    STATE = 2,       /* the column that has a colour */
    WIDTH_MOST = 80, /* of the table; if it needs more, the gaps become narrower */
};

struct row {
    char cells[COLUMNS][CELL];
};

/* ---- values ---- */

/* Exact up to 7 digits; larger values have an SI prefix. */
static void print_count(char cell[CELL], uint64_t value) {
    static const char prefixes[] = "MGTPE";
    double scaled = (double)value / 1e6;
    size_t i = 0;
    if (value < 10000000) {
        snprintf(cell, CELL, "%" PRIu64, value);
        return;
    }
    while (scaled >= 999.95 && i + 2 < sizeof prefixes) {
        scaled /= 1000;
        i++;
    }
    snprintf(cell, CELL, "%.1f%c", scaled, prefixes[i]);
}

static void print_memory(char cell[CELL], int64_t kb) {
    if (kb < 0)
        strcpy(cell, "-");
    else if (kb < 1000)
        snprintf(cell, CELL, "%" PRId64 " kB", kb);
    else
        snprintf(cell, CELL, "%.1f MB", (double)kb / 1000);
}

static void print_time(char cell[CELL], int64_t us) {
    if (us < 0)
        strcpy(cell, "-");
    else if (us < 1000000)
        snprintf(cell, CELL, "%.1f ms", (double)us / 1000);
    else
        snprintf(cell, CELL, "%.1f s", (double)us / 1000000);
}

static void print_parent(char cell[CELL], const struct banyan_node *node, const char *none) {
    if (node->parent == BANYAN_NO_PARENT)
        snprintf(cell, CELL, "%s", none);
    else
        snprintf(cell, CELL, "%" PRId64, node->parent);
}

static void print_connection(char cell[CELL], const struct banyan_node *node, const char *none) {
    if (node->link == BANYAN_LINK_NODE)
        snprintf(cell, CELL, "%" PRId64, node->connected_to);
    else
        snprintf(cell, CELL, "%s", node->link == BANYAN_LINK_CONTROLLER ? "controller" : none);
}

/* ---- the table ---- */

static const struct {
    const char *title;
    bool left; /* aligned to the left */
} columns[COLUMNS] = {
    {"ID", false},    {"PID", false},   {"STATE", true},    {"PARENT", false}, {"CONNECTED", false},
    {"DEPTH", false}, {"EXECS", false}, {"NUMBERS", false}, {"MEMORY", false}, {"SURVEY", false},
};

static void fill_row(struct row *row, const struct banyan_node *node, int64_t memory_kb) {
    snprintf(row->cells[0], CELL, "%" PRId64, node->id);
    snprintf(row->cells[1], CELL, "%" PRId64, node->pid);
    snprintf(row->cells[STATE], CELL, "%s", banyan_state_name(node->state));
    print_parent(row->cells[3], node, "-");
    print_connection(row->cells[4], node, "-");
    snprintf(row->cells[5], CELL, "%zu", node->depth);
    print_count(row->cells[6], node->execs);
    print_count(row->cells[7], node->numbers);
    print_memory(row->cells[8], memory_kb);
    print_time(row->cells[9], node->survey_us);
}

static void fill_head(struct row *row) {
    for (int column = 0; column < COLUMNS; column++)
        snprintf(row->cells[column], CELL, "%s", columns[column].title);
}

/* Finds the width of each column, and returns the sum of the widths. */
static int measure(const struct row *rows, size_t count, int widths[COLUMNS]) {
    int all = 0;
    for (int column = 0; column < COLUMNS; column++) {
        widths[column] = 0;
        for (size_t i = 0; i < count; i++) {
            int width = (int)strlen(rows[i].cells[column]);
            widths[column] = width > widths[column] ? width : widths[column];
        }
        all += widths[column];
    }
    return all;
}

/* node: NULL for the head. */
static void write_row(FILE *file, const struct row *row, const struct banyan_node *node,
                      const int widths[COLUMNS], int gap, const struct style *style) {
    for (int column = 0; column < COLUMNS; column++) {
        const char *cell = row->cells[column];
        int fill = widths[column] - (int)strlen(cell);
        fprintf(file, "%*s", (column > 0 ? gap : 0) + (columns[column].left ? 0 : fill), "");
        if (column == STATE && node != NULL)
            view_state(file, node->state, style);
        else
            fputs(cell, file);
        fprintf(file, "%*s", columns[column].left ? fill : 0, "");
    }
    fputc('\n', file);
}

bool view_table(FILE *file, const struct banyan_node *nodes, const int64_t *memory_kb, size_t count,
                const struct style *style) {
    int widths[COLUMNS], gap;
    if (count == 0)
        return view_tree(file, nodes, count, style);
    struct row *rows = calloc(count + 1, sizeof *rows);
    if (rows == NULL)
        return false;
    fill_head(&rows[0]);
    for (size_t i = 0; i < count; i++)
        fill_row(&rows[i + 1], &nodes[i], memory_kb[i]);
    gap = measure(rows, count + 1, widths) + 2 * (COLUMNS - 1) <= WIDTH_MOST ? 2 : 1;
    for (size_t i = 0; i <= count; i++)
        write_row(file, &rows[i], i > 0 ? &nodes[i - 1] : NULL, widths, gap, style);
    free(rows);
    return true;
}

/* ---- one node ---- */

static void write_started(FILE *file, uint64_t us) {
    time_t seconds = (time_t)(us / 1000000);
    struct tm local;
    char text[32] = "?";
    if (localtime_r(&seconds, &local) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    fprintf(file, "started: %s.%03u\n", text, (unsigned)(us / 1000 % 1000));
}

void view_node(FILE *file, const struct banyan_node *node, int64_t memory_kb) {
    char parent[CELL], connection[CELL];
    print_parent(parent, node, "none");
    print_connection(connection, node, "none");
    fprintf(file, "id: %" PRId64 "\npid: %" PRId64 "\nstate: %s\n", node->id, node->pid,
            banyan_state_name(node->state));
    fprintf(file, "parent: %s\nconnected to: %s\nadopted: %s\ndepth: %zu\n", parent, connection,
            node->adopted ? "yes" : "no", node->depth);
    fprintf(file, "execs: %" PRIu64 "\nnumbers: %" PRIu64 "\n", node->execs, node->numbers);
    if (memory_kb >= 0)
        fprintf(file, "memory: %" PRId64 " kB\n", memory_kb);
    else
        fputs("memory: unknown\n", file);
    if (node->survey_us >= 0)
        fprintf(file, "survey: %.3f ms\n", (double)node->survey_us / 1000);
    else
        fputs("survey: none\n", file);
    write_started(file, node->started_us);
}
