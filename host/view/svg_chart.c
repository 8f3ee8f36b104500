/* svg_chart: in names and numbers, out whole charts. */
#include "svg_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/base/memory.h"
#include "host/base/str.h"

static const char *css_of(char *text, char kind, size_t number, const char *more)
{
    snprintf(text, NUMBER_ROOM, "%c%zu%s", kind, number % SVG_COLOURS, more);
    return text;
}

/* Not so many that their labels touch. */
static int ticks_fit(double pixels, double each, int most)
{
    return (int)fmax(1, fmin(most, pixels / each));
}

static bool is_stacked(const struct svg_curve *curve)
{
    return curve->form == SVG_STACKED || curve->form == SVG_STACKED_REST;
}

static double time_at(const struct svg_curves *curves, size_t i)
{
    return curves->begin_ns + curves->step_ns * (double)i;
}

/* Stacked curves stand on those before them. */
static double *bases_make(const struct svg_curves *curves, double *highest)
{
    double *bases = memory_new(curves->count * (curves->curve_count + 1), sizeof *bases);
    *highest = 0;
    for (size_t i = 0; i < curves->count; i++) {
        double sum = 0;
        for (size_t c = 0; c < curves->curve_count; c++) {
            double value = curves->curves[c].values[i];
            bases[c * curves->count + i] = is_stacked(curves->curves + c) ? sum : 0;
            sum += is_stacked(curves->curves + c) ? value : 0;
            *highest = fmax(*highest, fmax(value, sum));
        }
    }
    return bases;
}

static void curve_draw(struct svg *svg, const struct svg_curves *curves, size_t number, const double *bases, const struct svg_scale *x, const struct svg_scale *y)
{
    char css[NUMBER_ROOM];
    const struct svg_curve *curve = curves->curves + number;
    bool is_filled = curve->form != SVG_LINE;
    if (is_filled) {
        svg_path_begin(svg);
        for (size_t i = 0; i < curves->count; i++)
            svg_path_add(svg, svg_scale_at(x, time_at(curves, i)), svg_scale_at(y, bases[i] + curve->values[i]), i == 0);
        for (size_t i = curves->count; i-- > 0;)
            svg_path_add(svg, svg_scale_at(x, time_at(curves, i)), svg_scale_at(y, bases[i]), 0);
        svg_path_end(svg, 1, curve->form == SVG_STACKED_REST ? SVG_REST : css_of(css, 's', number, curve->form == SVG_AREA ? " soft" : ""));
    }
    if (is_stacked(curve))
        return;
    svg_path_begin(svg);
    for (size_t i = 0; i < curves->count; i++)
        svg_path_add(svg, svg_scale_at(x, time_at(curves, i)), svg_scale_at(y, curve->values[i]), i == 0);
    svg_path_end(svg, 0, css_of(css, 'l', number, " line"));
}

/* Marked moments; a text is left out where it would run into the one before. */
static void notes_draw(struct svg *svg, const struct svg_frame *frame, const struct svg_curves *curves, const struct svg_scale *x)
{
    double free_from = 0;
    for (size_t i = 0; i < curves->note_count; i++) {
        double at = svg_scale_at(x, curves->notes[i].time_ns), width = svg_text_width(curves->notes[i].text, SVG_FONT);
        bool is_left = at + width + 8 > frame->right;
        double from = is_left ? at - width - 5 : at + 5;
        if (at < frame->left || at > frame->right + 0.5)
            continue;
        svg_line(svg, at, frame->top, at, frame->bottom, "mark");
        if (from < free_from)
            continue;
        svg_text(svg, is_left ? at - 5 : at + 5, frame->top + 10, is_left ? SVG_END : SVG_START, "ink small", curves->notes[i].text);
        free_from = from + width + 10;
    }
}

static void curves_legend(const struct svg_frame *frame, const struct svg_curves *curves)
{
    char texts[SVG_COLOURS][NUMBER_ROOM];
    const char *names[SVG_COLOURS], *classes[SVG_COLOURS];
    size_t count = curves->curve_count < SVG_COLOURS ? curves->curve_count : SVG_COLOURS;
    for (size_t i = 0; i < count; i++) {
        names[i] = curves->curves[i].name;
        classes[i] = css_of(texts[i], 's', i, "");
    }
    if (count > 1 && *names[0])
        svg_frame_legend(frame, names, classes, count);
}

void svg_curves_draw(struct svg *svg, const struct svg_curves *curves)
{
    struct svg_frame frame = svg_frame_begin(svg, curves->title, curves->about, SVG_LEFT);
    double highest, *bases = bases_make(curves, &highest);
    if (curves->count < 2 || highest <= 0) {
        svg_frame_nothing(&frame);
        memory_free(bases);
        return;
    }
    struct svg_scale x = svg_scale_make(SVG_TIME, curves->begin_ns, time_at(curves, curves->count - 1), frame.left, frame.right,
                                         ticks_fit(frame.right - frame.left, 90, 8), 0);
    struct svg_scale y = svg_scale_make(curves->unit, 0, highest, frame.bottom, frame.top, ticks_fit(frame.bottom - frame.top, 30, 6), 1);
    svg_frame_y(&frame, &y);
    svg_frame_x(&frame, &x, "time");
    for (size_t i = curves->curve_count; i-- > 0;)
        curve_draw(svg, curves, i, bases + i * curves->count, &x, &y);
    notes_draw(svg, &frame, curves, &x);
    curves_legend(&frame, curves);
    memory_free(bases);
}

