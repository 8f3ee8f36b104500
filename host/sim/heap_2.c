/* heap_2: in requests, out the addresses of FreeRTOS' heap_2: the smallest free block that fits, of those the newest; blocks are never joined. */
#include "freertos_heap.h"
#include "host/base/memory.h"
#include "tiles.h"

struct heap_2 {
    struct tiles tiles;
    struct tile_dress dress;
    struct gaps sizes; /* by size: the newest free tile of it; `next` of each is the one before */
    uint64_t head, align;
    uint32_t pointer_bytes;
};

static void free_put(struct heap_2 *heap, uint32_t i)
{
    uint64_t bytes = heap->tiles.at[i].bytes;
    struct gap size = gaps_from(&heap->sizes, bytes);
    heap->tiles.at[i].next = size.address == bytes ? (uint32_t)size.bytes : 0;
    if (size.address == bytes)
        gaps_change(&heap->sizes, bytes, bytes, i);
    else
        gaps_add(&heap->sizes, bytes, i);
}

static uint32_t free_take(struct heap_2 *heap, uint64_t bytes)
{
    struct gap size = gaps_from(&heap->sizes, bytes);
    uint32_t i = (uint32_t)size.bytes;
    if (i && heap->tiles.at[i].next)
        gaps_change(&heap->sizes, size.address, size.address, heap->tiles.at[i].next);
    else if (i)
        gaps_remove(&heap->sizes, size.address);
    return i;
}

static void heap_2_end(void *context)
{
    struct heap_2 *heap = context;
    tiles_done(&heap->tiles);
    gaps_done(&heap->sizes);
    memory_free(heap);
}

static void *heap_2_begin(const struct simulator_arena *arena, struct error *error)
{
    const struct arena_region *region = arena->regions;
    uint64_t align = freertos_heap_align(arena), head = freertos_heap_head(arena);
    if (region->bytes <= align + head) {
        error_set(error, ERROR_USAGE, "an arena of %llu bytes is too small for heap_2, which needs more than %llu", (unsigned long long)region->bytes,
                  (unsigned long long)(align + head));
        return NULL;
    }
    struct heap_2 *heap = memory_new(1, sizeof *heap);
    heap->head = head;
    heap->align = align;
    heap->pointer_bytes = arena->pointer_bytes;
    heap->dress = (struct tile_dress){.head = head, .free_head = head};
    free_put(heap, tiles_row(&heap->tiles, region, (region->base + align - 1) & ~(align - 1), region->bytes - align));
    return heap;
}

static uint64_t heap_2_alloc(void *context, uint64_t size, uint64_t align)
{
    struct heap_2 *heap = context;
    uint64_t bytes = freertos_heap_block(size, heap->head, heap->align, heap->pointer_bytes);
    uint32_t i = align > heap->align || !bytes ? 0 : free_take(heap, bytes);
    if (!i)
        return 0;
    if (heap->tiles.at[i].bytes - bytes > 2 * heap->head)
        free_put(heap, tiles_split(&heap->tiles, i, bytes));
    tiles_mark(&heap->tiles, i, TILE_USED);
    uint64_t address = heap->tiles.at[i].at + heap->head;
    tiles_hand(&heap->tiles, i, address);
    return address;
}

static void heap_2_free(void *context, uint64_t address)
{
    struct heap_2 *heap = context;
    uint32_t i = tiles_return(&heap->tiles, address);
    if (!i)
        return;
    tiles_mark(&heap->tiles, i, TILE_FREE);
    free_put(heap, i);
}

static void heap_2_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct heap_2 *heap = context;
    *taken = heap->tiles.at[tiles_find(&heap->tiles, address)].bytes;
    *usable = *taken ? *taken - heap->head : 0;
}

static void heap_2_use(const void *context, struct arena_use *use)
{
    const struct heap_2 *heap = context;
    /* A size is asked for in whole units: of what the last block has beyond them nobody gets more. */
    uint64_t most = gaps_last(&heap->sizes).address & ~(heap->align - 1);
    tiles_use(&heap->tiles, &heap->dress, use);
    use->largest = most > heap->head ? most - heap->head : 0;
}

static void heap_2_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct heap_2 *heap = context;
    tiles_walk(&heap->tiles, &heap->dress, piece, to);
}

const struct simulator simulator_heap_2 = {
    .name = "heap_2",
    .title = "FreeRTOS heap_2",
    .source = "FreeRTOS-Kernel portable/MemMang/heap_2.c, 4269c69",
    .pointer_bytes = 4,
    .pointers = 2 | 4 | 8,
    .most_regions = 1,
    .begin = heap_2_begin,
    .end = heap_2_end,
    .alloc = heap_2_alloc,
    .free = heap_2_free,
    .measure = heap_2_measure,
    .use = heap_2_use,
    .walk = heap_2_walk,
};
