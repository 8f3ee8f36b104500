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

/* The cells of some lists, numbered one behind the other; a key is what `places` (may be NULL) makes of it. Sorting moves numbers: the cells are large. */
struct cell_lists {
    const slice_cells *list[3];
    const uint32_t *places;
};

static const struct slice_cell *lists_cell(const struct cell_lists *lists, size_t number)
{
    size_t i = 0;
    for (; number >= lists->list[i]->count; i++)
        number -= lists->list[i]->count;
    return lists->list[i]->at + number;
}

static uint32_t lists_key(const struct cell_lists *lists, const struct slice_cell *cell)
{
    return lists->places ? lists->places[cell->key] : cell->key;
}

static uint32_t lists_value(const struct cell_lists *lists, size_t number, bool by_key)
{
    const struct slice_cell *cell = lists_cell(lists, number);
    return by_key ? lists_key(lists, cell) : cell->slice;
}

/* A stable counting sort by key or by slice. */
static void numbers_sort(const struct cell_lists *lists, bool by_key, size_t values, uint32_t **numbers, size_t count)
{
    size_t *next = memory_new(values + 1, sizeof *next);
    uint32_t *sorted = memory_new(count + 1, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        next[lists_value(lists, (*numbers)[i], by_key) + 1]++;
    for (size_t i = 0; i < values; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < count; i++)
        sorted[next[lists_value(lists, (*numbers)[i], by_key)]++] = (*numbers)[i];
    memory_free(*numbers);
    memory_free(next);
    *numbers = sorted;
}

/* Behind the others, or into the last one if that has the same key and slice. */
static void cells_put(slice_cells *cells, const struct slice_cell *cell)
{
    struct slice_cell *last = cells->count ? cells->at + cells->count - 1 : NULL;
    if (last && last->key == cell->key && last->slice == cell->slice)
        cell_add(last, cell);
    else
        cells->at[cells->count++] = *cell;
}

/* In sorted cells those of the same key and slice become one. */
static void cells_join(slice_cells *cells)
{
    size_t count = cells->count;
    cells->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct slice_cell cell = cells->at[i];
        cells_put(cells, &cell);
    }
}

static void cells_coarsen(struct slice_columns *columns, const bool *is_heavy)
{
    columns->coarse++;
    for (size_t i = 0; i < columns->cells.count; i++)
        if (!is_heavy[columns->cells.at[i].key])
            columns->cells.at[i].slice = columns->cells.at[i].slice >> columns->coarse << columns->coarse;
    cells_join(&columns->cells);
}

/* All cells that are not empty, by key and slice, one for each. */
static void cells_gather(const struct cell_lists *lists, size_t keys, slice_cells *cells)
{
    size_t all = lists->list[0]->count + lists->list[1]->count + lists->list[2]->count, count = 0;
    uint32_t *numbers = memory_new(all + 1, sizeof *numbers);
    for (size_t i = 0; i < all; i++)
        if (!cell_is_empty(lists_cell(lists, i)))
            numbers[count++] = (uint32_t)i;
    numbers_sort(lists, false, 1 << SLICE_BITS, &numbers, count);
    numbers_sort(lists, true, keys, &numbers, count);
    vec_reserve(cells, count);
    for (size_t i = 0; i < count; i++) {
        struct slice_cell cell = *lists_cell(lists, numbers[i]);
        cell.key = lists_key(lists, &cell);
        cells_put(cells, &cell);
    }
    memory_free(numbers);
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
    cells_gather(&(struct cell_lists){{&grid->closed, &grid->open, &leaks->cells}, places}, keys, &columns->cells);
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
