/* block_pool: in requests, out blocks of one size: those never used in order of address, but first the last that was freed. ThreadX' block pools have a pointer before each
 * block; the plain pool has none, and keeps its list in the free blocks. */
#include "host/base/memory.h"
#include "simulator.h"
#include "host/base/map.h"

struct pool {
    struct arena_region all;
    uint64_t unit, head, blocks;  /* head: bytes before each block */
    uint64_t reached;             /* blocks from here on were never used */
    uint64_t *freed;              /* a stack of blocks */
    size_t freed_count, freed_room;
    uint64_t align;               /* of all blocks */
    struct map live;              /* by address; the value is nothing */
};

static void *pool_begin(const struct simulator_arena *arena, uint64_t head, struct error *error)
{
    const struct arena_region *region = arena->regions;
    uint64_t word = arena->align_bytes ? arena->align_bytes : arena->pointer_bytes, unit = arena->unit_bytes;
    if (!unit || unit >> 62 || region->base % word) {
        error_set(error, ERROR_USAGE, "a pool of blocks begins at a multiple of %llu and has to be told how many bytes a block has", (unsigned long long)word);
        return NULL;
    }
    unit = (unit + word - 1) & ~(word - 1);
    uint64_t blocks = (region->bytes & ~(word - 1)) / (unit + head);
    if (!blocks || blocks > UINT32_MAX) {
        error_set(error, ERROR_USAGE, "an arena of %llu bytes would be a pool of %llu blocks of %llu bytes; a pool has 1 to %u", (unsigned long long)region->bytes,
                  (unsigned long long)blocks, (unsigned long long)unit, UINT32_MAX);
        return NULL;
    }
    struct pool *pool = memory_new(1, sizeof *pool);
    uint64_t marks = (region->base + head) | (unit + head);
    *pool = (struct pool){.all = *region, .unit = unit, .head = head, .blocks = blocks, .align = marks & -marks};
    return pool;
}

static void *pool_begin_plain(const struct simulator_arena *arena, struct error *error)
{
    return pool_begin(arena, 0, error);
}

static void *pool_begin_threadx(const struct simulator_arena *arena, struct error *error)
{
    return pool_begin(arena, arena->pointer_bytes, error);
}

static void pool_end(void *context)
{
    struct pool *pool = context;
    memory_free(pool->freed);
    map_done(&pool->live);
    memory_free(pool);
}

static uint64_t block_address(const struct pool *pool, uint64_t block)
{
    return pool->all.base + block * (pool->unit + pool->head) + pool->head;
}

static uint64_t pool_alloc(void *context, uint64_t size, uint64_t align)
{
    struct pool *pool = context;
    if (!size || size > pool->unit || align > pool->align || (!pool->freed_count && pool->reached == pool->blocks))
        return 0;
    uint64_t address = block_address(pool, pool->freed_count ? pool->freed[--pool->freed_count] : pool->reached++);
    map_put(&pool->live, address, NULL);
    return address;
}

static void pool_free(void *context, uint64_t address)
{
    struct pool *pool = context;
    if (!map_remove(&pool->live, address, NULL))
        return;
    if (pool->freed_count == pool->freed_room) {
        pool->freed_room = pool->freed_room ? 2 * pool->freed_room : 64;
        pool->freed = memory_resize(pool->freed, pool->freed_room, sizeof *pool->freed);
    }
    pool->freed[pool->freed_count++] = (address - pool->all.base) / (pool->unit + pool->head);
}

/* What fits in a block stays where it is. */
static uint64_t pool_resize(void *context, uint64_t address, uint64_t size)
{
    const struct pool *pool = context;
    return size <= pool->unit && map_get(&pool->live, address) ? address : 0;
}

static void pool_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct pool *pool = context;
    bool is_live = map_get(&pool->live, address);
    *taken = is_live ? pool->unit + pool->head : 0;
    *usable = is_live ? pool->unit : 0;
}

static void pool_use(const void *context, struct arena_use *use)
{
    const struct pool *pool = context;
    uint64_t live = map_count(&pool->live), free = pool->blocks - live;
    *use = (struct arena_use){
        .total = pool->all.bytes,
        .used = live * pool->unit,
        .free = free * pool->unit,
        .overhead = pool->all.bytes - pool->blocks * pool->unit,
        .largest = free ? pool->unit : 0,
        .blocks = live,
        .pieces = free,
    };
}

static void pool_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct pool *pool = context;
    for (uint64_t block = 0; block < pool->blocks; block++) {
        uint64_t address = block_address(pool, block);
        if (pool->head)
            piece(to, address - pool->head, pool->head, ARENA_OVERHEAD);
        piece(to, address, pool->unit, map_get(&pool->live, address) ? ARENA_USED : ARENA_FREE);
    }
    uint64_t end = block_address(pool, pool->blocks) - pool->head, rest = pool->all.base + pool->all.bytes - end;
    if (rest)
        piece(to, end, rest, ARENA_OVERHEAD);
}

const struct simulator simulator_block_pool = {
    .name = "pool",
    .title = "a plain pool of blocks",
    .source = "no one's: blocks without a header, the last freed is the next given",
    .pointer_bytes = 4,
    .pointers = 2 | 4 | 8,
    .most_regions = 1,
    .begin = pool_begin_plain,
    .end = pool_end,
    .alloc = pool_alloc,
    .resize = pool_resize,
    .free = pool_free,
    .measure = pool_measure,
    .use = pool_use,
    .walk = pool_walk,
};

const struct simulator simulator_threadx_block = {
    .name = "threadx-block",
    .title = "ThreadX block pool",
    .source = "eclipse-threadx/threadx common/src/tx_block_pool_create.c, tx_block_allocate.c, tx_block_release.c, 7ad78c4",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = 1,
    .begin = pool_begin_threadx,
    .end = pool_end,
    .alloc = pool_alloc,
    .resize = pool_resize,
    .free = pool_free,
    .measure = pool_measure,
    .use = pool_use,
    .walk = pool_walk,
};
