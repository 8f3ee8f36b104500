/* coarse_map: in ranges of memory that come and go, out how full each piece of memory is, in few cells of one size; when there are too many, each two become one.
 * A range costs the same however long it is. */
#ifndef HOST_ANALYSIS_COARSE_MAP_H
#define HOST_ANALYSIS_COARSE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/vec.h"

enum { COARSE_CELLS_MOST = 512, COARSE_LOG2_LEAST = 6, COARSE_LOG2_MOST = 40, COARSE_SLOT_BITS = 10 };

/* Bytes that lie in a cell alone, and by how much the depth of ranges that fill whole cells changes from here on. */
struct coarse_cell {
    uint64_t key;          /* address >> log2 */
    uint64_t bytes, depth; /* may be below nothing, and a damaged trace may make them wrap */
    uint32_t process;
    bool is_used;
};

struct coarse_map {
    unsigned log2; /* of a cell's size */
    bool has_more; /* too many processes: some cells are left out */
    size_t count;
    struct coarse_cell slots[1 << COARSE_SLOT_BITS];
};

/* Equal cells side by side. More than one only where they are full. */
struct coarse_run {
    uint64_t cell, cells, bytes; /* bytes: in all of them */
    uint32_t process;
};
struct coarse_runs {
    VEC(struct coarse_run) list;
    unsigned log2;
};

void coarse_map_init(struct coarse_map *map);
void coarse_map_add_any(struct coarse_map *map, uint32_t process, uint64_t address, uint64_t bytes, int times);

static inline size_t coarse_map_home(uint32_t process, uint64_t key)
{
    return (size_t)(((key ^ (uint64_t)process << 32) * 0x9E3779B97F4A7C15u) >> (64 - COARSE_SLOT_BITS));
}

/* `times` 1: comes, -1: goes. Most ranges lie in one cell, which stands where it is looked for first. */
static inline void coarse_map_add(struct coarse_map *map, uint32_t process, uint64_t address, uint64_t bytes, int times)
{
    uint64_t key = address >> map->log2, left = ((key + 1) << map->log2) - address;
    struct coarse_cell *cell = map->slots + coarse_map_home(process, key);
    if (cell->key == key && cell->process == process && cell->is_used && bytes <= left)
        cell->bytes += (uint64_t)(int64_t)times * bytes;
    else
        coarse_map_add_any(map, process, address, bytes, times);
}
/* What is there now, by process and address; `runs` is replaced. */
void coarse_map_take(const struct coarse_map *map, struct coarse_runs *runs);
/* In cells of at least that size. */
void coarse_runs_widen(struct coarse_runs *runs, unsigned log2);
void coarse_runs_done(struct coarse_runs *runs);

#endif
