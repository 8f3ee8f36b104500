/* picture_blocks: in what blocks are like, out pictures: how large, how old, and whose they are. */
#include <string.h>

#include "host/base/str.h"
#include "picture.h"

enum { WIDTH = 960, HEIGHT = 420, CLASSES_MOST = 65, THREADS_MOST = 24 };

struct histogram {
    const char *title, *axis, *words;
    const char *value, *part; /* columns */
    const char *value_name, *part_name;
    void (*label)(struct str *label, const struct table *table, size_t row);
};

static void histogram_draw(FILE *out, const struct picture *picture, const struct table *table, const struct histogram *histogram)
{
    struct svg_bar bars[CLASSES_MOST];
    struct str labels[CLASSES_MOST] = {{0}}, about = {0};
    struct svg svg;
    size_t count = table->row_count < CLASSES_MOST ? table->row_count : CLASSES_MOST;
    for (size_t i = 0; i < count; i++) {
        histogram->label(labels + i, table, i);
        double part = picture_number(table, i, histogram->part), value = picture_number(table, i, histogram->value);
        bars[i] = (struct svg_bar){str_text(labels + i), value, part};
    }
    str_add_format(&about, "%s · %s", histogram->words, picture->run);
    picture_begin(&svg, out, picture, WIDTH, HEIGHT, histogram->title, str_text(&about));
    svg_columns_draw(&svg, &(struct svg_bars){histogram->title, str_text(&about), SVG_COUNT, bars, count, 0, histogram->value_name, histogram->part_name},
                     histogram->axis);
    svg_end(&svg);
    for (size_t i = 0; i < count; i++)
        str_done(labels + i);
    str_done(&about);
}

static void size_label(struct str *label, const struct table *table, size_t row)
{
    char text[NUMBER_ROOM];
    struct svg_scale scale = {.unit = SVG_BYTES, .step = 1024 * 1024};
    double from = picture_number(table, row, "from_bytes");
    scale.step = from;
    str_add(label, from >= 1024 ? svg_scale_label(text, &scale, from) : number_count(text, (uint64_t)from));
    if (from >= 1 && from < 1024)
        str_add(label, " B");
}

void picture_sizes(FILE *out, const struct picture *picture)
{
    histogram_draw(out, picture, picture_table(picture, "sizes"),
                   &(struct histogram){"Sizes asked for", "smallest size of the class; it ends below twice that",
                                       "allocations by size, and how many of the blocks were never freed", "allocations", "leaked_count", "allocations",
                                       "never freed", size_label});
}

static void age_label(struct str *label, const struct table *table, size_t row)
{
    char text[NUMBER_ROOM];
    double from = picture_number(table, row, "from_ns"), to = picture_number(table, row, "to_ns");
    struct svg_scale scale = {.unit = SVG_TIME, .step = from >= 1e9 ? 1e9 : from};
    if (from == 0) {
        scale.step = to;
        str_add_format(label, "< %s", svg_scale_label(text, &scale, to));
    } else {
        str_add(label, svg_scale_label(text, &scale, from));
    }
}

/* Blocks that ended and those that survived are drawn on one column: all of them, and the survivors stronger. */
void picture_lifetime(FILE *out, const struct picture *picture)
{
    const struct table *ages = picture_table(picture, "ages");
    struct table both = *ages;
    int ended = table_find_column(ages, "ended"), survived = table_find_column(ages, "survived");
    both.cells = memory_new(ages->row_count * ages->column_count + 1, sizeof *both.cells);
    if (ages->row_count)
        memcpy(both.cells, ages->cells, ages->row_count * ages->column_count * sizeof *both.cells);
    for (size_t i = 0; i < ages->row_count; i++)
        table_at(&both, i)[ended].u += table_at(&both, i)[survived].u;
    histogram_draw(out, picture, &both,
                   &(struct histogram){"How long blocks live", "shortest lifetime of the class",
                                       "blocks by lifetime; what was never freed had lived so long at the end", "ended", "survived", "freed", "never freed",
                                       age_label});
    memory_free(both.cells);
}

void picture_threads(FILE *out, const struct picture *picture)
{
    const struct table *threads = picture_table(picture, "threads");
    struct svg_bar bars[THREADS_MOST];
    struct str labels[THREADS_MOST] = {{0}}, about = {0};
    struct svg svg;
    int name = table_find_column(threads, "name");
    size_t count = threads->row_count < THREADS_MOST ? threads->row_count : THREADS_MOST;
    double whole = 0;
    for (size_t i = 0; i < threads->row_count; i++)
        whole += picture_number(threads, i, "allocated_bytes");
    for (size_t i = 0; i < count; i++) {
        str_add_format(labels + i, "%s (thread %g of process %g)", table_at(threads, i)[name].text, picture_number(threads, i, "thread"),
                       picture_number(threads, i, "process"));
        bars[i] = (struct svg_bar){str_text(labels + i), picture_number(threads, i, "allocated_bytes"), picture_number(threads, i, "peak_bytes")};
    }
    str_add_format(&about, "what each thread allocated, and the most of it that lived at once · %s", picture->run);
    picture_begin(&svg, out, picture, WIDTH, SVG_HEAD + SVG_MARGIN + 20 + 28 * (double)(count ? count : 4), "Threads", str_text(&about));
    svg_bars_draw(&svg, &(struct svg_bars){"Threads", str_text(&about), SVG_BYTES, bars, count, whole, "allocated", "held at once"});
    svg_end(&svg);
    for (size_t i = 0; i < count; i++)
        str_done(labels + i);
    str_done(&about);
}
