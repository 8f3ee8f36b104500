/* sbrk: in a region, out what an allocator gets from sbrk() there. */
#include "sbrk.h"

bool sbrk_begin(struct sbrk *sbrk, const struct arena_region *region, uint32_t pointer_bytes, struct error *error)
{
    uint64_t most = pointer_bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << pointer_bytes * 8) - 1;
    if (!region->base || region->base > most || region->bytes > most - region->base || region->bytes > SBRK_MOST)
        return error_set(error, ERROR_USAGE, "an arena of %llu bytes at address %llu is not in the %u-bit address space of this allocator",
                         (unsigned long long)region->bytes, (unsigned long long)region->base, pointer_bytes * 8);
    *sbrk = (struct sbrk){region->base, region->base + region->bytes, region->base};
    return true;
}

uint64_t sbrk_more(struct sbrk *sbrk, uint64_t bytes)
{
    if (bytes > sbrk->end - sbrk->top)
        return SBRK_REFUSED;
    sbrk->top += bytes;
    return sbrk->top - bytes;
}

void sbrk_less(struct sbrk *sbrk, uint64_t bytes)
{
    sbrk->top -= bytes;
}
