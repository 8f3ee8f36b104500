/* tlsf_esp: in requests, out the addresses of ESP-IDF's heaps: one TLSF a region, the smallest region first; with poisoning, a canary at both ends of each block; with
 * task tracking, the owner before each block and a record of it in the largest region. All blocks are of one task; a request has the capabilities of malloc(). */
#include <stdlib.h>

#include "host/base/memory.h"
#include "tlsf.h"

enum { MOST_REGIONS = 32, TASK_NAME = 16, INTERNAL_LIMIT = 16384 /* CONFIG_SPIRAM_MALLOC_ALWAYSINTERNAL */ };
enum kind { KIND_ANY, KIND_INTERNAL, KIND_EXTERNAL };
enum poisoning { POISONING_NONE, POISONING_LIGHT, POISONING_COMPREHENSIVE };

struct region {
    struct tlsf tlsf;
    struct arena_region all;
    enum kind kind;
    bool is_known; /* task tracking has its record of this heap */
};

struct esp {
    struct tiles tiles;
    struct tile_dress dress;
    enum poisoning poisoning;
    uint64_t word, owner, front, tail; /* front: of the first canary and the size behind it */
    uint64_t internal_limit;
    struct map records; /* tracking: by the block's address, the tile of its record */
    bool tracks, has_task, has_external;
    size_t region_count;
    struct region *order[MOST_REGIONS]; /* as they are searched */
    struct region *largest;
    struct region regions[];
};

static void esp_end(void *context)
{
    struct esp *heap = context;
    tiles_done(&heap->tiles);
    map_done(&heap->records);
    memory_free(heap);
}

/* Of a region: its descriptor, and TLSF's control structure, whose size hangs on the rest. */
static bool region_begin(struct esp *heap, struct region *region, struct error *error)
{
    uint64_t word = heap->word, head = 5 * word, bytes = region->all.bytes > head ? region->all.bytes - head : 0;
    struct tlsf *tlsf = &region->tlsf;
    tlsf->tiles = &heap->tiles;
    tlsf->word = (uint32_t)word;
    tlsf->align_log2 = 2;
    tlsf->keeps_rounding = true;
    tlsf->sub_log2 = bytes <= 16 * 1024 ? 3 : bytes <= 256 * 1024 ? 4 : 5;
    tlsf->top_log2 = bytes ? 64 - (uint32_t)__builtin_clzll(bytes) : 0;
    uint64_t fixed = word == 4 ? 36 : 72;
    if (tlsf->top_log2 <= 31 && bytes > fixed) {
        tlsf_begin(tlsf);
        uint64_t control = fixed + 4 * (uint64_t)tlsf->tops + word * ((uint64_t)tlsf->tops << tlsf->sub_log2);
        if (bytes > control && tlsf_add_pool(tlsf, &region->all, region->all.base + head + control, bytes - control))
            return true;
    }
    return error_set(error, ERROR_USAGE,
                     "a region of %llu bytes at 0x%llx cannot be a heap of ESP-IDF: it begins at a multiple of 4, has less than 2 GiB, and some hundred bytes at least",
                     (unsigned long long)region->all.bytes, (unsigned long long)region->all.base);
}

/* The smallest first; of two of a size, the later. What is external comes last, as malloc() prefers the internal. */
static int region_order(const void *left, const void *right)
{
    const struct region *a = *(struct region *const *)left, *b = *(struct region *const *)right;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->all.bytes != b->all.bytes)
        return a->all.bytes < b->all.bytes ? -1 : 1;
    return a > b ? -1 : a < b;
}

