/* live_table: in allocations and frees, out the blocks that live. */
#include "live_table.h"

#if HT_WITH_TABLE

#define LIVE (ht__core.live)

/* A block has two homes, so that a table can be nearly full before one finds no place. */
struct homes {
    uint16_t cell[2];
};

static struct homes homes_of(uintptr_t address)
{
#ifdef __AVR__
    uint16_t first = (uint16_t)(address * 0x9e37u), second = (uint16_t)((address >> 8 | address << 8) * 0x79b1u);
#else
    uint32_t hash = (uint32_t)(address >> 2) * 0x9e3779b1u;
    uint16_t first = (uint16_t)(hash >> 16), second = (uint16_t)(hash * 0x85ebca6bu >> 16);
#endif
    return (struct homes){{(uint16_t)((uint32_t)first * LIVE.count >> 16), (uint16_t)((uint32_t)second * LIVE.count >> 16)}};
}

/* The first cell that has `wanted` (0: that is free), not further than `most` from one of the homes of `address`. */
static struct ht_live *cell_with(uintptr_t wanted, uintptr_t address, uint8_t most)
{
    struct homes homes = homes_of(address);
    for (uint8_t i = 0; i < most; i++)
        for (uint8_t k = 0; k < 2; k++) {
            struct ht_live *cell = &LIVE.cells[homes.cell[k]];
            if (cell->address == wanted) {
                LIVE.reach = i >= LIVE.reach ? (uint8_t)(i + 1) : LIVE.reach;
                return cell;
            }
            if (++homes.cell[k] == LIVE.count)
                homes.cell[k] = 0;
        }
    return NULL;
}

struct ht_live *ht__live_find(uintptr_t address)
{
    return cell_with(address, address, LIVE.reach);
}

bool ht__live_get(uintptr_t address, struct ht_live *to)
{
    const struct ht_live *live = ht__live_find(address);
    if (live)
        *to = *live;
    return live;
}

/* by: 1 or -1 */
static void count(const struct ht_live *block, int8_t by)
{
    struct ht_counters *counters = &ht__core.counters;
    size_t bytes = by < 0 ? 0 - block->size : block->size;
    ht__core.run->bytes[block->heap] += bytes;
    ht__core.run->blocks[block->heap] = (uint16_t)(ht__core.run->blocks[block->heap] + by);
    counters->live_bytes += by < 0 ? 0 - (uint32_t)block->size : (uint32_t)block->size;
    counters->live_blocks += (uint32_t)(int32_t)by;
    if (counters->live_bytes > counters->peak_bytes)
        counters->peak_bytes = counters->live_bytes;
}

bool ht__live_put(const struct ht_live *block)
{
    struct ht_live *cell = cell_with(0, block->address, HT_PROBES / 2);
    if (!cell)
        return false;
    *cell = *block;
    count(block, 1);
    return true;
}

void ht__live_take(uintptr_t address, struct ht_live *to)
{
    struct ht_live *cell = ht__live_find(address);
    to->address = 0;
    if (!cell)
        return;
    *to = *cell;
    cell->address = 0;
    count(to, -1);
}

bool ht__live_copy(uint16_t cell, struct ht_live *to)
{
    ht_lock before = ht_port_lock();
    *to = LIVE.cells[cell];
    ht_port_unlock(before);
    return to->address != 0;
}

bool ht__live_around(uintptr_t address, struct ht_live *to)
{
    for (uint16_t cell = 0; cell < LIVE.count; cell++)
        if (ht__live_copy(cell, to) && address > to->address && address - to->address < to->size)
            return true;
    return false;
}

bool ht__live_next(uint32_t id, struct ht_live *to)
{
    struct ht_live found;
    bool any = false;
    for (uint16_t cell = 0; cell < LIVE.count; cell++)
        if (ht__live_copy(cell, &found) && found.id > id && (!any || found.id < to->id)) {
            *to = found;
            any = true;
        }
    return any;
}

#endif
