/* coarse_map: a range is bytes in its first and last cell, and between them a step up and a step down of the depth. */
#include "coarse_map.h"

#include <stdlib.h>

enum { CELLS_OF_RANGE = 3, COARSE_SLOTS = 1 << COARSE_SLOT_BITS };

void coarse_map_init(struct coarse_map *map)
{
    *map = (struct coarse_map){.log2 = COARSE_LOG2_LEAST};
}

static inline struct coarse_cell *cell_at(struct coarse_map *map, uint32_t process, uint64_t key)
{
    size_t i = coarse_map_home(process, key);
    while (map->slots[i].is_used && (map->slots[i].key != key || map->slots[i].process != process))
        i = (i + 1) % COARSE_SLOTS;
    struct coarse_cell *cell = map->slots + i;
    if (!cell->is_used) {
        *cell = (struct coarse_cell){.key = key, .process = process, .is_used = true};
        map->count++;
    }
    return cell;
}

/* `times` as often as it is there. There is room for three cells. */
static void range_put(struct coarse_map *map, uint32_t process, uint64_t address, uint64_t end, uint64_t times)
{
    uint64_t first = address >> map->log2, last = (end - 1) >> map->log2;
    if (first == last) {
        cell_at(map, process, first)->bytes += times * (end - address);
        return;
    }
    cell_at(map, process, first)->bytes += times * (((first + 1) << map->log2) - address);
    cell_at(map, process, last)->bytes += times * (end - (last << map->log2));
    if (last > first + 1) {
        cell_at(map, process, first + 1)->depth += times;
        cell_at(map, process, last)->depth -= times;
    }
}

static void run_put(struct coarse_map *map, const struct coarse_run *run, unsigned log2)
{
    uint64_t begin = run->cell << log2, bytes = run->cells << log2;
    if (run->cells == 1)
        cell_at(map, run->process, begin >> map->log2)->bytes += run->bytes;
    else
        range_put(map, run->process, begin, begin + bytes, run->bytes / bytes);
}

/* Cells become larger until few enough are left; those where nothing lies go. */
static void room_make(struct coarse_map *map)
{
    struct coarse_runs runs = {0};
    coarse_map_take(map, &runs);
    for (unsigned log2 = runs.log2;; log2++) {
        *map = (struct coarse_map){.log2 = log2};
        for (size_t i = 0; i < runs.list.count && map->count + CELLS_OF_RANGE <= COARSE_CELLS_MOST; i++)
            run_put(map, runs.list.at + i, runs.log2);
        if (map->count <= COARSE_CELLS_MOST / 2 || log2 == COARSE_LOG2_MOST)
            break;
    }
    map->has_more |= map->count > COARSE_CELLS_MOST / 2;
    coarse_runs_done(&runs);
}

void coarse_map_add_any(struct coarse_map *map, uint32_t process, uint64_t address, uint64_t bytes, int times)
{
    uint64_t end = bytes < UINT64_MAX - address ? address + bytes : UINT64_MAX;
    if (map->count + CELLS_OF_RANGE > COARSE_CELLS_MOST && !map->has_more)
        room_make(map);
    if (end > address && map->count + CELLS_OF_RANGE <= COARSE_CELLS_MOST)
        range_put(map, process, address, end, (uint64_t)(int64_t)times);
}

static int by_place(const void *one, const void *other)
{
    const struct coarse_cell *a = one, *b = other;
    if (a->process != b->process)
        return a->process < b->process ? -1 : 1;
    return (a->key > b->key) - (a->key < b->key);
}

static bool is_full(const struct coarse_run *run, unsigned log2)
{
    return run->bytes == run->cells << log2;
}

/* What a trace with gaps makes less than nothing counts as nothing. Full cells side by side are one run. */
static void run_push(struct coarse_runs *runs, uint32_t process, uint64_t cell, uint64_t cells, uint64_t bytes)
{
    struct coarse_run run = {cell, cells, bytes, process}, *last = runs->list.count ? runs->list.at + runs->list.count - 1 : NULL;
    if ((int64_t)bytes <= 0 || !cells)
        return;
    if (last && last->process == process && last->cell + last->cells == cell && is_full(last, runs->log2) && is_full(&run, runs->log2)) {
        last->cells += cells;
        last->bytes += bytes;
    } else {
        vec_push(&runs->list, run);
    }
}

void coarse_map_take(const struct coarse_map *map, struct coarse_runs *runs)
{
    struct coarse_cell cells[COARSE_CELLS_MOST + CELLS_OF_RANGE];
    size_t count = 0;
    uint64_t depth = 0, size = 1ull << map->log2;
    for (size_t i = 0; i < COARSE_SLOTS; i++)
        if (map->slots[i].is_used)
            cells[count++] = map->slots[i];
    qsort(cells, count, sizeof *cells, by_place);
    runs->log2 = map->log2;
    runs->list.count = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_last = i + 1 == count || cells[i + 1].process != cells[i].process;
        depth += cells[i].depth;
        run_push(runs, cells[i].process, cells[i].key, 1, cells[i].bytes + depth * size);
        uint64_t between = is_last ? 0 : cells[i + 1].key - cells[i].key - 1;
        if ((int64_t)depth > 0)
            run_push(runs, cells[i].process, cells[i].key + 1, between, depth * size * between);
        depth = is_last ? 0 : depth;
    }
}

void coarse_runs_widen(struct coarse_runs *runs, unsigned log2)
{
    struct coarse_map map = {.log2 = log2};
    if (runs->log2 >= log2)
        return;
    for (size_t i = 0; i < runs->list.count && map.count + CELLS_OF_RANGE <= COARSE_CELLS_MOST; i++)
        run_put(&map, runs->list.at + i, runs->log2);
    coarse_map_take(&map, runs);
}

void coarse_runs_done(struct coarse_runs *runs)
{
    vec_done(&runs->list);
}
