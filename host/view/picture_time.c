/* picture_time: in what happened when, out pictures over time: memory, rates, who holds it, sizes. */
#include <stdlib.h>
#include <string.h>

#include "host/analysis/size_class.h"
#include "host/base/str.h"
#include "picture.h"

enum { WIDTH = 960, HEIGHT = 420, CURVE_POINTS = 480, RATE_POINTS = 160 };

struct course {
    double *columns[3];
    size_t count, group; /* group: rows in a point */
    double begin_ns, step_ns;
};

/* Rows of the timeline are joined until a picture can show them: the last, the highest or the mean of each group. */
enum join { JOIN_LAST, JOIN_HIGHEST, JOIN_MEAN };

static double *series_join(const struct table *timeline, const char *column, enum join join, size_t group, size_t count)
{
    double *values = memory_new(count + 1, sizeof *values);
    for (size_t i = 0; i < timeline->row_count; i++) {
        double value = picture_number(timeline, i, column), *joined = values + i / group;
        if (join == JOIN_MEAN)
            *joined += value / (double)(i / group + 1 < count ? group : timeline->row_count - (count - 1) * group);
        else if (join == JOIN_LAST || value > *joined)
            *joined = value;
    }
    return values;
}

/* The rows' moments: the joined rows end where the next begin. */
static struct course course_make(const struct table *timeline, size_t points)
{
    struct course course = {.begin_ns = picture_number(timeline, 0, "time_ns")};
    size_t group = course.group = timeline->row_count / points + 1;
    course.count = (timeline->row_count + group - 1) / group;
    course.step_ns = timeline->row_count > 1 ? (picture_number(timeline, 1, "time_ns") - course.begin_ns) * (double)group : 1;
    return course;
}

static void course_done(struct course *course)
{
    for (size_t i = 0; i < 3; i++)
        memory_free(course->columns[i]);
}

/* Marks of the program, and one more moment. */
static struct svg_note *notes_make(const struct picture *picture, size_t *count)
{
    const struct table *marks = picture_table(picture, "marks");
    int label = table_find_column(marks, "label");
    struct svg_note *notes = memory_new(marks->row_count + 1, sizeof *notes);
    for (size_t i = 0; i < marks->row_count; i++)
        notes[i] = (struct svg_note){picture_number(marks, i, "time_ns"), label >= 0 ? table_at(marks, i)[label].text : ""};
    *count = marks->row_count;
    return notes;
}

static void subtitle(struct str *text, const struct picture *picture, const char *words)
{
    str_add_format(text, "%s · %s", words, picture->run);
}

static void usage_words(struct str *text, const struct picture *picture)
{
    const struct table *summary = picture_table(picture, "summary");
    char peak[NUMBER_ROOM], when[NUMBER_ROOM], leaked[NUMBER_ROOM];
    struct str words = {0};
    str_add_format(&words, "peak %s at %s, %s never freed", svg_value(peak, SVG_BYTES, picture_number(summary, 0, "peak_bytes")),
                   svg_value(when, SVG_TIME, picture_number(summary, 0, "peak_time_ns")), svg_value(leaked, SVG_BYTES, picture_number(summary, 0, "leaked_bytes")));
    subtitle(text, picture, str_text(&words));
    str_done(&words);
}

void picture_memory_usage(FILE *out, const struct picture *picture)
{
    const struct table *timeline = picture_table(picture, "timeline");
    struct course course = course_make(timeline, CURVE_POINTS);
    struct str about = {0};
    struct svg svg;
    size_t notes;
    struct svg_note *marks = notes_make(picture, &notes);
    marks[notes++] = (struct svg_note){picture_number(picture_table(picture, "summary"), 0, "peak_time_ns"), "peak"};
    course.columns[0] = series_join(timeline, "live_bytes", JOIN_LAST, course.group, course.count);
    course.columns[1] = series_join(timeline, "peak_bytes", JOIN_HIGHEST, course.group, course.count);
    struct svg_curve curves[] = {{"live", course.columns[0], SVG_AREA}, {"highest in between", course.columns[1], SVG_LINE}};
    usage_words(&about, picture);
    picture_begin(&svg, out, picture, WIDTH, HEIGHT, "Memory usage", str_text(&about));
    svg_curves_draw(&svg, &(struct svg_curves){"Memory usage", str_text(&about), SVG_BYTES, course.begin_ns, course.step_ns, course.count, curves, 2, marks, notes});
    svg_end(&svg);
    str_done(&about);
    memory_free(marks);
    course_done(&course);
}

