/* tlsf_upstream: in requests, out the addresses of Matthew Conte's TLSF: its control structure and a pool in the first region, a pool in each other one. */
#include "host/base/memory.h"
#include "tlsf.h"

struct upstream {
    struct tlsf tlsf;
    struct tiles tiles;
    struct tile_dress dress;
};

static void upstream_end(void *context)
{
    struct upstream *heap = context;
    tiles_done(&heap->tiles);
    memory_free(heap);
}

static uint64_t upstream_control_bytes(const struct tlsf *tlsf)
{
    uint64_t maps = 4 * UINT64_C(1) + 4 * (uint64_t)tlsf->tops, lists = (uint64_t)tlsf->tops << tlsf->sub_log2;
    return 4 * tlsf->word + ((maps + tlsf->word - 1) & ~(uint64_t)(tlsf->word - 1)) + lists * tlsf->word;
}

static void *upstream_begin(const struct simulator_arena *arena, struct error *error)
{
    struct upstream *heap = memory_new(1, sizeof *heap);
    bool is_wide = arena->pointer_bytes == 8;
    heap->tlsf.tiles = &heap->tiles;
    heap->tlsf.word = is_wide ? 8 : 4;
    heap->tlsf.align_log2 = is_wide ? 3 : 2;
    heap->tlsf.sub_log2 = 5;
    heap->tlsf.top_log2 = is_wide ? 32 : 30;
    heap->dress = (struct tile_dress){.head = heap->tlsf.word, .free_head = heap->tlsf.word};
    tlsf_begin(&heap->tlsf);
    uint64_t control = upstream_control_bytes(&heap->tlsf);
    for (size_t i = 0; i < arena->region_count; i++, control = 0) {
        const struct arena_region *region = &arena->regions[i];
        if (region->bytes > control && tlsf_add_pool(&heap->tlsf, region, region->base + control, region->bytes - control))
            continue;
        error_set(error, ERROR_USAGE, "a region of %llu bytes at 0x%llx cannot be a pool of tlsf: it begins at a multiple of %u and has less than %llu bytes, but %llu at least",
                  (unsigned long long)region->bytes, (unsigned long long)region->base, heap->tlsf.word, 1ull << heap->tlsf.top_log2,
                  (unsigned long long)(control + 5 * heap->tlsf.word));
        upstream_end(heap);
        return NULL;
    }
    return heap;
}

static uint64_t upstream_hand(struct upstream *heap, uint32_t i)
{
    if (!i)
        return 0;
    uint64_t address = heap->tiles.at[i].at + heap->tlsf.word;
    tiles_hand(&heap->tiles, i, address);
    return address;
}

static uint64_t upstream_alloc(void *context, uint64_t size, uint64_t align)
{
    struct upstream *heap = context;
    return upstream_hand(heap, align ? tlsf_alloc_aligned(&heap->tlsf, size, align, 0) : tlsf_alloc(&heap->tlsf, size));
}

/* The real one, asked to make a block larger than any can be, cuts it to nothing and breaks its heap; here that is refused. */
static uint64_t upstream_resize(void *context, uint64_t address, uint64_t size)
{
    struct upstream *heap = context;
    uint32_t old = tiles_find(&heap->tiles, address), i = old ? tlsf_resize(&heap->tlsf, old, size) : 0;
    if (!i || i == old)
        return i ? address : 0;
    tiles_return(&heap->tiles, address);
    return upstream_hand(heap, i);
}

static void upstream_free(void *context, uint64_t address)
{
    struct upstream *heap = context;
    uint32_t i = tiles_return(&heap->tiles, address);
    if (i)
        tlsf_free(&heap->tlsf, i);
}

static void upstream_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct upstream *heap = context;
    *taken = heap->tiles.at[tiles_find(&heap->tiles, address)].bytes;
    *usable = *taken ? *taken - heap->tlsf.word : 0;
}

static void upstream_use(const void *context, struct arena_use *use)
{
    const struct upstream *heap = context;
    tiles_use(&heap->tiles, &heap->dress, use);
    use->largest = tlsf_largest(&heap->tlsf);
}

static void upstream_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct upstream *heap = context;
    tiles_walk(&heap->tiles, &heap->dress, piece, to);
}

const struct simulator simulator_tlsf_upstream = {
    .name = "tlsf",
    .title = "TLSF 3.1 (Matthew Conte)",
    .source = "mattconte/tlsf tlsf.c, deff9ab",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = 64,
    .aligns = true,
    .begin = upstream_begin,
    .end = upstream_end,
    .alloc = upstream_alloc,
    .resize = upstream_resize,
    .free = upstream_free,
    .measure = upstream_measure,
    .use = upstream_use,
    .walk = upstream_walk,
};
