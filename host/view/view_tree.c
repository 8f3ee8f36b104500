/* view_tree: in a tree, out indented flame text: share, value, bar and name of each node that is large enough, the largest first.
 * A chain of only children stays at one depth, so that deep stacks do not run off the page. */
#include "view_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "host/base/number.h"
#include "host/base/str.h"
#include "host/base/utf8.h"
#include "paint.h"

enum { TREE_BAR = 10, TREE_BAR_LEAST_WIDTH = 70, TREE_DEPTH_MOST = 40, TREE_ROWS = 60 };
static const double TREE_LEAST_SHARE = 0.01;

struct tree_node {
    uint32_t row;
    double value;
};

struct tree {
    FILE *out;
    const struct view *view;
    const struct table *table;
    int label, value;       /* columns */
    double whole;           /* of all roots */
    uint32_t *starts;       /* children of row i: nodes[starts[i]] to nodes[starts[i + 1]]; the roots are the children of row_count */
    struct tree_node *nodes;
    size_t left, value_width; /* rows that may still be printed */
};

static int column_find(const struct table *table, bool is_label)
{
    for (size_t i = 0; i < table->column_count; i++) {
        enum column_kind kind = table->columns[i].kind;
        bool is_name = kind == COLUMN_FRAME || kind == COLUMN_STACK || kind == COLUMN_TEXT;
        if (is_label ? is_name : !is_name && kind != COLUMN_RATIO && kind != COLUMN_ADDRESS)
            return (int)i;
    }
    return 0;
}

static int node_order(const void *left, const void *right)
{
    const struct tree_node *a = left, *b = right;
    if (a->value != b->value)
        return a->value < b->value ? 1 : -1;
    return (a->row > b->row) - (a->row < b->row);
}

/* Rows by parent, each family the largest first. */
static void tree_link(struct tree *tree)
{
    const struct table *table = tree->table;
    size_t count = table->row_count;
    tree->starts = memory_new(count + 3, sizeof *tree->starts);
    tree->nodes = memory_new(count, sizeof *tree->nodes);
    for (size_t row = 0; row < count; row++)
        tree->starts[(table->parents[row] == TABLE_NO_PARENT ? count : table->parents[row]) + 2]++;
    for (size_t i = 2; i < count + 3; i++)
        tree->starts[i] += tree->starts[i - 1];
    for (size_t row = 0; row < count; row++) {
        size_t parent = table->parents[row] == TABLE_NO_PARENT ? count : table->parents[row];
        tree->nodes[tree->starts[parent + 1]++] = (struct tree_node){(uint32_t)row, table_real(&table->columns[tree->value], table_at(table, row)[tree->value])};
    }
    for (size_t i = 0; i <= count; i++)
        qsort(tree->nodes + tree->starts[i], tree->starts[i + 1] - tree->starts[i], sizeof *tree->nodes, node_order);
    for (size_t i = tree->starts[count]; i < tree->starts[count + 1]; i++)
        tree->whole += tree->nodes[i].value;
}

/* Nodes that say nothing are passed over: their children stand in their place. */
static bool node_is_shown(const struct tree *tree, const struct tree_node *node)
{
    return tree->table->columns[tree->label].kind != COLUMN_FRAME || cell_is_shown(tree->view, (uint32_t)table_at(tree->table, node->row)[tree->label].u);
}

static bool node_is_large(const struct tree *tree, const struct tree_node *node)
{
    return node->value > 0 && node->value >= TREE_LEAST_SHARE * tree->whole;
}

static size_t large_children(const struct tree *tree, size_t row)
{
    size_t count = 0;
    for (size_t i = tree->starts[row]; i < tree->starts[row + 1]; i++)
        count += node_is_large(tree, &tree->nodes[i]);
    return count;
}

static void bar_put(const struct tree *tree, double share)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    struct str bar = {0};
    if (!tree->view->has_unicode) {
        for (int i = 0; i < (int)lround(share * TREE_BAR); i++)
            str_add(&bar, "#");
    } else {
        unsigned parts = (unsigned)lround(share * TREE_BAR * 8);
        for (unsigned i = 0; i < parts / 8; i++)
            str_add(&bar, "█");
        str_add(&bar, eighths[parts % 8]);
    }
    paint_cell(tree->view, tree->out, PAINT_BAR, str_text(&bar), TREE_BAR, false);
    fputs("  ", tree->out);
    str_done(&bar);
}

