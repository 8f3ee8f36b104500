/* picture_map: in the cells of heaps, out a map of each: how full every piece of its memory is, along a Hilbert curve or in rows. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/map.h"
#include "host/base/str.h"
#include "picture.h"

enum { WIDTH = 960, PANELS_MOST = 8, PANEL_HEAD = 40, ROW_CELLS = 128, STACK_COLUMNS = 70, SIDE_MOST = 24 };

/* The rows [from, to) of the table are of one heap. */
struct panel {
    size_t from, to;
    double bytes;
};

struct map_picture {
    const struct picture *picture;
    const struct table *cells;
    struct panel panels[PANELS_MOST];
    size_t count;
    struct map names; /* stack -> text */
};

static double cell_number(const struct map_picture *map, size_t row, const char *column)
{
    return picture_number(map->cells, row, column);
}

static int panel_order(const void *left, const void *right)
{
    const struct panel *a = left, *b = right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return (a->from > b->from) - (a->from < b->from);
}

static void panels_find(struct map_picture *map)
{
    for (size_t i = 0; i < map->cells->row_count; i++) {
        struct panel *last = map->count ? map->panels + map->count - 1 : NULL;
        bool is_same = last && cell_number(map, last->from, "heap") == cell_number(map, i, "heap") &&
                       cell_number(map, last->from, "process") == cell_number(map, i, "process");
        if (!is_same && map->count == PANELS_MOST)
            break;
        if (!is_same) {
            last = map->panels + map->count++;
            *last = (struct panel){.from = i};
        }
        last->to = i + 1;
        last->bytes += cell_number(map, i, "bytes");
    }
    if (map->count)
        qsort(map->panels, map->count, sizeof *map->panels, panel_order);
}

/* Where the curve through a square of `side` cells, a power of two, is after `at` steps. */
static void hilbert_place(size_t side, size_t at, size_t *x, size_t *y)
{
    *x = *y = 0;
    for (size_t s = 1; s < side; s *= 2) {
        size_t right = at / 2 & 1, up = (at ^ right) & 1;
        if (!up) {
            size_t other = right ? s - 1 - *y : *y;
            *y = right ? s - 1 - *x : *x;
            *x = other;
        }
        *x += s * right;
        *y += s * up;
        at /= 4;
    }
}

static size_t panel_columns(const struct map_picture *map, const struct panel *panel)
{
    size_t count = panel->to - panel->from, side = 1;
    if (map->picture->order == PICTURE_ROWS)
        return count < ROW_CELLS ? count : ROW_CELLS;
    while (side * side < count)
        side *= 2;
    return side;
}

/* Whole pixels where they are enough, so that all cells look alike. */
static double cell_side(double width, size_t columns)
{
    double side = fmin(width / (double)columns, SIDE_MOST);
    return side >= 2 ? floor(side) : side;
}

static size_t panel_rows(const struct map_picture *map, const struct panel *panel)
{
    size_t columns = panel_columns(map, panel), count = panel->to - panel->from;
    return map->picture->order == PICTURE_ROWS ? (count + columns - 1) / columns : columns;
}

/* Lives as long as the picture. */
static const char *stack_name(struct map_picture *map, uint32_t stack)
{
    bool is_new;
    uint64_t *name = map_put(&map->names, stack, &is_new);
    if (is_new)
        *name = (uint64_t)(uintptr_t)picture_stack(map->picture, stack, STACK_COLUMNS);
    return *name ? (const char *)(uintptr_t)*name : "";
}

static void cell_tip(struct map_picture *map, size_t row, struct str *tip)
{
    char fill[NUMBER_ROOM], bytes[NUMBER_ROOM], age[NUMBER_ROOM];
    const union cell *cells = table_at(map->cells, row);
    uint64_t start = cells[table_find_column(map->cells, "start")].u, blocks = (uint64_t)cell_number(map, row, "blocks");
    double share = cell_number(map, row, "fill");
    str_add_format(tip, "0x%" PRIx64 ": %s of %s", start, share > 0 ? number_ratio(fill, share) : "nothing",
                   svg_value(bytes, SVG_BYTES, cell_number(map, row, "bytes")));
    if (share > 0)
        str_add_format(tip, ", %" PRIu64 " block%s begin; %s old: %s", blocks, blocks == 1 ? "" : "s",
                       number_duration(age, (uint64_t)cell_number(map, row, "age_ns")), stack_name(map, (uint32_t)cell_number(map, row, "stack")));
}

static void cell_draw(struct svg *svg, struct map_picture *map, size_t row, double x, double y, double side)
{
    char css[NUMBER_ROOM];
    double share = cell_number(map, row, "fill");
    int shade = share <= 0 ? 0 : 1 + (int)fmin(SVG_HEATS - 2, share * (SVG_HEATS - 1));
    struct str tip = {0};
    cell_tip(map, row, &tip);
    snprintf(css, sizeof css, "h%d crisp", shade);
    svg_rect(svg, x, y, side > 2 ? side - 1 : side, side > 2 ? side - 1 : side, css, str_text(&tip));
    str_done(&tip);
}

