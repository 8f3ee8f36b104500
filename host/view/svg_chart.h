/* svg_chart: in names and numbers, out whole charts: curves over time, bars, columns of a histogram, a heat map. Each draws title, axes, legend and data. */
#ifndef HOST_VIEW_SVG_CHART_H
#define HOST_VIEW_SVG_CHART_H

#include <stddef.h>

#include "svg_frame.h"

enum svg_form { SVG_LINE, SVG_AREA, SVG_STACKED, SVG_STACKED_REST /* muted: what has no name of its own */ };
#define SVG_REST "s7 soft" /* its class */

struct svg_curve {
    const char *name;
    const double *values; /* one each step */
    enum svg_form form;
};
struct svg_note {
    double time_ns;
    const char *text;
};
struct svg_curves {
    const char *title, *about;
    enum svg_unit unit;
    double begin_ns, step_ns;
    size_t count; /* values of a curve */
    const struct svg_curve *curves; /* the first one is at the bottom */
    size_t curve_count;
    const struct svg_note *notes; /* moments that are marked */
    size_t note_count;
};
void svg_curves_draw(struct svg *svg, const struct svg_curves *curves);

struct svg_bar {
    const char *label; /* made short where it does not fit */
    double value, part; /* `part` of the value is drawn stronger */
};
struct svg_bars {
    const char *title, *about;
    enum svg_unit unit;
    const struct svg_bar *bars;
    size_t count;
    double whole;            /* shares are of this; 0: no shares */
    const char *value_name, *part_name; /* part_name NULL: bars have no parts */
};
/* Bars that lie, one below the other. */
void svg_bars_draw(struct svg *svg, const struct svg_bars *bars);
/* Columns that stand, with their labels below: a histogram. `axis`: what the labels are. */
void svg_columns_draw(struct svg *svg, const struct svg_bars *columns, const char *axis);

struct svg_heat {
    const char *title, *about;
    enum svg_unit unit;
    double begin_ns, step_ns;
    size_t columns, rows;
    const double *values; /* row by row, the first row is at the bottom */
    const char *const *labels; /* of rows */
};
void svg_heat_draw(struct svg *svg, const struct svg_heat *heat);

#endif
