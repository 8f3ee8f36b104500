/* svg_scale: in the range of some values and a stretch of pixels, out places, and ticks at round values with their labels. */
#ifndef HOST_VIEW_SVG_SCALE_H
#define HOST_VIEW_SVG_SCALE_H

#include "host/base/number.h"

enum svg_unit { SVG_COUNT, SVG_BYTES, SVG_TIME, SVG_RATE, SVG_BYTE_RATE };

struct svg_scale {
    enum svg_unit unit;
    double low, high;  /* of the values */
    double from, to;   /* of the pixels; they may run backwards */
    double step;       /* from tick to tick */
};

/* `high` is raised to a round value when `is_wide`. About `ticks` ticks. */
struct svg_scale svg_scale_make(enum svg_unit unit, double low, double high, double from, double to, int ticks, int is_wide);
double svg_scale_at(const struct svg_scale *scale, double value);
/* For a tick: as few digits as the step needs. `text` has NUMBER_ROOM bytes. */
const char *svg_scale_label(char *text, const struct svg_scale *scale, double value);
/* For a value: "33.5 MiB", "1.2 k/s". */
const char *svg_value(char *text, enum svg_unit unit, double value);

#endif