static void node_put(struct tree *tree, const struct tree_node *node, size_t depth)
{
    char ratio[NUMBER_ROOM];
    struct str value = {0}, label = {0};
    const struct table *table = tree->table;
    const union cell *row = table_at(table, node->row);
    double share = tree->whole > 0 ? node->value / tree->whole : 0;
    size_t indent = 2 * (depth < TREE_DEPTH_MOST ? depth : TREE_DEPTH_MOST);
    cell_text(&value, tree->view, &table->columns[tree->value], row[tree->value]);
    cell_text(&label, tree->view, &table->columns[tree->label], row[tree->label]);
    number_ratio(ratio, share);
    fputs("  ", tree->out);
    paint_cell(tree->view, tree->out, share >= 0.1 ? PAINT_HOT : PAINT_PLAIN, ratio, 6, true);
    fputs("  ", tree->out);
    paint_cell(tree->view, tree->out, PAINT_PLAIN, str_text(&value), tree->value_width, true);
    fputs("  ", tree->out);
    size_t used = 2 + 6 + 2 + tree->value_width + 2;
    if (tree->view->width >= TREE_BAR_LEAST_WIDTH) {
        bar_put(tree, share);
        used += TREE_BAR + 2;
    }
    fprintf(tree->out, "%*s", (int)indent, "");
    size_t room = tree->view->width > used + indent + 8 ? tree->view->width - used - indent : 8;
    size_t wanted = utf8_columns(str_text(&label));
    paint_cell(tree->view, tree->out, PAINT_FUNCTION, str_text(&label), wanted < room ? wanted : room, false);
    putc('\n', tree->out);
    str_done(&value);
    str_done(&label);
}

/* Walks with a stack of its own: a hostile tree may be as deep as it has rows. */
static void tree_put(struct tree *tree)
{
    struct visit {
        size_t at, end, depth;
    };
    VEC(struct visit) visits = {0};
    size_t root = tree->table->row_count;
    vec_push(&visits, ((struct visit){tree->starts[root], tree->starts[root + 1], 0}));
    while (visits.count && tree->left) {
        struct visit *visit = &visits.at[visits.count - 1];
        if (visit->at == visit->end || !node_is_large(tree, &tree->nodes[visit->at])) {
            visits.count--;
            continue;
        }
        const struct tree_node *node = &tree->nodes[visit->at++];
        size_t depth = visit->depth;
        if (node_is_shown(tree, node)) {
            node_put(tree, node, depth);
            depth += large_children(tree, node->row) > 1;
            tree->left--;
        }
        vec_push(&visits, ((struct visit){tree->starts[node->row], tree->starts[node->row + 1], depth}));
    }
    vec_done(&visits);
}

static size_t large_rows(const struct tree *tree)
{
    size_t count = 0;
    for (size_t i = 0; i < tree->table->row_count; i++)
        count += node_is_large(tree, &tree->nodes[i]) && node_is_shown(tree, &tree->nodes[i]);
    return count;
}

static void value_width_find(struct tree *tree)
{
    struct str text = {0};
    for (size_t row = 0; row < tree->table->row_count; row++) {
        cell_text(&text, tree->view, &tree->table->columns[tree->value], table_at(tree->table, row)[tree->value]);
        size_t columns = utf8_columns(str_text(&text));
        tree->value_width = columns > tree->value_width ? columns : tree->value_width;
    }
    str_done(&text);
}

void view_tree(FILE *out, const struct view *view, const struct table *table)
{
    struct tree tree = {.out = out, .view = view, .table = table, .label = column_find(table, true), .value = column_find(table, false)};
    struct str rest = {0};
    int sort = view->sort ? table_find_column(table, view->sort + (*view->sort == '+')) : -1;
    tree.value = sort >= 0 && cell_is_right(&table->columns[sort]) ? sort : tree.value;
    tree.left = view->row_limit ? view->row_limit : TREE_ROWS;
    tree_link(&tree);
    value_width_find(&tree);
    size_t large = large_rows(&tree), shown = large < tree.left ? large : tree.left;
    tree_put(&tree);
    if (large > shown)
        str_add_format(&rest, "  %zu more nodes of 1 %% or more: see --limit\n", large - shown);
    else
        str_add(&rest, "  nodes below 1 % are left out\n");
    if (large > shown || large < table->row_count)
        paint_put(view, out, PAINT_DIM, str_text(&rest));
    str_done(&rest);
    memory_free(tree.starts);
    memory_free(tree.nodes);
}
