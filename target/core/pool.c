/* pool: in memory of the caller, out blocks of one size from it, in constant time. Without the tracer it is the pool alone. */
#include "core.h"
#include "outbox.h"

#if HT_WITH_POOLS

static size_t rounded(size_t bytes)
{
    const size_t unit = sizeof(void *);
    return bytes < unit ? unit : (bytes + unit - 1) / unit * unit;
}

static void chain(struct ht_pool *pool)
{
    for (uint16_t i = pool->blocks; i-- > 0;) {
        void **block = (void **)(void *)(pool->memory + i * pool->block_bytes);
        *block = pool->free;
        pool->free = block;
    }
}

static bool enlist(struct ht_pool *pool, const char *name)
{
#if HT_ENABLED
    pool->heap = ht_heap_add(name, pool->memory, pool->blocks * pool->block_bytes, HT_MEMORY_POOL);
    ht_lock before = ht_port_lock();
    pool->next = ht__core.pools;
    ht__core.pools = pool;
    ht_port_unlock(before);
    return pool->heap;
#else
    (void)name;
    return true;
#endif
}

bool ht_pool_begin(struct ht_pool *pool, const char *name, void *memory, size_t bytes, size_t block_bytes)
{
    size_t lost = (size_t)(-(uintptr_t)memory % sizeof(void *)), size = rounded(block_bytes), blocks = bytes > lost ? (bytes - lost) / size : 0;
    *pool = (struct ht_pool){.memory = (uint8_t *)memory + lost, .block_bytes = size, .blocks = blocks > UINT16_MAX ? UINT16_MAX : (uint16_t)blocks};
    chain(pool);
    return pool->blocks && enlist(pool, name);
}

static void *take(struct ht_pool *pool, size_t bytes)
{
    void **block = bytes <= pool->block_bytes ? pool->free : NULL;
    if (!block) {
        pool->refused++;
        return NULL;
    }
    pool->free = *block;
    pool->used++;
    pool->waste_bytes += (uint32_t)(pool->block_bytes - bytes);
    if (pool->used > pool->peak)
        pool->peak = pool->used;
    return block;
}

HT_HOOK void *ht_pool_take(struct ht_pool *pool, size_t bytes)
{
    ht_lock before = ht_port_lock();
    void *block = take(pool, bytes);
    ht_port_unlock(before);
#if HT_ENABLED
    const struct ht_site site = {HT_HERE, NULL, 0};
    ht_on_alloc_from(&site, pool->heap, block, bytes, block ? pool->block_bytes : 0);
#endif
    return block;
}

/* How much of the block was asked for only the table knows. */
HT_HOOK void ht_pool_give(struct ht_pool *pool, void *block)
{
    size_t asked = pool->block_bytes;
    if (!block)
        return;
#if HT_ENABLED
    const struct ht_site site = {HT_HERE, NULL, 0};
    struct ht_hooked hooked;
    ht__hooked_set(&hooked, HT_TOLD_FREE, pool->heap, block, 0);
    ht__hook(&site, &hooked);
    if (hooked.was.address)
        asked = hooked.was.size;
#endif
    ht_lock before = ht_port_lock();
    *(void **)block = pool->free;
    pool->free = block;
    pool->used--;
    pool->waste_bytes -= (uint32_t)(pool->block_bytes - asked);
    ht_port_unlock(before);
}

#if HT_ENABLED && HT_WITH_STREAM
void ht__pools_tell(void)
{
    for (const struct ht_pool *pool = ht__core.pools; pool; pool = pool->next) {
        const ht_number numbers[] = {pool->heap, pool->block_bytes, pool->blocks, pool->used, pool->peak, pool->refused, pool->waste_bytes};
        ht__outbox_tell(HT_TOLD_POOL_USE, numbers, HT_POOL_USE_NUMBERS, NULL);
    }
}
#endif

#endif
