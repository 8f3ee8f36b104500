/* umm: in requests, out the addresses of umm_malloc: a list of free blocks, newest first; the best or the first of them that fits. Both are this model. */
#include "host/base/memory.h"
#include "tiles.h"

enum { UMM_HEAD = 4, UMM_MOST_BLOCKS = 32768 };

struct umm {
    struct tiles tiles; /* tile 0 is the head of the list of free ones */
    struct tile_dress dress;
    uint64_t body; /* bytes of a unit */
    uint64_t align;
    bool takes_first;
};

static void umm_unlink(struct umm *heap, uint32_t i)
{
    const struct tile *tile = &heap->tiles.at[i];
    heap->tiles.at[tile->last].next = tile->next;
    heap->tiles.at[tile->next].last = tile->last;
}

/* Tile `i` takes the place of `old` in the list. */
static void umm_replace(struct umm *heap, uint32_t old, uint32_t i)
{
    struct tile *at = heap->tiles.at;
    at[i].next = at[old].next;
    at[i].last = at[old].last;
    at[at[i].last].next = i;
    at[at[i].next].last = i;
}

static void umm_push(struct umm *heap, uint32_t i)
{
    struct tile *at = heap->tiles.at;
    at[i].next = at[0].next;
    at[i].last = 0;
    at[at[0].next].last = i;
    at[0].next = i;
}

static void umm_absorb_next(struct umm *heap, uint32_t i)
{
    uint32_t after = heap->tiles.at[i].after;
    if (!tiles_is_free(&heap->tiles, after))
        return;
    umm_unlink(heap, after);
    tiles_mark(&heap->tiles, after, heap->tiles.at[i].kind);
    tiles_join(&heap->tiles, i);
}

/* A used tile; one joined to the free tile before it has that one's place in the list. */
static void umm_give_back(struct umm *heap, uint32_t i)
{
    umm_absorb_next(heap, i);
    tiles_mark(&heap->tiles, i, TILE_FREE);
    uint32_t before = heap->tiles.at[i].before;
    if (tiles_is_free(&heap->tiles, before))
        tiles_join(&heap->tiles, before);
    else
        umm_push(heap, i);
}

static uint64_t umm_bytes(const struct umm *heap, uint64_t size)
{
    if (size >= heap->body * UMM_MOST_BLOCKS)
        return UINT64_MAX;
    uint64_t units = (size + UMM_HEAD + heap->body - 1) / heap->body;
    return units * heap->body;
}

static uint32_t umm_find(const struct umm *heap, uint64_t bytes)
{
    const struct tile *at = heap->tiles.at;
    uint32_t best = 0;
    uint64_t best_bytes = UINT64_MAX;
    for (uint32_t i = at[0].next; i && best_bytes != bytes; i = at[i].next) {
        if (at[i].bytes < bytes || at[i].bytes >= best_bytes)
            continue;
        best = i;
        if (heap->takes_first)
            break;
        best_bytes = at[i].bytes;
    }
    return best;
}

static uint32_t umm_take(struct umm *heap, uint64_t size)
{
    uint64_t bytes = umm_bytes(heap, size);
    uint32_t i = umm_find(heap, bytes);
    if (!i)
        return 0;
    if (heap->tiles.at[i].bytes > bytes)
        umm_replace(heap, i, tiles_split(&heap->tiles, i, bytes));
    else
        umm_unlink(heap, i);
    tiles_mark(&heap->tiles, i, TILE_USED);
    return i;
}

static uint64_t umm_hand(struct umm *heap, uint32_t i)
{
    uint64_t address = i ? heap->tiles.at[i].at + UMM_HEAD : 0;
    if (i)
        tiles_hand(&heap->tiles, i, address);
    return address;
}

static void umm_end(void *context)
{
    struct umm *heap = context;
    tiles_done(&heap->tiles);
    memory_free(heap);
}

/* The first unit is the list's head, the last an end mark. */
static struct umm *umm_begin(const struct simulator_arena *arena, struct error *error)
{
    const struct arena_region *region = arena->regions;
    uint64_t body = simulator_option(arena, "body", 8), units = body ? region->bytes / body : 0;
    if (body < 8 || body % 4 || body > 4096) {
        error_set(error, ERROR_USAGE, "a block body of umm_malloc has a multiple of 4 bytes, 8 at least and 4096 at most, not %llu", (unsigned long long)body);
        return NULL;
    }
    if (units < 3 || units > UMM_MOST_BLOCKS) {
        error_set(error, ERROR_USAGE, "umm_malloc manages 3 to %u blocks of %llu bytes, and an arena of %llu bytes has %llu; option body=BYTES sets larger blocks",
                  UMM_MOST_BLOCKS, (unsigned long long)body, (unsigned long long)region->bytes, (unsigned long long)units);
        return NULL;
    }
    struct umm *heap = memory_new(1, sizeof *heap);
    heap->body = body;
    heap->align = ((region->base + UMM_HEAD) | body) & -((region->base + UMM_HEAD) | body);
    heap->dress = (struct tile_dress){.head = UMM_HEAD, .free_head = UMM_HEAD};
    umm_push(heap, tiles_row(&heap->tiles, region, region->base + body, (units - 2) * body));
    return heap;
}

