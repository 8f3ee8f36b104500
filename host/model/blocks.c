/* blocks: in addresses, out compact slots of the live blocks of one heap. */
#include "blocks.h"

#include "host/base/memory.h"

static void blocks_grow(struct blocks *blocks)
{
    struct blocks old = *blocks;
    blocks->room = old.room ? old.room * 2 : 64;
    blocks->shift = 64 - (unsigned)__builtin_ctzll(blocks->room);
    blocks->at = memory_new(blocks->room, sizeof *blocks->at);
    for (size_t i = 0; i < old.room; i++) {
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
    if (blocks->count * 2 >= blocks->room)
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