static const double row_least = 16; /* pixels of a bar with its label */

static double bars_highest(const struct svg_bars *bars)
{
    double highest = 0;
    for (size_t i = 0; i < bars->count; i++)
        highest = fmax(highest, bars->bars[i].value);
    return highest;
}

static void bar_words(char *text, const struct svg_bars *bars, const struct svg_bar *bar)
{
    char share[NUMBER_ROOM];
    svg_value(text, bars->unit, bar->value);
    if (bars->whole > 0 && strlen(text) + 12 < NUMBER_ROOM)
        strcat(strcat(text, " · "), number_ratio(share, bar->value / bars->whole));
}

static void bars_legend(const struct svg_frame *frame, const struct svg_bars *bars)
{
    const char *names[] = {bars->value_name, bars->part_name}, *const classes[] = {"s0 soft", "s0"};
    if (bars->part_name)
        svg_frame_legend(frame, names, classes, 2);
}

static void bar_tip(struct str *tip, const struct svg_bars *bars, const struct svg_bar *bar)
{
    char text[NUMBER_ROOM];
    str_clear(tip);
    str_add_format(tip, "%s: %s", bar->label, svg_value(text, bars->unit, bar->value));
    if (bars->part_name)
        str_add_format(tip, ", %s: %s", bars->part_name, svg_value(text, bars->unit, bar->part));
}

void svg_bars_draw(struct svg *svg, const struct svg_bars *bars)
{
    struct svg_frame frame = svg_frame_begin(svg, bars->title, bars->about, svg->width * 0.42);
    double highest = bars_highest(bars), room = frame.bottom + 24 - frame.top;
    size_t count = bars->count < (size_t)(room / row_least) ? bars->count : (size_t)(room / row_least); /* the last ones go where there is no room */
    double step = count ? fmin(room / (double)count, 34) : 0;
    struct svg_scale x = svg_scale_make(bars->unit, 0, highest, frame.left, frame.right - 118, 4, 0);
    struct str tip = {0};
    for (size_t i = 0; highest > 0 && i < count; i++) {
        const struct svg_bar *bar = bars->bars + i;
        char words[NUMBER_ROOM];
        double y = frame.top + step * (double)i, thick = fmin(step * 0.72, 22), middle = y + thick / 2 + 4;
        bar_tip(&tip, bars, bar);
        bar_words(words, bars, bar);
        svg_text_in(svg, frame.left - 10, middle, frame.left - 10 - SVG_MARGIN, SVG_END, "ink", bar->label);
        svg_rect(svg, frame.left, y, svg_scale_at(&x, bar->value) - frame.left, thick, bars->part_name ? "s0 soft" : "s0", str_text(&tip));
        if (bars->part_name)
            svg_rect(svg, frame.left, y, svg_scale_at(&x, bar->part) - frame.left, thick, "s0", NULL);
        svg_text(svg, svg_scale_at(&x, bar->value) + 8, middle, SVG_START, "dim", words);
    }
    if (highest <= 0)
        svg_frame_nothing(&frame);
    bars_legend(&frame, bars);
    str_done(&tip);
}

/* Every so many labels, so that they do not touch. */
static size_t labels_step(const struct svg_bars *columns, double room)
{
    double widest = 0;
    for (size_t i = 0; i < columns->count; i++)
        widest = fmax(widest, svg_text_width(columns->bars[i].label, SVG_FONT) + 10);
    return (size_t)fmax(1, ceil(widest / room));
}

static void column_draw(struct svg *svg, const struct svg_bars *columns, size_t i, double x, double width, const struct svg_scale *y)
{
    const struct svg_bar *bar = columns->bars + i;
    struct str tip = {0};
    double base = svg_scale_at(y, 0), top = svg_scale_at(y, bar->value), part = svg_scale_at(y, bar->part);
    bar_tip(&tip, columns, bar);
    svg_rect(svg, x, top, width, base - top, columns->part_name ? "s0 soft" : "s0", str_text(&tip));
    if (columns->part_name)
        svg_rect(svg, x, part, width, base - part, "s0", NULL);
    str_done(&tip);
}

