/* picture_text: in the cells of heaps, out a map of each as lines of text: a sign a piece of memory, shaded by how full it is or by how old; what it means, and what is free. */
#include <inttypes.h>
#include <string.h>

#include "heap_signs.h"
#include "host/base/number.h"
#include "host/base/str.h"
#include "picture.h"

enum { ADDRESS_COLUMNS = 19, LINES_MOST = 20, COLUMNS_LEAST = 40, FREE_MOST = 3 };

/* The rows [from, to) of the table are of one heap. */
struct part {
    size_t from, to;
    double oldest_ns;
};

struct stretch {
    uint64_t start, bytes;
};

static bool rows_are_one(const struct table *cells, size_t a, size_t b)
{
    return picture_number(cells, a, "heap") == picture_number(cells, b, "heap") && picture_number(cells, a, "process") == picture_number(cells, b, "process") &&
           picture_number(cells, a, "ended") == picture_number(cells, b, "ended");
}

static struct part part_next(const struct table *cells, size_t from)
{
    struct part part = {from, from, 0};
    for (; part.to < cells->row_count && rows_are_one(cells, from, part.to); part.to++) {
        double age = picture_number(cells, part.to, "age_ns");
        part.oldest_ns = age > part.oldest_ns ? age : part.oldest_ns;
    }
    return part;
}

/* Steps of age: below a hundredth of the oldest, a tenth, a half, and older. */
static const double age_steps[] = {0.01, 0.1, 0.5};

static unsigned age_step(const struct heap_sign *sign, double oldest_ns)
{
    unsigned step = 1;
    while (step < HEAP_SIGN_STEPS - 1 && sign->age_ns >= age_steps[step - 1] * oldest_ns)
        step++;
    return sign->fill > 0 ? step : 0;
}

static void legend_put(FILE *out, const struct picture *picture, const struct part *part, const struct heap_signs *signs)
{
    bool has_unicode = picture->view->has_unicode;
    char each[NUMBER_ROOM], age[NUMBER_ROOM];
    const char *text[HEAP_SIGN_STEPS];
    for (unsigned i = 0; i < HEAP_SIGN_STEPS; i++)
        text[i] = heap_sign_text(i, has_unicode);
    fprintf(out, "  each sign is %s:  ", number_bytes(each, (uint64_t)signs->each_bytes));
    if (picture->shade == PICTURE_FILL) {
        fprintf(out, "%s full  %s  %s  %s a little  %s free\n", text[4], text[3], text[2], text[1], text[0]);
        return;
    }
    fprintf(out, "%s free", text[0]);
    for (unsigned i = 0; i < HEAP_SIGN_STEPS - 2; i++)
        fprintf(out, "  %s below %s", text[i + 1], number_duration(age, (uint64_t)(age_steps[i] * part->oldest_ns)));
    fprintf(out, "  %s older\n", text[4]);
}

static void lines_put(FILE *out, const struct picture *picture, const struct part *part, const struct heap_signs *signs, size_t across)
{
    for (size_t from = 0; from < signs->count; from += across) {
        fprintf(out, "%#*" PRIx64 " ", ADDRESS_COLUMNS - 1, signs->at[from].start);
        for (size_t i = from; i < from + across && i < signs->count; i++) {
            const struct heap_sign *sign = signs->at + i;
            fputs(heap_sign_text(picture->shade == PICTURE_AGE ? age_step(sign, part->oldest_ns) : heap_sign_step(sign->fill), picture->view->has_unicode), out);
        }
        putc('\n', out);
    }
}

/* The largest come first. */
static void stretch_add(struct stretch *largest, struct stretch stretch)
{
    for (size_t i = 0; i < FREE_MOST; i++)
        if (stretch.bytes > largest[i].bytes) {
            struct stretch smaller = largest[i];
            largest[i] = stretch;
            stretch = smaller;
        }
}

