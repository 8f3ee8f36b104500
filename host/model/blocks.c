/* blocks: in addresses, out compact slots of the live blocks of one heap. */
#include "blocks.h"

#include <sys/mman.h>
#include <unistd.h>

#include "host/base/memory.h"

enum { SLOTS_RELEASED = 1 << 16 };

/* The pages that lie whole in these slots go back: large tables never stand twice in memory. */
static void slots_release(struct slot *from, struct slot *to)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = ((uintptr_t)from + page - 1) / page * page, end = (uintptr_t)to / page * page;
    if (end > start)
        madvise((void *)start, end - start, MADV_DONTNEED);
}

/* Homes are the upper bits of a hash, so blocks go in the same order into the larger table: it fills as the old one empties. */
static void blocks_grow(struct blocks *blocks)
{
    struct blocks old = *blocks;
    blocks->room = old.room ? old.room * 2 : 64;
    blocks->shift = 64 - (unsigned)__builtin_ctzll(blocks->room);
    blocks->at = memory_new(blocks->room, sizeof *blocks->at);
    for (size_t i = 0; i < old.room; i++) {
        if (i && i % SLOTS_RELEASED == 0)
            slots_release(old.at + i - SLOTS_RELEASED, old.at + i);
        if (!old.at[i].address)
            continue;
        size_t slot = blocks_home(blocks, old.at[i].address);
        while (blocks->at[slot].address)
            slot = (slot + 1) & (blocks->room - 1);
        blocks->at[slot] = old.at[i];
    }
    memory_free(old.at);
}

struct slot *blocks_put(struct blocks *blocks, uint64_t address, bool *is_new)
{
    if (blocks->count * 8 >= blocks->room * 5)
        blocks_grow(blocks);
    size_t i = blocks_home(blocks, address);
    while (blocks->at[i].address && blocks->at[i].address != address)
        i = (i + 1) & (blocks->room - 1);
    *is_new = !blocks->at[i].address;
    blocks->at[i].address = address;
    blocks->count += *is_new;
    return blocks->at + i;
}

/* The followers move up, so that no search meets a hole before what it looks for. */
void blocks_remove(struct blocks *blocks, struct slot *slot)
{
    size_t mask = blocks->room - 1, hole = (size_t)(slot - blocks->at);
    for (size_t i = (hole + 1) & mask; blocks->at[i].address; i = (i + 1) & mask) {
        size_t home = blocks_home(blocks, blocks->at[i].address);
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            blocks->at[hole] = blocks->at[i];
            hole = i;
        }
    }
    blocks->at[hole].address = 0;
    blocks->count--;
}

void blocks_done(struct blocks *blocks)
{
    memory_free(blocks->at);
    *blocks = (struct blocks){0};
}
