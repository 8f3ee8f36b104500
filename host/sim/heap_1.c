/* heap_1: in requests, out the addresses of FreeRTOS' heap_1: an array that is only ever used up. */
#include "simulator.h"
#include "host/base/memory.h"

struct heap_1 {
    uint64_t base, first, bytes, next; /* first: what aligning the array costs */
    uint64_t align, blocks;
};

static void *heap_1_begin(const struct simulator_arena *arena, struct error *error)
{
    const struct arena_region *region = arena->regions;
    uint64_t align = arena->align_bytes ? arena->align_bytes : 8;
    if (region->bytes <= align) {
        error_set(error, ERROR_USAGE, "an arena of %llu bytes is too small for heap_1, which needs more than its alignment, %llu", (unsigned long long)region->bytes,
                  (unsigned long long)align);
        return NULL;
    }
    struct heap_1 *heap = memory_new(1, sizeof *heap);
    /* Its array is given up to the first aligned byte that is not the array's first. */
    heap->base = region->base;
    heap->first = ((region->base + align - 1) & ~(align - 1)) - region->base;
    heap->bytes = region->bytes - align;
    heap->align = align;
    return heap;
}

static void heap_1_end(void *heap)
{
    memory_free(heap);
}

static uint64_t heap_1_alloc(void *context, uint64_t size, uint64_t align)
{
    struct heap_1 *heap = context;
    uint64_t taken = (size + heap->align - 1) & ~(heap->align - 1);
    /* Strictly less: the last byte is never given. */
    if (align > heap->align || !size || taken < size || taken >= heap->bytes || heap->next + taken >= heap->bytes)
        return 0;
    uint64_t address = heap->base + heap->first + heap->next;
    heap->next += taken;
    heap->blocks++;
    return address;
}

/* vPortFree of heap_1 only asserts. */
static void heap_1_free(void *heap, uint64_t address)
{
    (void)heap;
    (void)address;
}

static void heap_1_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    (void)context;
    (void)address;
    *taken = *usable = 0; /* it keeps no size of a block */
}

static void heap_1_use(const void *context, struct arena_use *use)
{
    const struct heap_1 *heap = context;
    uint64_t left = heap->bytes - heap->next, largest = (left - 1) & ~(heap->align - 1);
    *use = (struct arena_use){
        .total = heap->bytes + heap->align,
        .used = heap->next,
        .free = largest,
        .overhead = heap->align + left - largest,
        .largest = largest,
        .blocks = heap->blocks,
        .pieces = largest ? 1 : 0,
    };
}

static void heap_1_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct heap_1 *heap = context;
    struct arena_use use;
    uint64_t at = heap->base + heap->first, end = heap->base + heap->bytes + heap->align;
    heap_1_use(heap, &use);
    if (heap->first)
        piece(to, heap->base, heap->first, ARENA_OVERHEAD);
    if (heap->next)
        piece(to, at, heap->next, ARENA_USED);
    if (use.free)
        piece(to, at + heap->next, use.free, ARENA_FREE);
    at += heap->next + use.free;
    if (at < end)
        piece(to, at, end - at, ARENA_OVERHEAD);
}

const struct simulator simulator_heap_1 = {
    .name = "heap_1",
    .title = "FreeRTOS heap_1",
    .source = "FreeRTOS-Kernel portable/MemMang/heap_1.c, V11.1",
    .pointer_bytes = 4,
    .pointers = 2 | 4 | 8,
    .most_regions = 1,
    .begin = heap_1_begin,
    .end = heap_1_end,
    .alloc = heap_1_alloc,
    .free = heap_1_free,
    .measure = heap_1_measure,
    .use = heap_1_use,
    .walk = heap_1_walk,
};
