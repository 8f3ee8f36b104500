/* lookup: in the living blocks of a process, out the block that an address lies in: one fetch of memory for a pointer to a block's start, two for any other.
 *
 * Memory is parted into chunks of a MiB. A chunk in which blocks begin has a bit for each grain of its addresses and, for each 64 grains, how many blocks begin
 * before; so the number of a block is a count of bits. A chunk in which none begins names the last block before it. */
#ifndef HOST_REACH_LOOKUP_H
#define HOST_REACH_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/vec.h"

struct reach_block {
    uint64_t address, size;
    uint32_t stack; /* that bore it */
    uint32_t outer; /* number + 1 of the block that it lies in, 0: in none */
};

enum {
    LOOKUP_CHUNK_BITS = 20,
    LOOKUP_GROUP_BITS = 30,   /* addresses of one group of chunks */
    LOOKUP_ADDRESS_BITS = 48, /* of user space */
    LOOKUP_GROUPS = 1 << (LOOKUP_ADDRESS_BITS - LOOKUP_GROUP_BITS),
    LOOKUP_GROUP_CHUNKS = 1 << (LOOKUP_GROUP_BITS - LOOKUP_CHUNK_BITS),
};
#define LOOKUP_WHOLE 0x80000000u /* no block begins in the chunk: the rest is the number of the last one before it */

struct lookup_grains {
    uint64_t starts;
    uint64_t before;
};

struct lookup {
    const struct reach_block *blocks;
    uint32_t count;
    unsigned grain_bits;
    bool is_even; /* every block begins at a grain */
    uint64_t low, span; /* every address in a block is in [low, low + span) */
    uint32_t *groups[LOOKUP_GROUPS];
    VEC(struct lookup_grains) chunks; /* from number 1 on, chunk_grains each */
    size_t chunk_grains;
};

enum lookup_found { LOOKUP_NOTHING, LOOKUP_START, LOOKUP_INSIDE };

/* `blocks` are by address, with `outer` filled by lookup_sort; they stay the caller's. */
struct lookup *lookup_new(const struct reach_block *blocks, uint32_t count);
void lookup_free(struct lookup *lookup);
/* Brings blocks into order, finds which lie in which, and leaves out those that cannot be told apart: how many stay. */
uint32_t lookup_sort(struct reach_block *blocks, size_t count);

static inline unsigned lookup_bits(uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + (word >> 2 & 0x3333333333333333u);
    return (unsigned)(((word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u >> 56);
}

/* The block at or before, if the address lies in it or in one around it. */
static inline enum lookup_found lookup_near(const struct lookup *lookup, uint64_t address, uint32_t near, uint32_t *number)
{
    for (uint32_t at = near + 1; at; at = lookup->blocks[at - 1].outer) {
        const struct reach_block *block = lookup->blocks + at - 1;
        uint64_t offset = address - block->address;
        if (offset && offset >= block->size)
            continue;
        *number = at - 1;
        return offset ? LOOKUP_INSIDE : LOOKUP_START;
    }
    return LOOKUP_NOTHING;
}

/* Makes the memory ready that lookup_find will need for an address of [low, low + span). */
static inline __attribute__((always_inline)) void lookup_fetch(const struct lookup *lookup, uint64_t address)
{
    const uint32_t *group = lookup->groups[address >> LOOKUP_GROUP_BITS];
    uint32_t chunk = group ? group[address >> LOOKUP_CHUNK_BITS & (LOOKUP_GROUP_CHUNKS - 1)] : 0;
    uint64_t grain = (address & ((1u << LOOKUP_CHUNK_BITS) - 1)) >> lookup->grain_bits;
    if (chunk && !(chunk & LOOKUP_WHOLE))
        __builtin_prefetch(lookup->chunks.at + chunk * lookup->chunk_grains + (grain >> 6));
}

/* `address` must be in [low, low + span). */
static inline enum lookup_found lookup_find(const struct lookup *lookup, uint64_t address, uint32_t *number)
{
    const uint32_t *group = lookup->groups[address >> LOOKUP_GROUP_BITS];
    if (!group)
        return LOOKUP_NOTHING;
    uint32_t chunk = group[address >> LOOKUP_CHUNK_BITS & (LOOKUP_GROUP_CHUNKS - 1)];
    if (!chunk)
        return LOOKUP_NOTHING;
    if (chunk & LOOKUP_WHOLE)
        return lookup_near(lookup, address, chunk & ~LOOKUP_WHOLE, number);
    uint64_t grain = (address & ((1u << LOOKUP_CHUNK_BITS) - 1)) >> lookup->grain_bits;
    const struct lookup_grains *grains = lookup->chunks.at + chunk * lookup->chunk_grains + (grain >> 6);
    uint64_t bit = 1ull << (grain & 63);
    uint64_t before = grains->before + lookup_bits(grains->starts & (bit - 1));
    if (!(grains->starts & bit))
        return before ? lookup_near(lookup, address, (uint32_t)before - 1, number) : LOOKUP_NOTHING;
    if (lookup->is_even && !(address & ((1u << lookup->grain_bits) - 1))) {
        *number = (uint32_t)before;
        return LOOKUP_START;
    }
    if (lookup->blocks[before].address <= address)
        return lookup_near(lookup, address, (uint32_t)before, number);
    return before ? lookup_near(lookup, address, (uint32_t)before - 1, number) : LOOKUP_NOTHING;
}

#endif
