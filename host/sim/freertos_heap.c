/* freertos_heap: in sizes, out addresses as FreeRTOS heap_4 and heap_5 give them. */
#include "freertos_heap.h"

#include "host/base/memory.h"

uint64_t freertos_heap_align(const struct simulator_arena *arena)
{
    return arena->align_bytes ? arena->align_bytes : arena->pointer_bytes == 2 ? 1 : 8;
}

uint64_t freertos_heap_head(const struct simulator_arena *arena)
{
    uint64_t align = freertos_heap_align(arena);
    return (2 * (uint64_t)arena->pointer_bytes + align - 1) & ~(align - 1);
}

uint64_t freertos_heap_block(uint64_t size, uint64_t head, uint64_t align, uint32_t pointer_bytes)
{
    uint64_t top = UINT64_C(1) << (8 * pointer_bytes - 1); /* marks blocks in use */
    if (!size || size >= top)
        return 0;
    uint64_t bytes = (size + head + align - 1) & ~(align - 1);
    return bytes < top ? bytes : 0;
}

static bool region_begin(struct freertos_heap *heap, const struct arena_region *region, struct error *error)
{
    uint64_t first = (region->base + heap->align - 1) & ~(heap->align - 1), end = region->base + region->bytes, least = heap->align + heap->head;
    end = region->bytes > least ? (end - heap->head) & ~(heap->align - 1) : first;
    if (first >= end)
        return error_set(error, ERROR_USAGE, "a region of %llu bytes is too small for a heap of FreeRTOS: its end marker takes %llu, a block %llu",
                         (unsigned long long)region->bytes, (unsigned long long)heap->head, (unsigned long long)least);
    heap->regions[heap->region_count++] = (struct freertos_heap_region){*region, first, end};
    gaps_add(&heap->gaps, first, end - first);
    return true;
}

void *freertos_heap_begin(const struct simulator_arena *arena, struct error *error)
{
    struct freertos_heap *heap = memory_new(1, sizeof *heap + arena->region_count * sizeof heap->regions[0]);
    heap->align = freertos_heap_align(arena);
    heap->head = freertos_heap_head(arena);
    heap->pointer_bytes = arena->pointer_bytes;
    for (size_t i = 0; i < arena->region_count; i++) {
        if (region_begin(heap, &arena->regions[i], error))
            continue;
        freertos_heap_end(heap);
        return NULL;
    }
    return heap;
}

void freertos_heap_end(void *context)
{
    struct freertos_heap *heap = context;
    gaps_done(&heap->gaps);
    map_done(&heap->live);
    memory_free(heap);
}

uint64_t freertos_heap_alloc(void *context, uint64_t size, uint64_t align)
{
    struct freertos_heap *heap = context;
    uint64_t bytes = freertos_heap_block(size, heap->head, heap->align, (uint32_t)heap->pointer_bytes);
    if (align > heap->align || !bytes)
        return 0;
    struct gap block = gaps_claim(&heap->gaps, bytes, 2 * heap->head);
    if (!block.address)
        return 0;
    *map_put(&heap->live, block.address + heap->head, NULL) = block.bytes;
    heap->latest = (struct gap){block.address + heap->head, block.bytes};
    heap->live_bytes += block.bytes;
    return block.address + heap->head;
}

void freertos_heap_free(void *context, uint64_t address)
{
    struct freertos_heap *heap = context;
    uint64_t bytes;
    if (!map_remove(&heap->live, address, &bytes))
        return;
    heap->latest.address = heap->latest.address == address ? 0 : heap->latest.address;
    heap->live_bytes -= bytes;
    gaps_give(&heap->gaps, address - heap->head, bytes);
}

void freertos_heap_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct freertos_heap *heap = context;
    bool is_latest = address == heap->latest.address;
    const uint64_t *bytes = is_latest ? &heap->latest.bytes : map_get(&heap->live, address);
    *taken = bytes ? *bytes : 0;
    *usable = bytes ? *bytes - heap->head : 0;
}

void freertos_heap_use(const void *context, struct arena_use *use)
{
    const struct freertos_heap *heap = context;
    uint64_t largest = gaps_largest(&heap->gaps), blocks = map_count(&heap->live);
    *use = (struct arena_use){
        .used = heap->live_bytes - blocks * heap->head,
        .largest = largest > heap->head ? largest - heap->head : 0,
        .blocks = blocks,
        .pieces = heap->gaps.pieces,
    };
    for (size_t i = 0; i < heap->region_count; i++)
        use->total += heap->regions[i].all.bytes;
    use->free = heap->gaps.bytes - use->pieces * heap->head;
    use->overhead = use->total - use->used - use->free;
}

static void region_walk(const struct freertos_heap *heap, const struct freertos_heap_region *region,
                        void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    struct gap gap = gaps_from(&heap->gaps, region->first);
    uint64_t end = region->all.base + region->all.bytes, told = region->all.base; /* from here on all is overhead so far */
    for (uint64_t at = region->first; at < region->end;) {
        const uint64_t *live = map_get(&heap->live, at + heap->head);
        bool is_free = gap.address == at;
        uint64_t bytes = is_free ? gap.bytes : live ? *live : region->end - at;
        if (at + heap->head > told)
            piece(to, told, at + heap->head - told, ARENA_OVERHEAD);
        told = at + bytes;
        if (bytes > heap->head)
            piece(to, at + heap->head, bytes - heap->head, is_free ? ARENA_FREE : ARENA_USED);
        at += bytes;
        if (is_free)
            gap = gaps_from(&heap->gaps, at);
    }
    if (end > told)
        piece(to, told, end - told, ARENA_OVERHEAD);
}

void freertos_heap_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct freertos_heap *heap = context;
    for (size_t i = 0; i < heap->region_count; i++)
        region_walk(heap, &heap->regions[i], piece, to);
}
