/* heap_layout_cells: in the blocks of a heap and the memory that it lies in, out that memory in cells of equal size: how full each is, and by whom. */
#include <stdlib.h>

#include "heap_layout.h"

enum { CELL_LEAST = 16, PLACES_MOST = HEAP_LAYOUT_CELLS / 2 };

static int range_order(const void *left, const void *right)
{
    const struct range *a = left, *b = right;
    return (a->low > b->low) - (a->low < b->low);
}

static uint64_t cells_of(const struct range *range, uint64_t cell_bytes)
{
    uint64_t bytes = range->high - range->low;
    return bytes / cell_bytes + (bytes % cell_bytes != 0);
}

/* The smallest power of two with which there are few enough. */
static uint64_t cell_bytes_find(const struct range *ranges, size_t count)
{
    uint64_t bytes = CELL_LEAST, cells;
    do {
        cells = 0;
        bytes *= 2;
        for (size_t i = 0; i < count; i++)
            cells += cells_of(ranges + i, bytes);
    } while (cells > HEAP_LAYOUT_CELLS && bytes < 1ull << 62);
    return bytes;
}

static void cells_put(struct heap_layout_found *found, const struct range *ranges, size_t count)
{
    uint64_t bytes = cell_bytes_find(ranges, count);
    for (size_t i = 0; i < count; i++)
        for (uint64_t at = ranges[i].low; at < ranges[i].high; at += bytes) {
            uint64_t end = ranges[i].high - at > bytes ? at + bytes : ranges[i].high;
            vec_push(&found->cells, ((struct heap_layout_cell){.start = at, .end = end}));
            if (end == ranges[i].high)
                break;
        }
}

static void cell_fill(struct heap_layout_cell *cell, const struct heap_layout_extent *extent)
{
    uint64_t from = extent->start > cell->start ? extent->start : cell->start, to = extent->end < cell->end ? extent->end : cell->end;
    uint64_t bytes = to > from ? to - from : 0;
    cell->blocks += extent->start >= cell->start;
    cell->used += bytes < cell->end - cell->start - cell->used ? bytes : cell->end - cell->start - cell->used;
    if (bytes < cell->most)
        return;
    cell->most = bytes;
    cell->site = extent->site;
    cell->birth_ns = extent->birth_ns;
}

/* Both are in order of address. */
static void cells_fill(struct heap_layout_found *found, const heap_layout_extents *extents)
{
    size_t first = 0;
    for (size_t i = 0; i < extents->count; i++) {
        const struct heap_layout_extent *extent = extents->at + i;
        while (first < found->cells.count && found->cells.at[first].end <= extent->start)
            first++;
        for (size_t at = first; at < found->cells.count && found->cells.at[at].start < extent->end; at++)
            cell_fill(found->cells.at + at, extent);
    }
}

void heap_layout_cells_find(struct heap_layout_found *found, const heap_layout_extents *extents, heap_layout_extents *mapped,
                            const struct heap_layout_place *place)
{
    VEC(struct range) ranges = {0};
    for (size_t i = 0; i < place->count; i++)
        vec_push(&ranges, place->ranges[i]);
    for (size_t i = 0; i < mapped->count && place->count + mapped->count <= PLACES_MOST; i++)
        vec_push(&ranges, ((struct range){mapped->at[i].start, mapped->at[i].end}));
    if (ranges.count && ranges.count <= 2 * PLACES_MOST) {
        qsort(ranges.at, ranges.count, sizeof *ranges.at, range_order);
        heap_layout_sort(mapped);
        cells_put(found, ranges.at, ranges.count);
        cells_fill(found, extents);
        cells_fill(found, mapped);
    }
    vec_done(&ranges);
}