static void panel_title(struct svg *svg, const struct map_picture *map, const struct panel *panel, double x, double y, double room)
{
    char whole[NUMBER_ROOM], cell[NUMBER_ROOM], share[NUMBER_ROOM];
    struct str title = {0}, about = {0};
    const union cell *first = table_at(map->cells, panel->from), *last = table_at(map->cells, panel->to - 1);
    double used = 0, cell_bytes = 0;
    for (size_t i = panel->from; i < panel->to; i++) {
        used += cell_number(map, i, "used_bytes");
        cell_bytes = fmax(cell_bytes, cell_number(map, i, "bytes"));
    }
    str_add_format(&title, "%s of process %g%s: %s, %s of it used; a cell is %s", first[table_find_column(map->cells, "name")].text,
                   cell_number(map, panel->from, "process"), cell_number(map, panel->from, "ended") > 0 ? " at its end" : "",
                   svg_value(whole, SVG_BYTES, panel->bytes), number_ratio(share, panel->bytes > 0 ? used / panel->bytes : 0),
                   svg_value(cell, SVG_BYTES, cell_bytes));
    str_add_format(&about, "0x%" PRIx64 " to 0x%" PRIx64, first[table_find_column(map->cells, "start")].u, last[table_find_column(map->cells, "end")].u);
    svg_text_in(svg, x, y + 14, room, SVG_START, "ink", str_text(&title));
    svg_text_in(svg, x, y + 30, room, SVG_START, "dim", str_text(&about));
    str_done(&title);
    str_done(&about);
}

static void panel_draw(struct svg *svg, struct map_picture *map, const struct panel *panel, double x, double y, double width)
{
    size_t columns = panel_columns(map, panel);
    double side = cell_side(width, columns);
    panel_title(svg, map, panel, x, y, width);
    for (size_t i = 0; i < panel->to - panel->from; i++) {
        size_t column = i % columns, row = i / columns;
        if (map->picture->order == PICTURE_HILBERT)
            hilbert_place(columns, i, &column, &row);
        cell_draw(svg, map, panel->from + i, x + side * (double)column, y + PANEL_HEAD + side * (double)row, side);
    }
}

static void map_legend(struct svg *svg)
{
    char css[NUMBER_ROOM];
    double x = svg->width - SVG_MARGIN - 16 * SVG_HEATS - 40, y = SVG_MARGIN + 10;
    svg_text(svg, x - 6, y, SVG_END, "dim", "free");
    for (int i = 0; i < SVG_HEATS; i++) {
        snprintf(css, sizeof css, "h%d", i);
        svg_rect(svg, x + 16 * i, y - 9, 16, 11, css, NULL);
    }
    svg_text(svg, x + 16 * SVG_HEATS + 6, y, SVG_START, "dim", "full");
}

static void names_done(struct map *names)
{
    for (size_t i = 0; i < names->room; i++)
        if (names->at[i].key)
            free((void *)(uintptr_t)names->at[i].value);
    if (names->has_zero)
        free((void *)(uintptr_t)names->zero_value);
    map_done(names);
}

/* One heap fills the width, more stand two by two, or one below the other in rows. */
static void map_draw(FILE *out, struct map_picture *map, const char *about)
{
    struct svg svg;
    bool is_pair = map->count > 1 && map->picture->order == PICTURE_HILBERT;
    double all = (map->picture->width > 0 ? map->picture->width : WIDTH) - 2 * SVG_MARGIN, gap = 24, width = is_pair ? (all - gap) / 2 : all,
           at = SVG_HEAD + 12;
    double tops[PANELS_MOST + 1];
    for (size_t i = 0; i < map->count; i++) {
        double height = PANEL_HEAD + cell_side(width, panel_columns(map, map->panels + i)) * (double)panel_rows(map, map->panels + i) + gap;
        tops[i] = at;
        at += is_pair && i % 2 == 0 && i + 1 < map->count ? 0 : height;
    }
    picture_begin(&svg, out, map->picture, WIDTH, map->count ? at : SVG_HEAD + 160, "Heap map", about);
    struct svg_frame frame = svg_frame_begin(&svg, "Heap map", about, 0);
    for (size_t i = 0; i < map->count; i++)
        panel_draw(&svg, map, map->panels + i, SVG_MARGIN + (is_pair && i % 2 ? width + gap : 0), tops[i], width);
    if (map->count)
        map_legend(&svg);
    else
        svg_frame_nothing(&frame);
    svg_end(&svg);
}

void picture_heap_map(FILE *out, const struct picture *picture)
{
    struct map_picture map = {.picture = picture, .cells = picture_table(picture, "heap_cells")};
    char time[NUMBER_ROOM];
    struct str about = {0};
    panels_find(&map);
    str_add_format(&about, "where blocks lay at %s, addresses %s · %s", number_time(time, model_time(picture->model)),
                   picture->order == PICTURE_ROWS ? "in rows" : "along a Hilbert curve from the upper left", picture->run);
    map_draw(out, &map, str_text(&about));
    str_done(&about);
    names_done(&map.names);
}
