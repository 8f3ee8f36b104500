/* threadx_byte: in requests, out the addresses of a ThreadX byte pool: the lowest free block that fits, after those free ones side by side that a search comes by were
 * joined; a free joins nothing. The search pointer of the real one is never behind the lowest free block, so that a search sees them all, in order of address. */
#include "gaps.h"
#include "host/base/memory.h"
#include "tiles.h"

enum { LEAST_POOL = 100, LEAST_REST = 20 }; /* TX_BYTE_POOL_MIN, TX_BYTE_BLOCK_MIN */

struct byte_pool {
    struct tiles tiles;
    struct tile_dress dress;
    struct gaps runs;  /* free blocks side by side */
    struct gaps loose; /* addresses of the runs that are not one block yet */
    struct map starts; /* by a run's address: its first tile */
    uint64_t word;
};

static void run_start(struct byte_pool *pool, uint32_t i)
{
    const struct tile *tile = &pool->tiles.at[i];
    *map_put(&pool->starts, tile->at, NULL) = i;
    if (tiles_is_free(&pool->tiles, tile->after))
        gaps_add(&pool->loose, tile->at, 1);
}

static void run_end(struct byte_pool *pool, uint64_t address)
{
    map_remove(&pool->starts, address, NULL);
    gaps_remove(&pool->loose, address);
}

/* Joins the run's blocks until its first has `bytes`. */
static uint32_t run_join(struct byte_pool *pool, uint64_t address, uint64_t bytes)
{
    uint32_t i = (uint32_t)*map_get(&pool->starts, address);
    while (pool->tiles.at[i].bytes < bytes && tiles_is_free(&pool->tiles, pool->tiles.at[i].after))
        tiles_join(&pool->tiles, i);
    return i;
}

static void byte_pool_end(void *context)
{
    struct byte_pool *pool = context;
    tiles_done(&pool->tiles);
    gaps_done(&pool->runs);
    gaps_done(&pool->loose);
    map_done(&pool->starts);
    memory_free(pool);
}

static void *byte_pool_begin(const struct simulator_arena *arena, struct error *error)
{
    const struct arena_region *region = arena->regions;
    uint64_t word = arena->pointer_bytes, bytes = region->bytes & ~(word - 1);
    if (region->base % word || bytes < LEAST_POOL || bytes >> 32) {
        error_set(error, ERROR_USAGE, "a region of %llu bytes at 0x%llx cannot be a byte pool of ThreadX: it begins at a multiple of %llu and has %d bytes at least, 4 GiB at most",
                  (unsigned long long)region->bytes, (unsigned long long)region->base, (unsigned long long)word, LEAST_POOL);
        return NULL;
    }
    struct byte_pool *pool = memory_new(1, sizeof *pool);
    pool->word = word;
    pool->dress = (struct tile_dress){.head = 2 * word, .free_head = 2 * word};
    uint32_t i = tiles_row(&pool->tiles, region, region->base, bytes);
    tiles_mark(&pool->tiles, tiles_split(&pool->tiles, i, bytes - 2 * word), TILE_OWN);
    gaps_add(&pool->runs, region->base, bytes - 2 * word);
    run_start(pool, i);
    return pool;
}

/* Runs below `address` are too small for what is searched: the search joined all of each. */
static void runs_pass(struct byte_pool *pool, uint64_t address)
{
    for (struct gap run = gaps_from(&pool->loose, 0); run.address && run.address < address; run = gaps_from(&pool->loose, 0)) {
        run_join(pool, run.address, UINT64_MAX);
        gaps_remove(&pool->loose, run.address);
    }
}

/* What is more than all free bytes with all headers is refused without a search. */
static bool is_hopeless(const struct byte_pool *pool, uint64_t size)
{
    const uint64_t *pieces = pool->tiles.pieces;
    return size >= pool->tiles.bytes[TILE_FREE] + (pieces[TILE_FREE] + pieces[TILE_USED] + pieces[TILE_OWN] - 2) * pool->dress.head;
}

static uint64_t byte_pool_alloc(void *context, uint64_t size, uint64_t align)
{
    struct byte_pool *pool = context;
    uint64_t bytes = ((size + pool->word - 1) & ~(pool->word - 1)) + pool->dress.head;
    if (!size || size >> 32 || align > pool->word || is_hopeless(pool, bytes - pool->dress.head))
        return 0;
    struct gap run = gaps_fit(&pool->runs, bytes);
    runs_pass(pool, run.address ? run.address : UINT64_MAX);
    if (!run.address)
        return 0;
    uint32_t i = run_join(pool, run.address, bytes);
    run_end(pool, run.address);
    if (pool->tiles.at[i].bytes - bytes >= LEAST_REST)
        tiles_split(&pool->tiles, i, bytes);
    tiles_mark(&pool->tiles, i, TILE_USED);
    uint64_t taken = pool->tiles.at[i].bytes, address = run.address + pool->dress.head;
    tiles_hand(&pool->tiles, i, address);
    if (taken == run.bytes) {
        gaps_remove(&pool->runs, run.address);
        return address;
    }
    gaps_change(&pool->runs, run.address, run.address + taken, run.bytes - taken);
    run_start(pool, pool->tiles.at[i].after);
    return address;
}

static void byte_pool_free(void *context, uint64_t address)
{
    struct byte_pool *pool = context;
    uint32_t i = tiles_return(&pool->tiles, address);
    if (!i)
        return;
    const struct tile *tile = &pool->tiles.at[i];
    tiles_mark(&pool->tiles, i, TILE_FREE);
    if (tiles_is_free(&pool->tiles, tile->after))
        run_end(pool, pool->tiles.at[tile->after].at);
    gaps_give(&pool->runs, tile->at, tile->bytes);
    if (!tiles_is_free(&pool->tiles, tile->before)) {
        run_start(pool, i);
        return;
    }
    uint64_t start = gaps_before(&pool->runs, tile->at).address;
    if (gaps_from(&pool->loose, start).address != start)
        gaps_add(&pool->loose, start, 1);
}

static void byte_pool_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct byte_pool *pool = context;
    *taken = pool->tiles.at[tiles_find(&pool->tiles, address)].bytes;
    *usable = *taken ? *taken - pool->dress.head : 0;
}

static void byte_pool_use(const void *context, struct arena_use *use)
{
    const struct byte_pool *pool = context;
    uint64_t largest = gaps_largest(&pool->runs);
    tiles_use(&pool->tiles, &pool->dress, use);
    use->largest = largest > pool->dress.head ? (largest - pool->dress.head) & ~(pool->word - 1) : 0;
}

static void byte_pool_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct byte_pool *pool = context;
    tiles_walk(&pool->tiles, &pool->dress, piece, to);
}

const struct simulator simulator_threadx_byte = {
    .name = "threadx-byte",
    .title = "ThreadX byte pool",
    .source = "eclipse-threadx/threadx common/src/tx_byte_pool_search.c, tx_byte_release.c, 7ad78c4",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = 1,
    .begin = byte_pool_begin,
    .end = byte_pool_end,
    .alloc = byte_pool_alloc,
    .free = byte_pool_free,
    .measure = byte_pool_measure,
    .use = byte_pool_use,
    .walk = byte_pool_walk,
};