void svg_columns_draw(struct svg *svg, const struct svg_bars *columns, const char *axis)
{
    struct svg_frame frame = svg_frame_begin(svg, columns->title, columns->about, SVG_LEFT);
    double highest = bars_highest(columns);
    if (highest <= 0) {
        svg_frame_nothing(&frame);
        return;
    }
    frame.bottom -= 14;
    double room = fmin((frame.right - frame.left) / (double)columns->count, 90);
    size_t step = labels_step(columns, room);
    struct svg_scale y = svg_scale_make(columns->unit, 0, highest, frame.bottom, frame.top, ticks_fit(frame.bottom - frame.top, 30, 6), 1);
    svg_frame_y(&frame, &y);
    for (size_t i = 0; i < columns->count; i++) {
        double x = frame.left + room * (double)i;
        column_draw(svg, columns, i, x + room * 0.08, room * 0.84, &y);
        if (i % step == 0)
            svg_text(svg, x + room / 2, frame.bottom + 17, SVG_MIDDLE, "dim", columns->bars[i].label);
    }
    svg_text(svg, frame.right, frame.bottom + 38, SVG_END, "dim", axis);
    bars_legend(&frame, columns);
}

static const double heat_span = 10000;

struct heat_range {
    double lowest, highest; /* of what is not 0; what is far below the highest counts as the lowest */
};

static struct heat_range heat_range_find(const struct svg_heat *heat)
{
    struct heat_range range = {INFINITY, 0};
    for (size_t i = 0; i < heat->columns * heat->rows; i++) {
        range.highest = fmax(range.highest, heat->values[i]);
        if (heat->values[i] > 0)
            range.lowest = fmin(range.lowest, heat->values[i]);
    }
    range.lowest = fmax(range.lowest, range.highest / heat_span);
    return range;
}

/* The shade of a value: by its logarithm, since sizes and counts span many powers; 0 has none. */
static int heat_shade(double value, struct heat_range range)
{
    if (value <= 0)
        return -1;
    double share = range.highest > range.lowest ? log(fmax(value, range.lowest) / range.lowest) / log(range.highest / range.lowest) : 1;
    return 1 + (int)fmin(SVG_HEATS - 2, share * (SVG_HEATS - 1));
}

static void heat_legend(struct svg *svg, const struct svg_frame *frame, const struct svg_heat *heat, struct heat_range range)
{
    char text[NUMBER_ROOM], least[NUMBER_ROOM], css[NUMBER_ROOM];
    double x = frame->right - 8 * 16 - 4, y = SVG_HEAD - 7;
    svg_value(text, heat->unit, range.highest);
    x -= svg_text_width(text, SVG_FONT);
    for (int i = 1; i < SVG_HEATS; i++) {
        snprintf(css, sizeof css, "h%d", i);
        svg_rect(svg, x + 16 * (i - 1), y, 16, 11, css, NULL);
    }
    svg_text(svg, x - 6, y + 9, SVG_END, "dim", svg_value(least, heat->unit, range.lowest));
    svg_text(svg, x + 8 * 16 + 6, y + 9, SVG_START, "dim", text);
}

static void heat_cell(struct svg *svg, const struct svg_heat *heat, size_t row, size_t column, struct heat_range range, const struct svg_scale *x, const struct svg_scale *y)
{
    char css[NUMBER_ROOM], value[NUMBER_ROOM], when[NUMBER_ROOM];
    double amount = heat->values[row * heat->columns + column], from_ns = heat->begin_ns + heat->step_ns * (double)column;
    int shade = heat_shade(amount, range);
    struct str tip = {0};
    if (shade < 0)
        return;
    double left = svg_scale_at(x, from_ns), right = svg_scale_at(x, from_ns + heat->step_ns), top = svg_scale_at(y, (double)row + 1);
    snprintf(css, sizeof css, "h%d crisp", shade);
    str_add_format(&tip, "%s at %s: %s", heat->labels[row], number_duration(when, (uint64_t)from_ns), svg_value(value, heat->unit, amount));
    svg_rect(svg, left, top, right - left, svg_scale_at(y, (double)row) - top, css, str_text(&tip));
    str_done(&tip);
}

void svg_heat_draw(struct svg *svg, const struct svg_heat *heat)
{
    struct svg_frame frame = svg_frame_begin(svg, heat->title, heat->about, SVG_LEFT);
    struct heat_range range = heat_range_find(heat);
    if (range.highest <= 0) {
        svg_frame_nothing(&frame);
        return;
    }
    struct svg_scale x = svg_scale_make(SVG_TIME, heat->begin_ns, heat->begin_ns + heat->step_ns * (double)heat->columns, frame.left, frame.right,
                                         ticks_fit(frame.right - frame.left, 90, 8), 0);
    struct svg_scale y = svg_scale_make(SVG_COUNT, 0, (double)heat->rows, frame.bottom, frame.top, (int)heat->rows, 0);
    svg_rect(svg, frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top, "h0", NULL);
    for (size_t row = 0; row < heat->rows; row++) {
        for (size_t column = 0; column < heat->columns; column++)
            heat_cell(svg, heat, row, column, range, &x, &y);
        svg_text_in(svg, frame.left - 8, svg_scale_at(&y, (double)row + 0.5) + 4, SVG_LEFT, SVG_END, "dim", heat->labels[row]);
    }
    svg_frame_x(&frame, &x, "time");
    heat_legend(svg, &frame, heat, range);
}
