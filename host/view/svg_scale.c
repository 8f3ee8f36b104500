/* svg_scale: in the range of some values and a stretch of pixels, out places and round ticks. */
#include "svg_scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The smallest of 1, 2, 5 times a power of ten that is not below. */
static double decimal_step(double least)
{
    double power = pow(10, floor(log10(least))), digits = least / power;
    return power * (digits <= 1 ? 1 : digits <= 2 ? 2 : digits <= 5 ? 5 : 10);
}

static double byte_step(double least)
{
    double unit = 1;
    while (least >= 1024 * unit)
        unit *= 1024;
    double digits = least / unit;
    if (digits < 1)
        return 1;
    return unit * exp2(ceil(log2(digits)));
}

static double time_step(double least)
{
    static const double steps_s[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400};
    if (least <= 5e8)
        return decimal_step(least);
    for (size_t i = 0; i < sizeof steps_s / sizeof *steps_s; i++)
        if (steps_s[i] * 1e9 >= least)
            return steps_s[i] * 1e9;
    return 86400e9 * decimal_step(least / 86400e9);
}

struct svg_scale svg_scale_make(enum svg_unit unit, double low, double high, double from, double to, int ticks, int is_wide)
{
    struct svg_scale scale = {unit, low, high > low ? high : low + 1, from, to, 1};
    double least = (scale.high - low) / (ticks > 0 ? ticks : 1);
    scale.step = unit == SVG_BYTES || unit == SVG_BYTE_RATE ? byte_step(least) : unit == SVG_TIME ? time_step(least) : decimal_step(least);
    if (unit == SVG_COUNT && scale.step < 1)
        scale.step = 1;
    if (is_wide)
        scale.high = ceil(scale.high / scale.step * (1 - 1e-9)) * scale.step;
    return scale;
}

double svg_scale_at(const struct svg_scale *scale, double value)
{
    return scale->from + (value - scale->low) / (scale->high - scale->low) * (scale->to - scale->from);
}

static const char *scaled_text(char *text, double value, double unit, const char *name)
{
    snprintf(text, NUMBER_ROOM, "%.6g%s%s", value / unit, *name ? " " : "", name);
    return text;
}

static const char *bytes_label(char *text, double step, double value)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double unit = 1;
    size_t i = 0;
    for (; i + 1 < sizeof units / sizeof *units && (value >= 1024 * unit && fmod(step * 8, 1024 * unit) == 0); i++)
        unit *= 1024;
    return scaled_text(text, value, unit, units[i]);
}

static const char *time_label(char *text, double step, double value)
{
    if (step >= 60e9 && value >= 60e9)
        return number_duration(text, (uint64_t)value);
    if (step >= 1e8)
        return scaled_text(text, value, 1e9, "s");
    return step >= 1e5 ? scaled_text(text, value, 1e6, "ms") : scaled_text(text, value, 1e3, "µs");
}

static const char *count_label(char *text, double value)
{
    return value >= 1e9 ? scaled_text(text, value, 1e9, "G") : value >= 1e6 ? scaled_text(text, value, 1e6, "M") : value >= 1e4 ? scaled_text(text, value, 1e3, "k")
                                                                                                                     : scaled_text(text, value, 1, "");
}

const char *svg_scale_label(char *text, const struct svg_scale *scale, double value)
{
    if (value == 0)
        return strcpy(text, "0");
    switch (scale->unit) {
    case SVG_BYTES:
        return bytes_label(text, scale->step, value);
    case SVG_TIME:
        return time_label(text, scale->step, value);
    case SVG_BYTE_RATE:
        bytes_label(text, scale->step, value);
        return strcat(text, "/s");
    case SVG_RATE:
        count_label(text, value);
        return strcat(text, "/s");
    default:
        return count_label(text, value);
    }
}

const char *svg_value(char *text, enum svg_unit unit, double value)
{
    uint64_t whole = value > 0 ? (uint64_t)(value + 0.5) : 0;
    switch (unit) {
    case SVG_BYTES:
        return number_bytes(text, whole);
    case SVG_TIME:
        return number_duration(text, whole);
    case SVG_BYTE_RATE:
        number_bytes(text, whole);
        return strcat(text, "/s");
    case SVG_RATE:
        number_real(text, value);
        return strcat(text, "/s");
    default:
        return number_count(text, whole);
    }
}
