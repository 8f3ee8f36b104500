/* o1heap: in requests, out the addresses of o1heap: blocks of a power of two, one list for each power, the newest free block of the lowest list that surely fits. */
#include "host/base/memory.h"
#include "tiles.h"

struct o1heap {
    struct tiles tiles;
    struct tile_dress dress;
    uint64_t align, capacity; /* align: also what a header takes; half of the smallest block */
    uint64_t bins_used;
    uint32_t bins[64];
};

static uint32_t log2_floor(uint64_t number)
{
    return 63 - (uint32_t)__builtin_clzll(number);
}

static uint32_t o1heap_bin(const struct o1heap *heap, uint32_t i)
{
    return log2_floor(heap->tiles.at[i].bytes / (2 * heap->align));
}

static void o1heap_link(struct o1heap *heap, uint32_t i)
{
    uint32_t bin = o1heap_bin(heap, i), head = heap->bins[bin];
    heap->tiles.at[i].next = head;
    heap->tiles.at[i].last = 0;
    heap->tiles.at[head].last = i;
    heap->bins[bin] = i;
    heap->bins_used |= UINT64_C(1) << bin;
}

static void o1heap_unlink(struct o1heap *heap, uint32_t i)
{
    const struct tile *tile = &heap->tiles.at[i];
    uint32_t bin = o1heap_bin(heap, i);
    heap->tiles.at[tile->next].last = tile->last;
    if (tile->last)
        heap->tiles.at[tile->last].next = tile->next;
    else
        heap->bins[bin] = tile->next;
    if (!heap->bins[bin])
        heap->bins_used &= ~(UINT64_C(1) << bin);
}

static void o1heap_end(void *context)
{
    struct o1heap *heap = context;
    tiles_done(&heap->tiles);
    memory_free(heap);
}

static void *o1heap_begin(const struct simulator_arena *arena, struct error *error)
{
    const struct arena_region *region = arena->regions;
    uint64_t align = 4 * arena->pointer_bytes, instance = arena->pointer_bytes == 8 ? 576 : 160;
    if (region->base % align || region->bytes < instance + 2 * align) {
        error_set(error, ERROR_USAGE, "a region of %llu bytes at 0x%llx cannot be a heap of o1heap: it begins at a multiple of %llu and has %llu bytes at least",
                  (unsigned long long)region->bytes, (unsigned long long)region->base, (unsigned long long)align, (unsigned long long)(instance + 2 * align));
        return NULL;
    }
    struct o1heap *heap = memory_new(1, sizeof *heap);
    uint64_t most = UINT64_C(1) << (8 * arena->pointer_bytes - 1), capacity = region->bytes - instance;
    heap->align = align;
    heap->capacity = (capacity > most ? most : capacity) & ~(2 * align - 1);
    heap->dress = (struct tile_dress){.head = align, .free_head = align};
    o1heap_link(heap, tiles_row(&heap->tiles, region, region->base + instance, heap->capacity));
    return heap;
}

static uint64_t o1heap_alloc(void *context, uint64_t size, uint64_t align)
{
    struct o1heap *heap = context;
    if (align > heap->align || !size || size > heap->capacity - heap->align)
        return 0;
    uint64_t bytes = UINT64_C(1) << (log2_floor(size + heap->align - 1) + 1);
    uint64_t bins = heap->bins_used & ~UINT64_C(0) << log2_floor(bytes / (2 * heap->align));
    if (!bins)
        return 0;
    uint32_t i = heap->bins[__builtin_ctzll(bins)];
    o1heap_unlink(heap, i);
    if (heap->tiles.at[i].bytes > bytes)
        o1heap_link(heap, tiles_split(&heap->tiles, i, bytes));
    tiles_mark(&heap->tiles, i, TILE_USED);
    uint64_t address = heap->tiles.at[i].at + heap->align;
    tiles_hand(&heap->tiles, i, address);
    return address;
}

static void o1heap_free(void *context, uint64_t address)
{
    struct o1heap *heap = context;
    uint32_t i = tiles_return(&heap->tiles, address);
    if (!i)
        return;
    tiles_mark(&heap->tiles, i, TILE_FREE);
    uint32_t before = heap->tiles.at[i].before, after = heap->tiles.at[i].after;
    if (tiles_is_free(&heap->tiles, after)) {
        o1heap_unlink(heap, after);
        tiles_join(&heap->tiles, i);
    }
    if (tiles_is_free(&heap->tiles, before)) {
        o1heap_unlink(heap, before);
        tiles_join(&heap->tiles, i = before);
    }
    o1heap_link(heap, i);
}

static void o1heap_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct o1heap *heap = context;
    *taken = heap->tiles.at[tiles_find(&heap->tiles, address)].bytes;
    *usable = *taken ? *taken - heap->align : 0;
}

static void o1heap_use(const void *context, struct arena_use *use)
{
    const struct o1heap *heap = context;
    tiles_use(&heap->tiles, &heap->dress, use);
    use->largest = heap->bins_used ? (2 * heap->align << log2_floor(heap->bins_used)) - heap->align : 0;
}

static void o1heap_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct o1heap *heap = context;
    tiles_walk(&heap->tiles, &heap->dress, piece, to);
}

const struct simulator simulator_o1heap = {
    .name = "o1heap",
    .title = "o1heap 3.0",
    .source = "pavel-kirienko/o1heap o1heap.c, b3a1aa4",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = 1,
    .begin = o1heap_begin,
    .end = o1heap_end,
    .alloc = o1heap_alloc,
    .free = o1heap_free,
    .measure = o1heap_measure,
    .use = o1heap_use,
    .walk = o1heap_walk,
};