static void *esp_begin(const struct simulator_arena *arena, struct error *error)
{
    struct esp *heap = memory_new(1, sizeof *heap + arena->region_count * sizeof heap->regions[0]);
    uint64_t external = simulator_option(arena, "external", 0), word = arena->pointer_bytes;
    heap->word = word;
    heap->poisoning = simulator_option_word(arena, "poisoning", "light|comprehensive");
    heap->tracks = simulator_option(arena, "tracking", 0);
    heap->internal_limit = simulator_option(arena, "internal-limit", INTERNAL_LIMIT);
    heap->has_external = external && external <= arena->region_count;
    heap->owner = heap->tracks ? word : 0;
    heap->front = heap->poisoning ? 2 * word : 0;
    heap->tail = heap->poisoning ? 4 : 0;
    heap->dress = (struct tile_dress){.head = word + heap->front + heap->owner, .tail = heap->tail, .free_head = word};
    for (size_t i = 0; i < arena->region_count; i++) {
        struct region *region = heap->order[i] = &heap->regions[heap->region_count++];
        region->all = arena->regions[i];
        region->kind = i + 1 == external ? KIND_EXTERNAL : KIND_INTERNAL;
        if (!heap->largest || region->all.bytes > heap->largest->all.bytes)
            heap->largest = region;
        if (region_begin(heap, region, error))
            continue;
        esp_end(heap);
        return NULL;
    }
    qsort(heap->order, heap->region_count, sizeof heap->order[0], region_order);
    return heap;
}

static struct region *region_of(struct esp *heap, uint64_t address)
{
    struct region *region = heap->regions;
    while (address - region->all.base >= region->all.bytes)
        region++;
    return region;
}

/* multi_heap_malloc(): what the tracker itself asks has canaries, but no owner. */
static uint32_t record_alloc(struct esp *heap, uint64_t bytes)
{
    uint32_t i = tlsf_alloc(&heap->largest->tlsf, bytes + heap->front + heap->tail);
    if (i)
        tiles_mark(&heap->tiles, i, TILE_OWN);
    return i;
}

/* The first block of a task has a record of the task before its own, the first in each heap one of that heap. */
static void block_track(struct esp *heap, struct region *region, uint64_t address)
{
    uint64_t word = heap->word;
    heap->has_task = heap->has_task || record_alloc(heap, TASK_NAME + 9 * word);
    region->is_known = region->is_known || (heap->has_task && record_alloc(heap, 11 * word));
    uint32_t record = region->is_known ? record_alloc(heap, 4 * word) : 0;
    if (record)
        *map_put(&heap->records, address, NULL) = record;
}

static uint64_t region_alloc(struct esp *heap, struct region *region, uint64_t size, uint64_t align)
{
    uint64_t before = heap->front + heap->owner, bytes = size + before + heap->tail;
    uint32_t i = align > 4 ? tlsf_alloc_aligned(&region->tlsf, bytes, align, before) : tlsf_alloc(&region->tlsf, bytes);
    if (!i)
        return 0;
    uint64_t address = heap->tiles.at[i].at + heap->word + before;
    tiles_hand(&heap->tiles, i, address);
    if (heap->tracks)
        block_track(heap, region, address);
    return address;
}

/* In the regions of one kind, or in all. */
static uint64_t regions_alloc(struct esp *heap, uint64_t size, uint64_t align, enum kind kind)
{
    for (size_t i = 0; i < heap->region_count; i++) {
        struct region *region = heap->order[i];
        uint64_t address = kind == KIND_ANY || kind == region->kind ? region_alloc(heap, region, size, align) : 0;
        if (address)
            return address;
    }
    return 0;
}

/* Which regions a request tries before all. */
static enum kind kind_preferred(const struct esp *heap, uint64_t size)
{
    return size > heap->internal_limit ? KIND_EXTERNAL : KIND_INTERNAL;
}

static uint64_t esp_alloc(void *context, uint64_t size, uint64_t align)
{
    struct esp *heap = context;
    if (!size || size >> 31 || align >> 31)
        return 0;
    uint64_t address = heap->has_external ? regions_alloc(heap, size, align, kind_preferred(heap, size)) : 0;
    return address ? address : regions_alloc(heap, size, align, KIND_ANY);
}

static void esp_free(void *context, uint64_t address)
{
    struct esp *heap = context;
    uint64_t record;
    uint32_t i = tiles_return(&heap->tiles, address);
    if (!i)
        return;
    if (heap->tracks && map_remove(&heap->records, address, &record))
        tlsf_free(&heap->largest->tlsf, (uint32_t)record);
    tlsf_free(&region_of(heap, address)->tlsf, i);
}

