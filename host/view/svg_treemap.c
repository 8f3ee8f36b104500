/* svg_treemap: in a tree of named amounts, out a treemap of two levels: groups with their tiles, as nearly square as can be. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/str.h"
#include "svg_tree.h"

enum { GROUP_HEAD = 17, LABEL_LEAST = 15 };

struct box {
    double x, y, width, height;
};
struct tile {
    uint32_t node;
    double value;
    struct box box;
};
typedef VEC(struct tile) tile_list;

static int tile_order(const void *left, const void *right, void *context)
{
    const struct svg_node *nodes = context;
    const struct tile *a = left, *b = right;
    if (a->value != b->value)
        return (a->value < b->value) - (a->value > b->value);
    return strcmp(nodes[a->node].name, nodes[b->node].name);
}

static void tiles_find(const struct svg_tree *tree, uint32_t parent, tile_list *tiles)
{
    tiles->count = 0;
    for (uint32_t i = 0; i < tree->count; i++)
        if (tree->nodes[i].parent == parent && tree->nodes[i].value > 0)
            vec_push(tiles, ((struct tile){.node = i, .value = tree->nodes[i].value}));
    if (tiles->count)
        qsort_r(tiles->at, tiles->count, sizeof *tiles->at, tile_order, (void *)tree->nodes);
}

/* How far from a square the worst of a row of tiles is, when `sum` of the values fills a strip `side` long. */
static double row_worst(double largest, double smallest, double sum, double side, double scale)
{
    double area = sum * scale, square = side * side;
    return fmax(square * largest * scale / (area * area), area * area / (square * smallest * scale));
}

/* Puts tiles [from, to) in a strip at the short side of what is left of the box. */
static void row_put(tile_list *tiles, size_t from, size_t to, double sum, double scale, struct box *rest)
{
    bool is_tall = rest->height <= rest->width; /* the strip stands at the left */
    double side = is_tall ? rest->height : rest->width, thick = side > 0 ? sum * scale / side : 0, at = is_tall ? rest->y : rest->x;
    for (size_t i = from; i < to; i++) {
        double length = thick > 0 ? tiles->at[i].value * scale / thick : 0;
        tiles->at[i].box = is_tall ? (struct box){rest->x, at, thick, length} : (struct box){at, rest->y, length, thick};
        at += length;
    }
    rest->x += is_tall ? thick : 0;
    rest->width -= is_tall ? thick : 0;
    rest->y += is_tall ? 0 : thick;
    rest->height -= is_tall ? 0 : thick;
}

/* Squarified, after Bruls, Huizing and van Wijk. */
static void tiles_place(tile_list *tiles, struct box box)
{
    double whole = 0;
    for (size_t i = 0; i < tiles->count; i++)
        whole += tiles->at[i].value;
    double scale = whole > 0 ? box.width * box.height / whole : 0;
    for (size_t from = 0, to; from < tiles->count; from = to) {
        double side = fmin(box.width, box.height), sum = tiles->at[from].value, worst = row_worst(sum, sum, sum, side, scale);
        for (to = from + 1; to < tiles->count; to++) {
            double more = sum + tiles->at[to].value, next = row_worst(tiles->at[from].value, tiles->at[to].value, more, side, scale);
            if (next > worst)
                break;
            sum = more;
            worst = next;
        }
        row_put(tiles, from, to, sum, scale, &box);
    }
}

static void tile_draw(struct svg *svg, const struct svg_tree *tree, const struct tile *tile, size_t colour, double whole)
{
    char css[NUMBER_ROOM], value[NUMBER_ROOM], share[NUMBER_ROOM];
    const struct box *box = &tile->box;
    struct str tip = {0};
    if (box->width < 0.5 || box->height < 0.5)
        return;
    svg_value(value, tree->unit, tile->value);
    snprintf(css, sizeof css, "s%zu soft edge", colour % SVG_COLOURS);
    str_add_format(&tip, "%s: %s, %s", tree->nodes[tile->node].name, value, number_ratio(share, tile->value / whole));
    svg_rect(svg, box->x, box->y, box->width, box->height, css, str_text(&tip));
    if (box->height >= LABEL_LEAST)
        svg_text_in(svg, box->x + 5, box->y + 14, box->width - 8, SVG_START, "ink", tree->nodes[tile->node].name);
    if (box->height >= 2 * LABEL_LEAST + 2)
        svg_text_in(svg, box->x + 5, box->y + 30, box->width - 8, SVG_START, "dim", value);
    str_done(&tip);
}

/* `colour` -1: each tile has its own. */
static void group_draw(struct svg *svg, const struct svg_tree *tree, const struct tile *group, int colour, double whole, tile_list *tiles)
{
    char css[NUMBER_ROOM], value[NUMBER_ROOM];
    struct box box = group->box;
    struct str head = {0};
    if (box.width < 1 || box.height < 1)
        return;
    snprintf(css, sizeof css, "s%d soft edge", colour < 0 ? SVG_COLOURS - 1 : colour % SVG_COLOURS);
    str_add_format(&head, "%s · %s", tree->nodes[group->node].name, svg_value(value, tree->unit, group->value));
    svg_rect(svg, box.x, box.y, box.width, box.height, css, str_text(&head));
    bool has_head = box.height > 2 * GROUP_HEAD;
    if (has_head)
        svg_text_in(svg, box.x + 5, box.y + 13, box.width - 8, SVG_START, "ink", str_text(&head));
    tiles_find(tree, group->node, tiles);
    double top = has_head ? GROUP_HEAD : 1;
    tiles_place(tiles, (struct box){box.x + 2, box.y + top, box.width - 4, box.height - top - 2});
    for (size_t i = 0; i < tiles->count; i++)
        tile_draw(svg, tree, tiles->at + i, colour < 0 ? i : (size_t)colour, whole);
    str_done(&head);
}

void svg_treemap_draw(struct svg *svg, const struct svg_tree *tree)
{
    struct svg_frame frame = svg_frame_begin(svg, tree->title, tree->about, 0);
    tile_list groups = {0}, tiles = {0};
    double whole = 0;
    tiles_find(tree, SVG_NO_PARENT, &groups);
    tiles_place(&groups, (struct box){frame.left, SVG_HEAD, frame.right - frame.left, svg->height - SVG_MARGIN - SVG_HEAD});
    for (size_t i = 0; i < groups.count; i++)
        whole += groups.at[i].value;
    for (size_t i = 0; i < groups.count; i++)
        group_draw(svg, tree, groups.at + i, groups.at[i].value < 0.9 * whole ? (int)i : -1, whole, &tiles);
    if (!groups.count)
        svg_frame_nothing(&frame);
    vec_done(&groups);
    vec_done(&tiles);
}
