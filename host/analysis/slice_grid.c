/* slice_grid: in what keys did and when, out cells of key and time slice. */
#include "slice_grid.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"

enum { GRID_MOST = 1 << 19, GRID_HEAVY = 1024, SLICE_BITS = 8, COARSE_MOST = 7 };

static void cell_add(struct slice_cell *sum, const struct slice_cell *part)
{
    tally_add(&sum->allocated, part->allocated);
    tally_add(&sum->freed, part->freed);
    tally_add(&sum->leaked, part->leaked);
    sum->temporary += part->temporary;
}

static bool cell_is_empty(const struct slice_cell *cell)
{
    return !(cell->allocated.count | cell->freed.count | cell->leaked.count);
}

void slice_leaks_add(struct slice_leaks *leaks, uint32_t key, uint32_t slice, struct tally amount)
{
    bool is_new;
    uint64_t *place = map_put(&leaks->places, (uint64_t)key << SLICE_BITS | slice, &is_new);
    if (is_new) {
        *place = leaks->cells.count;
        vec_push(&leaks->cells, ((struct slice_cell){.key = key, .slice = slice}));
    }
    tally_add(&leaks->cells.at[*place].leaked, amount);
}

void slice_leaks_done(struct slice_leaks *leaks)
{
    map_done(&leaks->places);
    vec_done(&leaks->cells);
}

static uint64_t cell_weight(const struct slice_cell *cell)
{
    return cell->allocated.bytes + cell->freed.bytes + cell->leaked.bytes;
}

static int weight_order(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a < b) - (a > b);
}

/* Marks the keys that moved most bytes. */
static void heavy_find(const slice_cells *cells, size_t keys, bool *is_heavy)
{
    uint64_t *weights = memory_new(keys, sizeof *weights), *order = memory_new(keys, sizeof *order);
    for (size_t i = 0; i < cells->count; i++)
        weights[cells->at[i].key] += cell_weight(cells->at + i);
    memcpy(order, weights, keys * sizeof *order);
    qsort(order, keys, sizeof *order, weight_order);
    uint64_t least = keys > GRID_HEAVY ? order[GRID_HEAVY] : 0;
    for (size_t i = 0; i < keys; i++)
        is_heavy[i] = weights[i] > least || keys <= GRID_HEAVY;
    memory_free(weights);
    memory_free(order);
}

/* Joins cells of a key that have come to stand for the same slice; each key's cells are in order of time, before and after. */
static void closed_join(struct slice_grid *grid, unsigned shift)
{
    size_t *last = memory_new(grid->open.count + 1, sizeof *last), kept = 0; /* place + 1 of the key's latest cell */
    for (size_t i = 0; i < grid->closed.count; i++) {
        struct slice_cell cell = grid->closed.at[i];
        cell.slice = slice_grid_round(grid, cell.key, cell.slice >> shift);
        struct slice_cell *before = last[cell.key] ? grid->closed.at + last[cell.key] - 1 : NULL;
        if (before && before->slice == cell.slice) {
            cell_add(before, &cell);
            continue;
        }
        grid->closed.at[kept++] = cell;
        last[cell.key] = kept;
    }
    grid->closed.count = kept;
    memory_free(last);
}

static void grid_coarsen(struct slice_grid *grid)
{
    if (grid->coarse < COARSE_MOST) {
        grid->coarse++;
        vec_extend(&grid->is_heavy, grid->open.count);
        heavy_find(&grid->closed, grid->open.count, grid->is_heavy.at);
        closed_join(grid, 0);
    }
    if (grid->closed.count > grid->most_cells / 2)
        grid->most_cells *= 2;
}

void slice_grid_turn(struct slice_grid *grid, struct slice_cell *cell, uint32_t key, uint32_t slice)
{
    if (cell->slice == slice)
        return;
    if (!cell_is_empty(cell)) {
        struct slice_cell ended = *cell;
        vec_push(&grid->closed, ended);
    }
    *cell = (struct slice_cell){.key = key, .slice = slice};
    if (!grid->most_cells)
        grid->most_cells = GRID_MOST;
    if (grid->closed.count >= grid->most_cells)
        grid_coarsen(grid);
}