void picture_allocation_rate(FILE *out, const struct picture *picture)
{
    const struct table *timeline = picture_table(picture, "timeline"), *summary = picture_table(picture, "summary");
    struct course course = course_make(timeline, RATE_POINTS);
    struct str about = {0}, words = {0};
    struct svg svg;
    char count[NUMBER_ROOM], bytes[NUMBER_ROOM];
    size_t notes, group = course.group;
    struct svg_note *marks = notes_make(picture, &notes);
    course.columns[0] = series_join(timeline, "allocation_rate", JOIN_MEAN, group, course.count);
    course.columns[1] = series_join(timeline, "frees", JOIN_MEAN, group, course.count);
    for (size_t i = 0; i < course.count; i++)
        course.columns[1][i] /= course.step_ns / (double)group / 1e9;
    struct svg_curve curves[] = {{"allocations", course.columns[0], SVG_AREA}, {"frees", course.columns[1], SVG_LINE}};
    str_add_format(&words, "%s allocations, %s in all", svg_value(count, SVG_COUNT, picture_number(summary, 0, "allocations")),
                   svg_value(bytes, SVG_BYTES, picture_number(summary, 0, "allocated_bytes")));
    subtitle(&about, picture, str_text(&words));
    picture_begin(&svg, out, picture, WIDTH, HEIGHT, "Allocation rate", str_text(&about));
    svg_curves_draw(&svg, &(struct svg_curves){"Allocation rate", str_text(&about), SVG_RATE, course.begin_ns, course.step_ns, course.count, curves, 2, marks, notes});
    svg_end(&svg);
    str_done(&about);
    str_done(&words);
    memory_free(marks);
    course_done(&course);
}

enum { HOLDERS = 6 };

struct holders {
    uint32_t sites[HOLDERS];
    double most[HOLDERS];
    size_t count;
    double *values[HOLDERS + 1]; /* by slice; the last one is all others */
};

/* The bytes that the site holds at the end of each slice, of those that it made in the range; returns the highest. */
static double site_curve(const struct slices_answer *slices, uint32_t site, double *values)
{
    double held = 0, most = 0;
    size_t at = slices->sites.first.at[site], end = slices->sites.first.at[site + 1];
    for (uint32_t slice = 0; slice < slices->count; slice++) {
        for (; at < end && slices->sites.cells.at[at].slice == slice; at++)
            held += (double)slices->sites.cells.at[at].allocated.bytes - (double)slices->sites.cells.at[at].freed.bytes;
        if (values)
            values[slice] = held > 0 ? held : 0;
        most = held > most ? held : most;
    }
    return most;
}

static void holder_offer(struct holders *holders, uint32_t site, double most)
{
    size_t place = holders->count < HOLDERS ? holders->count : HOLDERS - 1;
    if (most <= 0 || (holders->count == HOLDERS && most <= holders->most[place]))
        return;
    for (; place > 0 && holders->most[place - 1] < most; place--) {
        holders->most[place] = holders->most[place - 1];
        holders->sites[place] = holders->sites[place - 1];
    }
    holders->most[place] = most;
    holders->sites[place] = site;
    holders->count += holders->count < HOLDERS;
}

static void holders_find(struct holders *holders, const struct slices_answer *slices)
{
    *holders = (struct holders){0};
    for (uint32_t i = 0; i + 1 < slices->sites.first.count; i++)
        holder_offer(holders, i, site_curve(slices, i, NULL));
    double *others = memory_new(slices->count + 1, sizeof *others);
    for (uint32_t slice = 0; slice < slices->count; slice++)
        others[slice] = (double)slices->totals[slice].live.bytes;
    for (size_t i = 0; i < holders->count; i++) {
        holders->values[i] = memory_new(slices->count + 1, sizeof(double));
        site_curve(slices, holders->sites[i], holders->values[i]);
        for (uint32_t slice = 0; slice < slices->count; slice++)
            others[slice] = others[slice] > holders->values[i][slice] ? others[slice] - holders->values[i][slice] : 0;
    }
    holders->values[holders->count] = others;
}

/* Names do not fit above the plot: they stand below it, with the most that each held. */
static void holders_legend(struct svg *svg, const struct picture *picture, const struct holders *holders, double top)
{
    char css[NUMBER_ROOM], value[NUMBER_ROOM];
    size_t count;
    const struct site *sites = model_sites(picture->model, &count);
    for (size_t i = 0; i <= holders->count; i++) {
        double y = top + 19 * (double)i;
        char *name = i < holders->count ? picture_stack(picture, sites[holders->sites[i]].stack, 120) : strdup("all other call stacks");
        snprintf(css, sizeof css, "s%zu", i % SVG_COLOURS);
        svg_rect(svg, SVG_MARGIN, y, 11, 11, i < holders->count ? css : SVG_REST, NULL);
        svg_text(svg, SVG_MARGIN + 100, y + 10, SVG_END, "dim", i < holders->count ? svg_value(value, SVG_BYTES, holders->most[i]) : "");
        svg_text_in(svg, SVG_MARGIN + 112, y + 10, svg->width - 2 * SVG_MARGIN - 112, SVG_START, "ink", name ? name : "");
        free(name);
    }
}

