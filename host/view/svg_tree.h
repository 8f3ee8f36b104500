/* svg_tree: in a tree of named amounts, out a flame graph or a treemap. */
#ifndef HOST_VIEW_SVG_TREE_H
#define HOST_VIEW_SVG_TREE_H

#include "host/base/vec.h"
#include "svg_frame.h"

enum { SVG_NO_PARENT = 0xFFFFFFFFu };

struct svg_node {
    uint32_t parent;   /* an earlier node, or SVG_NO_PARENT */
    const char *name;
    double value;      /* with all below it */
};
struct svg_tree {
    const char *title, *about;
    enum svg_unit unit;
    const struct svg_node *nodes;
    size_t count;
};
/* The roots at the bottom; the widest child on the left. Frames narrower than half a pixel are left out. */
void svg_flame_draw(struct svg *svg, const struct svg_tree *tree);
/* The levels of the tree that a flame graph shows, at least 1. */
size_t svg_flame_levels(const struct svg_tree *tree, double width);
/* Roots are groups with a head, their children tiles; deeper nodes are not drawn. */
void svg_treemap_draw(struct svg *svg, const struct svg_tree *tree);

enum { SVG_FLAME_ROW = 19 };

#endif
