/* picture: in the tables of a run, out one SVG picture of a type. The list is picture.def; a new one is a function and a line there. */
#ifndef HOST_VIEW_PICTURE_H
#define HOST_VIEW_PICTURE_H

#include <stdio.h>

#include "host/analysis/slices.h"
#include "svg_chart.h"
#include "view.h"

enum picture_metric { PICTURE_PEAK, PICTURE_LEAKED, PICTURE_ALLOCATED, PICTURE_TEMPORARY, PICTURE_ALLOCATIONS, PICTURE_METRICS };

enum picture_order { PICTURE_HILBERT, PICTURE_ROWS };
enum picture_shade { PICTURE_FILL, PICTURE_AGE }; /* of a map as text */

struct picture {
    const struct view *view;
    const char *run; /* what the subtitle begins with: the command, or the trace's name */
    const struct table *tables;
    size_t table_count;
    const struct slices_answer *slices; /* NULL for types without */
    const struct model *model;
    enum picture_metric metric;
    enum svg_theme theme;
    enum picture_order order;
    enum picture_shade shade;
    double width, height; /* 0: what suits */
};

struct picture_type {
    const char *name, *about;
    const char *tables; /* "timeline,marks" */
    bool has_metric;    /* the metric chooses a table more */
    bool has_slices;
    void (*draw)(FILE *out, const struct picture *picture);
};
extern const struct picture_type picture_types[]; /* ends with a NULL name */

/* What a metric is: where a site's amount stands, and its words. */
struct picture_amount {
    const char *table, *column; /* by site */
    const char *flame_column;
    const char *words;          /* "held at the peak" */
    enum svg_unit unit;
};
extern const struct picture_amount picture_amounts[PICTURE_METRICS];

/* The parts below are for the files that draw. */
const struct table *picture_table(const struct picture *picture, const char *name); /* never NULL where the type names it */
double picture_number(const struct table *table, size_t row, const char *column);
void picture_begin(struct svg *svg, FILE *out, const struct picture *picture, double width, double height, const char *title, const char *about);
/* A stack on one line, without places in the source where it is short. To be freed. */
char *picture_stack(const struct picture *picture, uint32_t stack, size_t columns);

/* The map as lines of text, of the view's width; it wants the table `fragmentation`, too. */
void picture_heap_map_text(FILE *out, const struct picture *picture);

#define PICTURE(name, about, tables, has_metric, has_slices) void picture_##name(FILE *out, const struct picture *picture);
#include "picture.def"
#undef PICTURE

#endif
