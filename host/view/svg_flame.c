/* svg_flame: in a tree of named amounts, out a flame graph: roots at the bottom, the widest child on the left. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/str.h"
#include "svg_tree.h"

static const double least_width = 0.5;

struct flame_place {
    double x, width;
    uint32_t level;
    bool is_shown;
};

struct flame_layout {
    const struct svg_tree *tree;
    struct flame_place *places; /* by node */
    uint32_t *order;            /* parents first, among siblings the largest first */
    uint32_t levels;
};

static int sibling_order(const void *left, const void *right, void *context)
{
    const struct svg_node *nodes = context, *a = nodes + *(const uint32_t *)left, *b = nodes + *(const uint32_t *)right;
    if (a->parent != b->parent)
        return (a->parent + 1 > b->parent + 1) - (a->parent + 1 < b->parent + 1); /* no parent comes first */
    if (a->value != b->value)
        return (a->value < b->value) - (a->value > b->value);
    int way = strcmp(a->name, b->name);
    return way ? way : (a > b) - (a < b);
}

static double roots_sum(const struct svg_tree *tree)
{
    double sum = 0;
    for (size_t i = 0; i < tree->count; i++)
        sum += tree->nodes[i].parent == SVG_NO_PARENT ? tree->nodes[i].value : 0;
    return sum;
}

static void layout_make(struct flame_layout *layout, const struct svg_tree *tree, double left, double width)
{
    double whole = roots_sum(tree), root_x = left;
    double *next = memory_new(tree->count + 1, sizeof *next); /* by node: where its next child begins */
    *layout = (struct flame_layout){tree, memory_new(tree->count + 1, sizeof *layout->places), memory_new(tree->count + 1, sizeof *layout->order), 1};
    for (uint32_t i = 0; i < tree->count; i++)
        layout->order[i] = i;
    qsort_r(layout->order, tree->count, sizeof *layout->order, sibling_order, (void *)tree->nodes);
    for (size_t i = 0; i < tree->count; i++) {
        uint32_t number = layout->order[i], parent = tree->nodes[number].parent;
        struct flame_place *place = layout->places + number;
        double *x = parent == SVG_NO_PARENT ? &root_x : next + parent;
        *place = (struct flame_place){*x, whole > 0 ? tree->nodes[number].value / whole * width : 0, parent == SVG_NO_PARENT ? 0 : layout->places[parent].level + 1, false};
        place->is_shown = place->width >= least_width && (parent == SVG_NO_PARENT || layout->places[parent].is_shown);
        *x += place->width;
        next[number] = place->x;
        if (place->is_shown && place->level + 1 > layout->levels)
            layout->levels = place->level + 1;
    }
    memory_free(next);
}

static void layout_done(struct flame_layout *layout)
{
    memory_free(layout->places);
    memory_free(layout->order);
}

/* The same function has the same colour wherever it stands, and in every picture. */
static unsigned colour_of(const char *name)
{
    unsigned hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return (hash >> 16) % SVG_FLAMES;
}

static void flame_draw(struct svg *svg, const struct flame_layout *layout, uint32_t number, double bottom, double whole)
{
    char css[NUMBER_ROOM], value[NUMBER_ROOM], share[NUMBER_ROOM];
    const struct svg_node *node = layout->tree->nodes + number;
    const struct flame_place *place = layout->places + number;
    double y = bottom - SVG_FLAME_ROW * (place->level + 1.0);
    struct str tip = {0};
    snprintf(css, sizeof css, "f%u edge", colour_of(node->name));
    str_add_format(&tip, "%s: %s, %s", node->name, svg_value(value, layout->tree->unit, node->value), number_ratio(share, node->value / whole));
    svg_rect(svg, place->x, y, place->width, SVG_FLAME_ROW - 0.5, css, str_text(&tip));
    svg_text_in(svg, place->x + 4, y + 13.5, place->width - 8, SVG_START, "ink", node->name);
    str_done(&tip);
}

size_t svg_flame_levels(const struct svg_tree *tree, double width)
{
    struct flame_layout layout;
    layout_make(&layout, tree, 0, width - 2 * SVG_MARGIN);
    size_t levels = layout.levels;
    layout_done(&layout);
    return levels;
}

void svg_flame_draw(struct svg *svg, const struct svg_tree *tree)
{
    struct svg_frame frame = svg_frame_begin(svg, tree->title, tree->about, 0);
    struct flame_layout layout;
    double whole = roots_sum(tree), bottom = svg->height - SVG_MARGIN;
    uint32_t levels = (uint32_t)fmax(1, (bottom - frame.top) / SVG_FLAME_ROW);
    layout_make(&layout, tree, frame.left, frame.right - frame.left);
    for (size_t i = 0; whole > 0 && i < tree->count; i++) {
        const struct flame_place *place = layout.places + layout.order[i];
        if (place->is_shown && place->level < levels)
            flame_draw(svg, &layout, layout.order[i], bottom, whole);
    }
    if (whole <= 0)
        svg_frame_nothing(&frame);
    layout_done(&layout);
}