/* Cells that stand side by side and in which nothing lies. */
static void free_put(FILE *out, const struct table *cells, const struct part *part)
{
    struct stretch largest[FREE_MOST] = {0}, stretch = {0};
    int start = table_find_column(cells, "start"), end = table_find_column(cells, "end"), used = table_find_column(cells, "used_bytes");
    char bytes[NUMBER_ROOM];
    for (size_t i = part->from; i < part->to; i++) {
        const union cell *row = table_at(cells, i);
        bool goes_on = !row[used].u && stretch.bytes && stretch.start + stretch.bytes == row[start].u;
        if (!goes_on) {
            stretch_add(largest, stretch);
            stretch = (struct stretch){row[start].u, 0};
        }
        stretch.bytes += row[used].u ? 0 : row[end].u - row[start].u;
    }
    stretch_add(largest, stretch);
    for (size_t i = 0; i < FREE_MOST && largest[i].bytes; i++)
        fprintf(out, "%s%s at %#" PRIx64, i ? ", " : "  largest stretches without a block: ", number_bytes(bytes, largest[i].bytes), largest[i].start);
    if (largest[0].bytes)
        putc('\n', out);
}

/* What table `fragmentation` knows of the heap. */
static void pieces_put(FILE *out, const struct table *heaps, const struct table *cells, size_t cell)
{
    char free[NUMBER_ROOM], pieces[NUMBER_ROOM], average[NUMBER_ROOM], largest[NUMBER_ROOM], wasted[NUMBER_ROOM], external[NUMBER_ROOM], efficiency[NUMBER_ROOM];
    for (size_t i = 0; i < heaps->row_count; i++) {
        if (picture_number(heaps, i, "heap") != picture_number(cells, cell, "heap") || picture_number(heaps, i, "process") != picture_number(cells, cell, "process") ||
            picture_number(heaps, i, "ended") != picture_number(cells, cell, "ended"))
            continue;
        fprintf(out, "  free: %s in %s pieces, %s on average, the largest %s\n", number_bytes(free, (uint64_t)picture_number(heaps, i, "free_bytes")),
                number_count(pieces, (uint64_t)picture_number(heaps, i, "free_pieces")), number_bytes(average, (uint64_t)picture_number(heaps, i, "average_piece_bytes")),
                number_bytes(largest, (uint64_t)picture_number(heaps, i, "largest_free_bytes")));
        fprintf(out, "  fragmentation %s, wasted in pieces too small %s, efficiency %s\n", number_ratio(external, picture_number(heaps, i, "external")),
                number_bytes(wasted, (uint64_t)picture_number(heaps, i, "wasted_bytes")), number_ratio(efficiency, picture_number(heaps, i, "efficiency")));
        return;
    }
}

static void part_put(FILE *out, const struct picture *picture, const struct table *cells, const struct part *part)
{
    char bytes[NUMBER_ROOM], share[NUMBER_ROOM];
    size_t width = picture->view->width > COLUMNS_LEAST ? picture->view->width : COLUMNS_LEAST, across = width - ADDRESS_COLUMNS;
    struct heap_signs signs;
    double used = 0;
    for (size_t i = part->from; i < part->to; i++)
        used += picture_number(cells, i, "used_bytes");
    heap_signs_take(&signs, cells, part->from, part->to, across * LINES_MOST);
    const char *name = table_at(cells, part->from)[table_find_column(cells, "name")].text;
    fprintf(out, "\n%s of process %g%s: %s, %s of it used\n", *name ? name : "heap", picture_number(cells, part->from, "process"),
            picture_number(cells, part->from, "ended") > 0 ? " at its end" : "", number_bytes(bytes, (uint64_t)signs.bytes),
            number_ratio(share, signs.bytes > 0 ? used / signs.bytes : 0));
    legend_put(out, picture, part, &signs);
    lines_put(out, picture, part, &signs, across);
    pieces_put(out, picture_table(picture, "fragmentation"), cells, part->from);
    free_put(out, cells, part);
    heap_signs_done(&signs);
}

void picture_heap_map_text(FILE *out, const struct picture *picture)
{
    const struct table *cells = picture_table(picture, "heap_cells");
    char time[NUMBER_ROOM];
    fprintf(out, "Heap map: where blocks lay at %s, %s\n", number_time(time, model_time(picture->model)), picture->run);
    for (size_t from = 0; from < cells->row_count;) {
        struct part part = part_next(cells, from);
        part_put(out, picture, cells, &part);
        from = part.to;
    }
    if (!cells->row_count)
        fputs("Nothing lives.\n", out);
}
