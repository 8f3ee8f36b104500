/* svg_frame: in a title and two scales, out the frame of a chart. */
#include "svg_frame.h"

#include <math.h>

struct svg_frame svg_frame_begin(struct svg *svg, const char *title, const char *about, double left)
{
    struct svg_frame frame = {svg, SVG_MARGIN + left, svg->width - SVG_MARGIN, SVG_HEAD + 14, svg->height - SVG_FOOT};
    svg_text_in(svg, SVG_MARGIN, 30, (svg->width - 2 * SVG_MARGIN) * SVG_FONT / SVG_TITLE_FONT, SVG_START, "title ink", title);
    svg_text_in(svg, SVG_MARGIN, 50, svg->width - 2 * SVG_MARGIN, SVG_START, "dim", about);
    return frame;
}

void svg_frame_y(const struct svg_frame *frame, const struct svg_scale *scale)
{
    char text[NUMBER_ROOM];
    for (double value = scale->low; value <= scale->high + scale->step / 1000; value += scale->step) {
        double y = svg_scale_at(scale, value);
        svg_line(frame->svg, frame->left, y, frame->right, y, value == scale->low ? "axis" : "grid");
        svg_text(frame->svg, frame->left - 8, y + 4, SVG_END, "dim", svg_scale_label(text, scale, value));
    }
}

void svg_frame_x(const struct svg_frame *frame, const struct svg_scale *scale, const char *title)
{
    char text[NUMBER_ROOM];
    double title_width = svg_text_width(title, SVG_FONT);
    for (double value = ceil(scale->low / scale->step) * scale->step; value <= scale->high + scale->step / 1000; value += scale->step) {
        double x = svg_scale_at(scale, value);
        svg_line(frame->svg, x, frame->bottom, x, frame->bottom + 5, "axis");
        if (x < frame->right - title_width - 24)
            svg_text(frame->svg, x, frame->bottom + 19, SVG_MIDDLE, "dim", svg_scale_label(text, scale, value));
    }
    svg_text(frame->svg, frame->right, frame->bottom + 19, SVG_END, "dim", title);
}

void svg_frame_legend(const struct svg_frame *frame, const char *const *names, const char *const *classes, size_t count)
{
    double x = frame->right;
    for (size_t i = count; i-- > 0;) {
        x -= svg_text_width(names[i], SVG_FONT) + 4;
        svg_text(frame->svg, x, SVG_HEAD + 2, SVG_START, "ink", names[i]);
        svg_rect(frame->svg, x - 16, SVG_HEAD - 7, 11, 11, classes[i], NULL);
        x -= 30;
    }
}

void svg_frame_nothing(const struct svg_frame *frame)
{
    svg_text(frame->svg, (frame->left + frame->right) / 2, (frame->top + frame->bottom) / 2, SVG_MIDDLE, "dim", "The recording has nothing to show here.");
}