void slice_grid_halve(struct slice_grid *grid)
{
    struct slice_leaks left = {0};
    for (size_t i = 0; i < grid->open.count; i++)
        grid->open.at[i].slice /= 2;
    closed_join(grid, 1);
    for (size_t i = 0; i < grid->left.cells.count; i++)
        slice_leaks_add(&left, grid->left.cells.at[i].key, grid->left.cells.at[i].slice / 2, grid->left.cells.at[i].leaked);
    slice_leaks_done(&grid->left);
    grid->left = left;
}

void slice_grid_done(struct slice_grid *grid)
{
    vec_done(&grid->open);
    vec_done(&grid->closed);
    slice_leaks_done(&grid->left);
    vec_done(&grid->is_heavy);
}

/* A stable counting sort by key or by slice. */
static void cells_sort(slice_cells *cells, bool by_key, size_t values)
{
    size_t *next = memory_new(values + 1, sizeof *next);
    struct slice_cell *sorted = memory_new(cells->count + 1, sizeof *sorted);
    for (size_t i = 0; i < cells->count; i++)
        next[(by_key ? cells->at[i].key : cells->at[i].slice) + 1]++;
    for (size_t i = 0; i < values; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < cells->count; i++)
        sorted[next[by_key ? cells->at[i].key : cells->at[i].slice]++] = cells->at[i];
    memory_free(cells->at);
    memory_free(next);
    cells->at = sorted;
    cells->room = cells->count + 1;
}

/* In sorted cells those of the same key and slice become one. */
static void cells_join(slice_cells *cells)
{
    size_t kept = 0;
    for (size_t i = 0; i < cells->count; i++) {
        struct slice_cell *before = kept ? cells->at + kept - 1 : NULL;
        if (before && before->key == cells->at[i].key && before->slice == cells->at[i].slice)
            cell_add(before, cells->at + i);
        else
            cells->at[kept++] = cells->at[i];
    }
    cells->count = kept;
}

static void cells_coarsen(struct slice_columns *columns, const bool *is_heavy)
{
    columns->coarse++;
    for (size_t i = 0; i < columns->cells.count; i++)
        if (!is_heavy[columns->cells.at[i].key])
            columns->cells.at[i].slice = columns->cells.at[i].slice >> columns->coarse << columns->coarse;
    cells_join(&columns->cells);
}

static void cells_gather(slice_cells *cells, const slice_cells *from, const uint32_t *places)
{
    for (size_t i = 0; i < from->count; i++)
        if (!cell_is_empty(from->at + i)) {
            vec_push(cells, from->at[i]);
            if (places)
                cells->at[cells->count - 1].key = places[from->at[i].key];
        }
}

static void columns_limit(struct slice_columns *columns, size_t keys, size_t most)
{
    bool *is_heavy = memory_new(keys + 1, sizeof *is_heavy);
    heavy_find(&columns->cells, keys, is_heavy);
    while (columns->cells.count > most && columns->coarse < COARSE_MOST)
        cells_coarsen(columns, is_heavy);
    memory_free(is_heavy);
}

void slice_grid_take(const struct slice_grid *grid, const struct slice_leaks *leaks, const uint32_t *places, size_t keys, size_t most, struct slice_columns *columns)
{
    *columns = (struct slice_columns){.coarse = grid->coarse};
    vec_reserve(&columns->cells, grid->closed.count + grid->open.count + leaks->cells.count);
    cells_gather(&columns->cells, &grid->closed, places);
    cells_gather(&columns->cells, &grid->open, places);
    cells_gather(&columns->cells, &leaks->cells, places);
    cells_sort(&columns->cells, false, 1 << SLICE_BITS);
    cells_sort(&columns->cells, true, keys);
    cells_join(&columns->cells);
    columns_limit(columns, keys, most);
    vec_extend(&columns->first, keys + 1);
    for (size_t i = 0; i < columns->cells.count; i++)
        columns->first.at[columns->cells.at[i].key + 1]++;
    for (size_t i = 0; i < keys; i++)
        columns->first.at[i + 1] += columns->first.at[i];
}

void slice_columns_done(struct slice_columns *columns)
{
    vec_done(&columns->cells);
    vec_done(&columns->first);
}
