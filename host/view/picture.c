/* picture: in the tables of a run, out one SVG picture of a type. */
#include "picture.h"

#include <stdlib.h>
#include <string.h>

#include "cell.h"

enum { PLACES_LEAST = 80 }; /* columns */

const struct picture_type picture_types[] = {
#define PICTURE(name, about, tables, has_metric, has_slices) {#name, about, tables, has_metric, has_slices, picture_##name},
#include "picture.def"
#undef PICTURE
    {0}};

const struct picture_amount picture_amounts[PICTURE_METRICS] = {
    [PICTURE_PEAK] = {"peak", "bytes", "peak_bytes", "held at the peak", SVG_BYTES},
    [PICTURE_LEAKED] = {"leaks", "bytes", "leaked_bytes", "never freed", SVG_BYTES},
    [PICTURE_ALLOCATED] = {"hotspots", "allocated_bytes", "allocated_bytes", "allocated", SVG_BYTES},
    [PICTURE_TEMPORARY] = {"temporary", "bytes", "temporary_bytes", "in temporary blocks", SVG_BYTES},
    [PICTURE_ALLOCATIONS] = {"hotspots", "allocations", "allocations", "allocations", SVG_COUNT},
};

const struct table *picture_table(const struct picture *picture, const char *name)
{
    for (size_t i = 0; i < picture->table_count; i++)
        if (!strcmp(picture->tables[i].name, name))
            return picture->tables + i;
    return NULL;
}

double picture_number(const struct table *table, size_t row, const char *column)
{
    int place = table_find_column(table, column);
    return place >= 0 && row < table->row_count ? table_real(table->columns + place, table_at(table, row)[place]) : 0;
}

void picture_begin(struct svg *svg, FILE *out, const struct picture *picture, double width, double height, const char *title, const char *about)
{
    svg_begin(svg, out, picture->width > 0 ? picture->width : width, picture->height > 0 ? picture->height : height, picture->theme, title, about);
}

char *picture_stack(const struct picture *picture, uint32_t stack, size_t columns)
{
    char *text = NULL;
    size_t count;
    FILE *out = open_memstream(&text, &count);
    struct view plain = *picture->view;
    plain.has_colour = false;
    plain.has_unicode = true;
    plain.hides_places = columns < PLACES_LEAST;
    if (out) {
        cell_put_stack(out, &plain, stack, columns);
        fclose(out);
    }
    return text;
}
