/* lookup: built in one pass over the blocks in order of their addresses. */
#include "lookup.h"

#include <stdbool.h>
#include <stdlib.h>

enum { FINE_GRAIN_BITS = 3, USUAL_GRAIN_BITS = 4 };
static const uint64_t SIZE_MOST = 1ull << 44; /* what is larger is no block but a mistake */

static int compare_blocks(const void *a, const void *b)
{
    const struct reach_block *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->size > y->size ? -1 : x->size < y->size;
}

static bool is_sorted(const struct reach_block *blocks, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (compare_blocks(blocks + i - 1, blocks + i) > 0)
            return false;
    return true;
}

static bool is_in_user_space(const struct reach_block *block)
{
    return block->address >> LOOKUP_ADDRESS_BITS == 0 && block->size <= SIZE_MOST && block->size <= (1ull << LOOKUP_ADDRESS_BITS) - block->address;
}

uint32_t lookup_sort(struct reach_block *blocks, size_t count)
{
    size_t kept = 0;
    uint32_t outer = 0;
    if (!is_sorted(blocks, count))
        qsort(blocks, count, sizeof *blocks, compare_blocks);
    for (size_t i = 0; i < count && kept < LOOKUP_WHOLE; i++) {
        struct reach_block block = blocks[i];
        if (!is_in_user_space(&block) || (kept && block.address >> FINE_GRAIN_BITS == blocks[kept - 1].address >> FINE_GRAIN_BITS))
            continue;
        while (outer && block.address - blocks[outer - 1].address >= blocks[outer - 1].size)
            outer = blocks[outer - 1].outer;
        block.outer = outer;
        blocks[kept++] = block;
        outer = (uint32_t)kept;
    }
    return (uint32_t)kept;
}

static uint32_t *lookup_chunk(struct lookup *lookup, uint64_t address)
{
    uint32_t **group = &lookup->groups[address >> LOOKUP_GROUP_BITS];
    if (!*group)
        *group = memory_new(LOOKUP_GROUP_CHUNKS, sizeof **group);
    return *group + (address >> LOOKUP_CHUNK_BITS & (LOOKUP_GROUP_CHUNKS - 1));
}

/* The chunk, to be given bits; what lies before the first of them is known by the count so far. */
static uint32_t lookup_open(struct lookup *lookup, uint32_t *chunk, uint32_t number)
{
    if (*chunk && !(*chunk & LOOKUP_WHOLE))
        return *chunk;
    size_t from = lookup->chunks.count;
    vec_extend(&lookup->chunks, from + lookup->chunk_grains);
    lookup->chunks.at[from].before = number;
    *chunk = (uint32_t)(from / lookup->chunk_grains);
    return *chunk;
}

static void lookup_add(struct lookup *lookup, uint32_t number)
{
    const struct reach_block *block = lookup->blocks + number;
    uint64_t grain = (block->address & ((1u << LOOKUP_CHUNK_BITS) - 1)) >> lookup->grain_bits;
    uint32_t chunk = lookup_open(lookup, lookup_chunk(lookup, block->address), number);
    struct lookup_grains *grains = lookup->chunks.at + chunk * lookup->chunk_grains;
    grains[grain >> 6].starts |= 1ull << (grain & 63);
    uint64_t last = block->size ? block->address + block->size - 1 : block->address;
    for (uint64_t at = (block->address >> LOOKUP_CHUNK_BITS) + 1; at <= last >> LOOKUP_CHUNK_BITS; at++) {
        uint32_t *next = lookup_chunk(lookup, at << LOOKUP_CHUNK_BITS);
        if (!*next || *next & LOOKUP_WHOLE)
            *next = LOOKUP_WHOLE | number;
    }
}

/* Of a chunk only the first number is known until all its bits are. */
static void lookup_count(struct lookup *lookup)
{
    struct lookup_grains *grains = lookup->chunks.at;
    for (size_t i = lookup->chunk_grains; i < lookup->chunks.count; i++)
        if (i % lookup->chunk_grains)
            grains[i].before = grains[i - 1].before + lookup_bits(grains[i - 1].starts);
}

struct lookup *lookup_new(const struct reach_block *blocks, uint32_t count)
{
    struct lookup *lookup = memory_new(1, sizeof *lookup);
    uint64_t bits = 0, high = 0;
    lookup->blocks = blocks;
    lookup->count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t end = blocks[i].address + (blocks[i].size ? blocks[i].size : 1);
        bits |= blocks[i].address;
        high = end > high ? end : high;
    }
    lookup->low = count ? blocks[0].address : 0;
    lookup->span = high - lookup->low;
    lookup->is_even = bits % (1 << FINE_GRAIN_BITS) == 0;
    lookup->grain_bits = bits % (1 << USUAL_GRAIN_BITS) ? FINE_GRAIN_BITS : USUAL_GRAIN_BITS;
    lookup->chunk_grains = (size_t)1 << (LOOKUP_CHUNK_BITS - lookup->grain_bits - 6);
    vec_extend(&lookup->chunks, lookup->chunk_grains);
    for (uint32_t i = 0; i < count; i++)
        lookup_add(lookup, i);
    lookup_count(lookup);
    return lookup;
}

void lookup_free(struct lookup *lookup)
{
    for (size_t i = 0; i < LOOKUP_GROUPS; i++)
        memory_free(lookup->groups[i]);
    vec_done(&lookup->chunks);
    memory_free(lookup);
}
