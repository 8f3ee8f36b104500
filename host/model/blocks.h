/* blocks: in addresses, out compact slots of the live blocks of one heap. Open addressing, linear probing, at most 5/8 full, removal without tombstones;
 * a slot is half a cache line, so that one fetch finds a block. Any address may be stored but 0. */
#ifndef HOST_MODEL_BLOCKS_H
#define HOST_MODEL_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `size` and `usable` are true as they stand unless SLOT_MORE is set: then `usable` is the number of a struct more that has them. */
struct slot {
    uint64_t address;     /* 0: free */
    uint64_t birth_flags; /* ns << 8 | enum slot_flag */
    uint32_t size, usable;
    uint32_t site, thread;
};
enum slot_flag { SLOT_SAMPLED = 1, SLOT_OLD = 2, SLOT_MORE = 4, SLOT_INTERRUPT = 8 }; /* but SLOT_MORE as enum block_flag */

/* What few blocks have: a chain of reallocs or a size of 4 GiB and more. */
struct more {
    uint64_t size, usable;
    uint32_t first_site, resizes, moves, next_free;
};

struct blocks {
    struct slot *at;
    size_t count, room; /* room: zero or a power of two */
    unsigned shift;     /* 64 - log2(room) */
};

static inline size_t blocks_home(const struct blocks *blocks, uint64_t address)
{
    return (size_t)((address * 0x9E3779B97F4A7C15u) >> blocks->shift);
}

static inline __attribute__((always_inline)) void blocks_fetch(const struct blocks *blocks, uint64_t address)
{
    if (blocks->room)
        __builtin_prefetch(blocks->at + blocks_home(blocks, address), 1);
}

/* NULL if there is none; void after the next put or remove. */
static inline struct slot *blocks_find(const struct blocks *blocks, uint64_t address)
{
    if (!blocks->room || !address)
        return NULL;
    size_t i = blocks_home(blocks, address);
    while (blocks->at[i].address != address) {
        if (!blocks->at[i].address)
            return NULL;
        i = (i + 1) & (blocks->room - 1);
    }
    return blocks->at + i;
}

/* The slot of `address`; *is_new: it was free, and all but its address is to be filled. */
struct slot *blocks_put(struct blocks *blocks, uint64_t address, bool *is_new);
void blocks_remove(struct blocks *blocks, struct slot *slot);
void blocks_done(struct blocks *blocks);

#endif