/* The record stays, and tells of the new block; one that found no room is tried again. */
static void block_track_resize(struct esp *heap, struct region *region, uint64_t from, uint64_t to)
{
    uint64_t record;
    if (map_remove(&heap->records, from, &record))
        *map_put(&heap->records, to, NULL) = record;
    else if (!heap->has_task || region->is_known)
        block_track(heap, region, to);
}

/* In its own heap: with comprehensive poisoning always a new block. */
static uint64_t region_resize(struct esp *heap, struct region *region, uint64_t address, uint64_t size)
{
    uint64_t before = heap->front + heap->owner, bytes = size + before + heap->tail, to = address;
    uint32_t old = tiles_find(&heap->tiles, address), i;
    if (heap->poisoning == POISONING_COMPREHENSIVE) {
        i = tlsf_alloc(&region->tlsf, bytes);
        if (i)
            tlsf_free(&region->tlsf, old);
    } else {
        i = tlsf_resize(&region->tlsf, old, bytes);
    }
    if (!i)
        return 0;
    if (i != old) {
        to = heap->tiles.at[i].at + heap->word + before;
        tiles_return(&heap->tiles, address);
        tiles_hand(&heap->tiles, i, to);
    }
    if (heap->tracks)
        block_track_resize(heap, region, address, to);
    return to;
}

/* Where it is, if that is of the kind; else a new block there. */
static uint64_t kind_resize(struct esp *heap, uint64_t address, uint64_t size, enum kind kind)
{
    struct region *region = region_of(heap, address);
    uint64_t to = kind == KIND_ANY || kind == region->kind ? region_resize(heap, region, address, size) : 0;
    if (to)
        return to;
    to = regions_alloc(heap, size, 0, kind);
    if (to)
        esp_free(heap, address);
    return to;
}

static uint64_t esp_resize(void *context, uint64_t address, uint64_t size)
{
    struct esp *heap = context;
    if (size >> 31 || !tiles_find(&heap->tiles, address))
        return 0;
    uint64_t to = heap->has_external ? kind_resize(heap, address, size, kind_preferred(heap, size)) : 0;
    return to ? to : kind_resize(heap, address, size, KIND_ANY);
}

static void esp_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct esp *heap = context;
    *taken = heap->tiles.at[tiles_find(&heap->tiles, address)].bytes;
    *usable = *taken ? *taken - heap->dress.head - heap->dress.tail : 0;
}

static void esp_use(const void *context, struct arena_use *use)
{
    const struct esp *heap = context;
    uint64_t largest = 0, own = heap->front + heap->owner + heap->tail;
    tiles_use(&heap->tiles, &heap->dress, use);
    for (size_t i = 0; i < heap->region_count; i++) {
        uint64_t here = tlsf_largest(&heap->regions[i].tlsf);
        largest = here > largest ? here : largest;
    }
    use->largest = largest > own ? largest - own : 0;
}

static void esp_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct esp *heap = context;
    tiles_walk(&heap->tiles, &heap->dress, piece, to);
}

const struct simulator simulator_tlsf_esp = {
    .name = "tlsf-esp",
    .title = "ESP-IDF heap (TLSF)",
    .source = "espressif/tlsf ba64d19; esp-idf components/heap: multi_heap.c, multi_heap_poisoning.c, heap_caps_base.c, heap_task_info.c, 1021229",
    .option_help = "poisoning=light|comprehensive: canaries around each block; comprehensive moves every block that is resized\n"
                   "tracking: CONFIG_HEAP_TASK_TRACKING, the owner before each block and a record of it\n"
                   "external=NUMBER: this region, counted from 1, is PSRAM, which malloc() may use\n"
                   "internal-limit=BYTES: heap_caps_malloc_extmem_enable(BYTES): larger requests try PSRAM first, the others last; 16384 if not said",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = MOST_REGIONS,
    .aligns = true,
    .begin = esp_begin,
    .end = esp_end,
    .alloc = esp_alloc,
    .resize = esp_resize,
    .free = esp_free,
    .measure = esp_measure,
    .use = esp_use,
    .walk = esp_walk,
};