static void *umm_begin_best(const struct simulator_arena *arena, struct error *error)
{
    return umm_begin(arena, error);
}

static void *umm_begin_first(const struct simulator_arena *arena, struct error *error)
{
    struct umm *heap = umm_begin(arena, error);
    if (heap)
        heap->takes_first = true;
    return heap;
}

static uint64_t umm_alloc(void *context, uint64_t size, uint64_t align)
{
    struct umm *heap = context;
    return !size || align > heap->align ? 0 : umm_hand(heap, umm_take(heap, size));
}

static void umm_free(void *context, uint64_t address)
{
    struct umm *heap = context;
    uint32_t i = tiles_return(&heap->tiles, address);
    if (i)
        umm_give_back(heap, i);
}

/* The used tile `i` and the free one before it. */
static uint32_t umm_absorb_before(struct umm *heap, uint32_t i)
{
    uint32_t before = heap->tiles.at[i].before;
    umm_unlink(heap, before);
    tiles_mark(&heap->tiles, before, TILE_USED);
    tiles_join(&heap->tiles, before);
    return before;
}

static uint32_t umm_move(struct umm *heap, uint32_t i, uint64_t size)
{
    uint32_t to = umm_take(heap, size);
    if (to)
        umm_give_back(heap, i);
    return to;
}

/* An exact fit with the block behind, then the block behind if none before is free, then the one before, then both, then a new one. */
static uint32_t umm_enlarge(struct umm *heap, uint32_t i, uint64_t bytes, uint64_t size)
{
    const struct tile *tile = &heap->tiles.at[i];
    uint64_t now = tile->bytes, front = 0, behind = 0;
    if (tiles_is_free(&heap->tiles, tile->before))
        front = heap->tiles.at[tile->before].bytes;
    if (tiles_is_free(&heap->tiles, tile->after))
        behind = heap->tiles.at[tile->after].bytes;
    if (front + now + behind < bytes)
        return umm_move(heap, i, size);
    bool takes_behind = now + behind == bytes || (!front && now + behind >= bytes);
    if (takes_behind || front + now < bytes)
        umm_absorb_next(heap, i);
    return takes_behind ? i : umm_absorb_before(heap, i);
}

static uint64_t umm_resize(void *context, uint64_t address, uint64_t size)
{
    struct umm *heap = context;
    uint32_t old = tiles_find(&heap->tiles, address), i = old;
    uint64_t bytes = umm_bytes(heap, size);
    if (!old)
        return 0;
    if (heap->tiles.at[old].bytes < bytes)
        i = umm_enlarge(heap, old, bytes, size);
    if (!i)
        return 0;
    if (heap->tiles.at[i].bytes > bytes)
        umm_give_back(heap, tiles_split(&heap->tiles, i, bytes));
    if (i == old)
        return address;
    tiles_return(&heap->tiles, address);
    return umm_hand(heap, i);
}

static void umm_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct umm *heap = context;
    *taken = heap->tiles.at[tiles_find(&heap->tiles, address)].bytes;
    *usable = *taken ? *taken - UMM_HEAD : 0;
}

static void umm_use(const void *context, struct arena_use *use)
{
    const struct umm *heap = context;
    const struct tile *at = heap->tiles.at;
    tiles_use(&heap->tiles, &heap->dress, use);
    for (uint32_t i = at[0].next; i; i = at[i].next)
        use->largest = at[i].bytes - UMM_HEAD > use->largest ? at[i].bytes - UMM_HEAD : use->largest;
}

static void umm_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct umm *heap = context;
    tiles_walk(&heap->tiles, &heap->dress, piece, to);
}

const struct simulator simulator_umm = {
    .name = "umm",
    .title = "umm_malloc, best fit",
    .source = "rhempel/umm_malloc src/umm_malloc.c, ed68d0b",
    .option_help = "body=BYTES: UMM_BLOCK_BODY_SIZE, 8 if not said",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = 1,
    .begin = umm_begin_best,
    .end = umm_end,
    .alloc = umm_alloc,
    .resize = umm_resize,
    .free = umm_free,
    .measure = umm_measure,
    .use = umm_use,
    .walk = umm_walk,
};

const struct simulator simulator_umm_first = {
    .name = "umm-first",
    .title = "umm_malloc, first fit",
    .source = "rhempel/umm_malloc src/umm_malloc.c, ed68d0b",
    .option_help = "body=BYTES: UMM_BLOCK_BODY_SIZE, 8 if not said",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = 1,
    .begin = umm_begin_first,
    .end = umm_end,
    .alloc = umm_alloc,
    .resize = umm_resize,
    .free = umm_free,
    .measure = umm_measure,
    .use = umm_use,
    .walk = umm_walk,
};
