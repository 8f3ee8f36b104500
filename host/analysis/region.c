/* region: the heaps that are regions; the gaps between their live blocks. */
#include "region.h"

#include <stdlib.h>

#include <heaptracer/heaptracer.h>

#include "answer.h"

bool region_is(const struct heap *heap)
{
    return heap->id || heap->kind || heap->size || heap->use_known;
}

const char *region_kind(uint32_t kind)
{
    static const char *const words[] = {
        [HT_MEMORY_NONE] = "",       [HT_MEMORY_RAM] = "ram",   [HT_MEMORY_INTERNAL] = "internal", [HT_MEMORY_EXTERNAL] = "external", [HT_MEMORY_DMA] = "dma",
        [HT_MEMORY_ARENA] = "arena", [HT_MEMORY_POOL] = "pool", [HT_MEMORY_SHARED] = "shared",     [HT_MEMORY_DEVICE] = "device",     [HT_MEMORY_RTC] = "rtc"};
    return kind < COLUMN_COUNT_OF(words) ? words[kind] : "?";
}

bool region_is_external(uint32_t kind)
{
    return kind == HT_MEMORY_EXTERNAL;
}

bool region_is_internal(uint32_t kind)
{
    return kind == HT_MEMORY_INTERNAL || kind == HT_MEMORY_DMA || kind == HT_MEMORY_RAM;
}

static void block_see(void *context, const struct block *block)
{
    struct regions *regions = context;
    const uint64_t *number = map_get(&regions->numbers, region_key(block->process, block->heap));
    if (!number)
        return;
    struct region *region = regions->list.at + *number - 1;
    uint64_t base = region->heap->base, bytes = block->usable > block->size ? block->usable : block->size;
    uint64_t end = bytes < UINT64_MAX - block->address ? block->address + bytes : UINT64_MAX;
    if (block->address >= base && end - base <= region->heap->size)
        vec_push(&region->extents, ((struct region_extent){block->address, end, block->size}));
}

static int extent_order(const void *left, const void *right)
{
    const struct region_extent *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

static void gap_see(struct region *region, uint64_t from, uint64_t to)
{
    uint64_t bytes = to > from ? to - from : 0;
    if (bytes < REGION_GAP_LEAST)
        return;
    region->gaps++;
    region->gap_bytes += bytes;
    region->largest_gap = bytes > region->largest_gap ? bytes : region->largest_gap;
}

static void gaps_find(struct region *region)
{
    uint64_t at = region->heap->base;
    if (region->extents.count)
        qsort(region->extents.at, region->extents.count, sizeof *region->extents.at, extent_order);
    for (size_t i = 0; i < region->extents.count; i++) {
        gap_see(region, at, region->extents.at[i].start);
        at = region->extents.at[i].end > at ? region->extents.at[i].end : at;
    }
    gap_see(region, at, region->heap->base + region->heap->size);
}

void regions_find(struct regions *regions, const struct model *model)
{
    const struct heap *heap;
    *regions = (struct regions){0};
    for (size_t i = 0; (heap = model_heap(model, i)); i++) {
        if (!region_is(heap))
            continue;
        vec_push(&regions->list, ((struct region){.heap = heap}));
        if (heap->base && heap->size && heap->size <= UINT64_MAX - heap->base)
            *map_put(&regions->numbers, region_key(heap->process, heap->id), NULL) = regions->list.count;
    }
    if (!map_count(&regions->numbers))
        return;
    model_each_block(model, block_see, regions);
    for (size_t i = 0; i < regions->list.count; i++)
        if (map_get(&regions->numbers, region_key(regions->list.at[i].heap->process, regions->list.at[i].heap->id)))
            gaps_find(regions->list.at + i);
}

void regions_done(struct regions *regions)
{
    for (size_t i = 0; i < regions->list.count; i++)
        vec_done(&regions->list.at[i].extents);
    vec_done(&regions->list);
    map_done(&regions->numbers);
}

bool region_watch(struct region_watch *watch)
{
    const struct heap *heap;
    for (; (heap = model_heap(watch->model, watch->heaps)); watch->heaps++) {
        watch->has_some |= region_is(heap);
        watch->has_malloc |= !heap->id && region_is(heap);
    }
    return watch->has_some;
}

struct region_use region_use(const struct region *region)
{
    const struct heap *heap = region->heap;
    if (heap->use_known)
        return (struct region_use){heap->use, true, true};
    struct region_use found = {.use = {.used = heap->account.live.bytes, .blocks = tally_count(heap->account.live)}};
    if (!region->gaps && !region->extents.count)
        return found;
    uint64_t peak = heap->account.peak.bytes;
    found.knows_free = true;
    found.use.free = region->gap_bytes;
    found.use.used = heap->size - region->gap_bytes;
    found.use.largest_free = region->largest_gap;
    found.use.least_free = peak < heap->size ? heap->size - peak : 0;
    return found;
}

double region_fragmentation(const struct heap_use_definition *use)
{
    return use->largest_free && use->largest_free < use->free ? 1 - (double)use->largest_free / (double)use->free : 0;
}
