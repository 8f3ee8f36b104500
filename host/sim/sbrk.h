/* sbrk: in a region, out what an allocator gets from sbrk() there: more bytes at the end of those it has, as long as the region has them. */
#ifndef HOST_SIM_SBRK_H
#define HOST_SIM_SBRK_H

#include <stdint.h>

#include "simulator.h"

struct sbrk {
    uint64_t start, end, top; /* top: the break */
};

static const uint64_t SBRK_REFUSED = UINT64_MAX, SBRK_MOST = UINT64_C(1) << 48;

static inline uint64_t round_up(uint64_t value, uint64_t align)
{
    return (value + align - 1) & ~(align - 1);
}

/* False and `error`: a target with pointers of `pointer_bytes` has no such region. */
bool sbrk_begin(struct sbrk *sbrk, const struct arena_region *region, uint32_t pointer_bytes, struct error *error);
/* The old break, or SBRK_REFUSED. */
uint64_t sbrk_more(struct sbrk *sbrk, uint64_t bytes);
void sbrk_less(struct sbrk *sbrk, uint64_t bytes);

#endif
