/* slice_grid: in what a key (a site, a thread, a size class) did and when, out cells of key and time slice: few, however long the trace is. When slices are
 * joined in pairs so are the cells; when there are too many cells all the same, the keys that matter least get coarser ones. Zero-filled is empty. */
#ifndef HOST_ANALYSIS_SLICE_GRID_H
#define HOST_ANALYSIS_SLICE_GRID_H

#include <heaptracer/model.h>

#include "host/base/map.h"
#include "host/base/vec.h"

struct slice_cell {
    uint32_t key, slice;
    struct tally allocated, freed, leaked;
    uint64_t temporary; /* in units of TALLY_ONE */
};
typedef VEC(struct slice_cell) slice_cells;

/* What was never freed, told at the slice of its birth, thus in any order. */
struct slice_leaks {
    struct map places; /* key and slice -> place in cells */
    slice_cells cells;
};
void slice_leaks_add(struct slice_leaks *leaks, uint32_t key, uint32_t slice, struct tally amount);
void slice_leaks_done(struct slice_leaks *leaks);

struct slice_grid {
    slice_cells open;   /* by key: the cell of its latest slice */
    slice_cells closed; /* a key's cells are in order of time */
    struct slice_leaks left;
    VEC(bool) is_heavy; /* by key: keeps its slices; all the others begin only at multiples of 2^coarse */
    unsigned coarse;
    size_t most_cells;
};

/* Ends the cell of the key's earlier slice. */
void slice_grid_turn(struct slice_grid *grid, struct slice_cell *cell, uint32_t key, uint32_t slice);

static inline uint32_t slice_grid_round(const struct slice_grid *grid, uint32_t key, uint32_t slice)
{
    bool is_light = grid->coarse && !(key < grid->is_heavy.count && grid->is_heavy.at[key]);
    return is_light ? slice >> grid->coarse << grid->coarse : slice;
}

/* The cell where something of now, in `slice`, counts. */
static inline struct slice_cell *slice_grid_cell(struct slice_grid *grid, uint32_t key, uint32_t slice)
{
    vec_extend(&grid->open, (size_t)key + 1);
    struct slice_cell *cell = grid->open.at + key;
    cell->key = key;
    if (cell->slice != slice)
        slice_grid_turn(grid, cell, key, slice_grid_round(grid, key, slice));
    return cell;
}

/* Each two slices become one. */
void slice_grid_halve(struct slice_grid *grid);
void slice_grid_done(struct slice_grid *grid);

/* All cells, by key and slice. */
struct slice_columns {
    slice_cells cells;
    VEC(uint64_t) first; /* by key, and one more: where its cells begin */
    unsigned coarse;     /* keys that matter least begin their cells only at multiples of 2^coarse slices */
};
/* `leaks`: of now, in place of the grid's. places[key]: what the key becomes, or NULL; `keys` is the count behind that. At most about `most` cells. */
void slice_grid_take(const struct slice_grid *grid, const struct slice_leaks *leaks, const uint32_t *places, size_t keys, size_t most, struct slice_columns *columns);
void slice_columns_done(struct slice_columns *columns);

#endif
