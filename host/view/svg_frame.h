/* svg_frame: in a title and two scales, out the frame of a chart: head, axes with ticks, legend. */
#ifndef HOST_VIEW_SVG_FRAME_H
#define HOST_VIEW_SVG_FRAME_H

#include "svg.h"
#include "svg_scale.h"

struct svg_frame {
    struct svg *svg;
    double left, right, top, bottom; /* edges of the plot */
};

enum { SVG_MARGIN = 20, SVG_HEAD = 62, SVG_FOOT = 44, SVG_LEFT = 76 };

/* Draws title and subtitle; `left` pixels are kept for labels. */
struct svg_frame svg_frame_begin(struct svg *svg, const char *title, const char *about, double left);
/* Grid lines with labels at the ticks; `title` stands at the axis's end. */
void svg_frame_y(const struct svg_frame *frame, const struct svg_scale *scale);
void svg_frame_x(const struct svg_frame *frame, const struct svg_scale *scale, const char *title);
/* Boxes with names from the right, above the plot. */
void svg_frame_legend(const struct svg_frame *frame, const char *const *names, const char *const *classes, size_t count);
/* Instead of a chart. */
void svg_frame_nothing(const struct svg_frame *frame);

#endif