void picture_growth(FILE *out, const struct picture *picture)
{
    const struct slices_answer *slices = picture->slices;
    struct holders holders;
    struct svg_curve curves[HOLDERS + 1];
    struct str about = {0};
    struct svg svg;
    holders_find(&holders, slices);
    for (size_t i = 0; i <= holders.count; i++)
        curves[i] = (struct svg_curve){"", holders.values[i], i < holders.count ? SVG_STACKED : SVG_STACKED_REST};
    subtitle(&about, picture, "the call stacks that held most, each with the most that it held");
    double legend = 19.0 * (double)(holders.count + 1);
    picture_begin(&svg, out, picture, WIDTH, HEIGHT + legend, "Who holds the memory", str_text(&about));
    double height = svg.height;
    svg.height -= legend + 10;
    svg_curves_draw(&svg, &(struct svg_curves){"Who holds the memory", str_text(&about), SVG_BYTES, (double)slices->begin_ns, (double)slices->width_ns, slices->count, curves,
                                               holders.count + 1, NULL, 0});
    svg.height = height;
    holders_legend(&svg, picture, &holders, height - legend - 8);
    svg_end(&svg);
    for (size_t i = 0; i <= holders.count; i++)
        memory_free(holders.values[i]);
    str_done(&about);
}

struct heat_rows {
    unsigned first, last; /* size classes */
    double *values;
    char *labels[SIZE_CLASSES];
};

static double cell_amount(const struct slice_cell *cell, enum picture_metric metric)
{
    switch (metric) {
    case PICTURE_LEAKED:
        return (double)cell->leaked.bytes;
    case PICTURE_TEMPORARY:
        return (double)tally_count((struct tally){0, cell->temporary});
    case PICTURE_ALLOCATIONS:
        return (double)tally_count(cell->allocated);
    default:
        return (double)cell->allocated.bytes;
    }
}

static void heat_rows_make(struct heat_rows *rows, const struct picture *picture)
{
    const struct slice_columns *sizes = &picture->slices->sizes;
    *rows = (struct heat_rows){.first = SIZE_CLASSES};
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        if (sizes->first.at[i] < sizes->first.at[i + 1]) {
            rows->first = rows->first < i ? rows->first : i;
            rows->last = i;
        }
    rows->first = rows->first < SIZE_CLASSES ? rows->first : 0;
    rows->values = memory_new((size_t)(rows->last - rows->first + 1) * picture->slices->count, sizeof *rows->values);
    for (unsigned i = rows->first; i <= rows->last; i++) {
        struct svg_scale scale = {.unit = SVG_BYTES, .step = (double)size_class_from(i)};
        char low[NUMBER_ROOM];
        struct str label = {0};
        for (size_t at = sizes->first.at[i]; at < sizes->first.at[i + 1]; at++)
            rows->values[(i - rows->first) * picture->slices->count + sizes->cells.at[at].slice] = cell_amount(sizes->cells.at + at, picture->metric);
        str_add(&label, svg_scale_label(low, &scale, scale.step));
        rows->labels[i - rows->first] = label.at;
    }
}

void picture_heatmap(FILE *out, const struct picture *picture)
{
    static const char *const words[PICTURE_METRICS] = {"bytes allocated", "bytes never freed, when they were born", "bytes allocated", "temporary blocks", "allocations"};
    struct heat_rows rows;
    struct str about = {0};
    struct svg svg;
    heat_rows_make(&rows, picture);
    size_t count = rows.last - rows.first + 1;
    bool is_count = picture->metric == PICTURE_TEMPORARY || picture->metric == PICTURE_ALLOCATIONS;
    str_add_format(&about, "%s, by time and size (rows: from this size to below twice that) · %s", words[picture->metric], picture->run);
    picture_begin(&svg, out, picture, WIDTH, SVG_HEAD + SVG_FOOT + 30 + 20 * (double)count, "Sizes over time", str_text(&about));
    svg_heat_draw(&svg, &(struct svg_heat){"Sizes over time", str_text(&about), is_count ? SVG_COUNT : SVG_BYTES, (double)picture->slices->begin_ns,
                                           (double)picture->slices->width_ns, picture->slices->count, count, rows.values, (const char *const *)rows.labels});
    svg_end(&svg);
    for (size_t i = 0; i < count; i++)
        memory_free(rows.labels[i]);
    memory_free(rows.values);
    str_done(&about);
}
