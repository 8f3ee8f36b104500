/* sys_heap: in requests, out the addresses of Zephyr's sys_heap: chunks of 8-byte units, a ring of free ones for each power of two, of which the first three are tried. */
#include "host/base/memory.h"
#include "tiles.h"

enum { UNIT = 8, RINGS = 32 };

struct sys_heap {
    struct tiles tiles;
    struct tile_dress dress;
    uint64_t base, units; /* of all chunks, that of the heap itself included */
    uint64_t head;        /* bytes: 4 in a small heap, 8 in a big one */
    uint64_t skipped;     /* bytes between a chunk's header and what an aligned request got */
    uint32_t tries, pointer_bytes;
    uint64_t ref;         /* k_malloc: bytes of the heap's address before each block */
    uint32_t rings_used, ring_count, rings[RINGS];
};

static uint64_t units_of(uint64_t bytes)
{
    return (bytes + UNIT - 1) / UNIT;
}

static uint32_t ring_of(const struct sys_heap *heap, uint64_t units)
{
    uint64_t least = units_of(heap->head + 1);
    return 63 - (uint32_t)__builtin_clzll(units - least + 1);
}

/* A chunk of a header only is in no ring. */
static bool is_bare(const struct sys_heap *heap, uint32_t i)
{
    return heap->tiles.at[i].bytes <= heap->head;
}

static void ring_add(struct sys_heap *heap, uint32_t i)
{
    struct tile *at = heap->tiles.at;
    if (is_bare(heap, i))
        return;
    uint32_t ring = ring_of(heap, at[i].bytes / UNIT), first = heap->rings[ring];
    if (!first) {
        heap->rings_used |= 1u << ring;
        heap->rings[ring] = at[i].next = at[i].last = i;
        return;
    }
    at[i].last = at[first].last;
    at[i].next = first;
    at[at[i].last].next = i;
    at[first].last = i;
}

static void ring_remove(struct sys_heap *heap, uint32_t i)
{
    struct tile *at = heap->tiles.at;
    if (is_bare(heap, i))
        return;
    uint32_t ring = ring_of(heap, at[i].bytes / UNIT);
    if (at[i].next == i) {
        heap->rings_used &= ~(1u << ring);
        heap->rings[ring] = 0;
        return;
    }
    heap->rings[ring] = at[i].next;
    at[at[i].last].next = at[i].next;
    at[at[i].next].last = at[i].last;
}

/* A free chunk of `units` at least, off its ring; the ring's start moves on with each that was too small. */
static uint32_t chunk_find(struct sys_heap *heap, uint64_t units)
{
    const struct tile *at = heap->tiles.at;
    if (units > heap->units)
        return 0;
    uint32_t ring = ring_of(heap, units), first = ring < heap->ring_count ? heap->rings[ring] : 0, i = first;
    for (uint32_t tries = heap->tries; first; i = at[i].next, heap->rings[ring] = i) {
        if (at[i].bytes >= units * UNIT) {
            ring_remove(heap, i);
            return i;
        }
        if (!--tries || at[i].next == first) {
            heap->rings[ring] = at[i].next;
            break;
        }
    }
    uint32_t rings = (uint32_t)(heap->rings_used & ~UINT64_C(0) << (ring + 1));
    if (!rings)
        return 0;
    i = heap->rings[__builtin_ctz(rings)];
    ring_remove(heap, i);
    return i;
}

/* A chunk off its ring keeps `units`. */
static void chunk_cut(struct sys_heap *heap, uint32_t i, uint64_t units)
{
    if (heap->tiles.at[i].bytes > units * UNIT)
        ring_add(heap, tiles_split(&heap->tiles, i, units * UNIT));
}

/* The chunk's memory begins at `memory`. */
static uint64_t chunk_hand(struct sys_heap *heap, uint32_t i, uint64_t memory)
{
    heap->skipped += memory - heap->tiles.at[i].at - heap->head;
    tiles_mark(&heap->tiles, i, TILE_USED);
    tiles_hand(&heap->tiles, i, memory + heap->ref);
    return memory + heap->ref;
}

static uint64_t chunk_alloc(struct sys_heap *heap, uint64_t size)
{
    uint64_t units = units_of(heap->head + size);
    uint32_t i = chunk_find(heap, units);
    if (!i)
        return 0;
    chunk_cut(heap, i, units);
    return chunk_hand(heap, i, heap->tiles.at[i].at + heap->head);
}

/* `back` bytes before what is aligned. */
static uint64_t chunk_alloc_aligned(struct sys_heap *heap, uint64_t size, uint64_t align, uint64_t back)
{
    uint64_t gap = back && back < heap->head ? back : heap->head;
    uint32_t i = chunk_find(heap, units_of(heap->head + size + align - gap));
    if (!i)
        return 0;
    uint64_t first = heap->tiles.at[i].at, address = ((first + heap->head + back + align - 1) & ~(align - 1)) - back;
    uint64_t end = heap->base + units_of(address + size - heap->base) * UNIT, chunk = heap->base + (address - heap->head - heap->base) / UNIT * UNIT;
    if (chunk > first) {
        uint32_t front = i;
        i = tiles_split(&heap->tiles, front, chunk - first);
        ring_add(heap, front);
    }
    chunk_cut(heap, i, (end - chunk) / UNIT);
    return chunk_hand(heap, i, address);
}

static void chunk_free(struct sys_heap *heap, uint32_t i)
{
    tiles_mark(&heap->tiles, i, TILE_FREE);
    uint32_t before = heap->tiles.at[i].before, after = heap->tiles.at[i].after;
    if (tiles_is_free(&heap->tiles, after)) {
        ring_remove(heap, after);
        tiles_join(&heap->tiles, i);
    }
    if (tiles_is_free(&heap->tiles, before)) {
        ring_remove(heap, before);
        tiles_join(&heap->tiles, i = before);
    }
    ring_add(heap, i);
}

static void sys_heap_end(void *context)
{
    struct sys_heap *heap = context;
    tiles_done(&heap->tiles);
    memory_free(heap);
}

/* Which header a heap's end has is decided by its bytes, which header its chunks have by its units. */
static bool layout_begin(struct sys_heap *heap, const struct arena_region *region, uint64_t stats, struct error *error)
{
    bool is_wide = heap->pointer_bytes == 8;
    uint64_t foot = is_wide || region->bytes / UNIT > 0x7fff ? 8 : 4, first = (region->base + UNIT - 1) & ~(uint64_t)(UNIT - 1);
    uint64_t end = region->bytes > foot ? (region->base + region->bytes - foot) & ~(uint64_t)(UNIT - 1) : first;
    heap->base = first;
    heap->units = end > first ? (end - first) / UNIT : 0;
    heap->head = is_wide || heap->units > 0x7fff ? 8 : 4;
    if (heap->units > 2 && heap->units <= INT32_MAX) {
        heap->ring_count = ring_of(heap, heap->units) + 1;
        uint64_t own = units_of(16 + stats + 4 * heap->ring_count);
        if (own + units_of(heap->head + 1) <= heap->units) {
            ring_add(heap, tiles_row(&heap->tiles, region, first + own * UNIT, (heap->units - own) * UNIT));
            return true;
        }
    }
    return error_set(error, ERROR_USAGE, "an arena of %llu bytes is too %s for a sys_heap", (unsigned long long)region->bytes, heap->units > INT32_MAX ? "large" : "small");
}

static void *sys_heap_begin(const struct simulator_arena *arena, struct error *error)
{
    struct sys_heap *heap = memory_new(1, sizeof *heap);
    heap->pointer_bytes = arena->pointer_bytes;
    heap->tries = (uint32_t)simulator_option(arena, "loops", 3);
    heap->ref = simulator_option(arena, "k_malloc", 0) ? arena->pointer_bytes : 0;
    uint64_t stats = simulator_option(arena, "stats", 0) ? 3 * arena->pointer_bytes : 0;
    if (!heap->tries)
        error_set(error, ERROR_USAGE, "CONFIG_SYS_HEAP_ALLOC_LOOPS is 1 at least");
    else if (layout_begin(heap, arena->regions, stats, error)) {
        heap->dress = (struct tile_dress){.head = heap->head + heap->ref, .free_head = heap->head};
        return heap;
    }
    sys_heap_end(heap);
    return NULL;
}

/* k_malloc() keeps the heap's address before the block, asks for the alignment of a pointer, and gives a block even for 0 bytes. */
static uint64_t sys_heap_alloc(void *context, uint64_t size, uint64_t align)
{
    struct sys_heap *heap = context;
    uint64_t most = heap->units * UNIT, bytes = size + heap->ref;
    if (!bytes || size >= most || bytes >= most || align > most)
        return 0;
    if (heap->ref ? align <= heap->ref : align <= heap->head)
        return chunk_alloc(heap, bytes);
    return chunk_alloc_aligned(heap, bytes, align, heap->ref);
}

static uint64_t chunk_skipped(const struct sys_heap *heap, uint32_t i, uint64_t address)
{
    return address - heap->ref - heap->head - heap->tiles.at[i].at;
}

static void sys_heap_free(void *context, uint64_t address)
{
    struct sys_heap *heap = context;
    uint32_t i = tiles_return(&heap->tiles, address);
    if (!i)
        return;
    heap->skipped -= chunk_skipped(heap, i, address);
    chunk_free(heap, i);
}

/* A used chunk takes what it lacks from the free one behind it. */
static void chunk_extend(struct sys_heap *heap, uint32_t i, uint64_t units)
{
    uint32_t after = heap->tiles.at[i].after;
    ring_remove(heap, after);
    chunk_cut(heap, after, units - heap->tiles.at[i].bytes / UNIT);
    tiles_mark(&heap->tiles, after, TILE_USED);
    tiles_join(&heap->tiles, i);
}

static uint64_t sys_heap_resize(void *context, uint64_t address, uint64_t size)
{
    struct sys_heap *heap = context;
    struct tiles *tiles = &heap->tiles;
    uint64_t most = heap->units * UNIT, bytes = size + heap->ref;
    uint32_t i = tiles_find(tiles, address), after = tiles->at[i].after;
    if (!i || size >= most || bytes >= most)
        return 0;
    uint64_t units = units_of(heap->head + bytes + chunk_skipped(heap, i, address)), now = tiles->at[i].bytes / UNIT;
    if (now > units) {
        chunk_free(heap, tiles_split(tiles, i, units * UNIT));
    } else if (now < units && tiles_is_free(tiles, after) && now + tiles->at[after].bytes / UNIT >= units) {
        chunk_extend(heap, i, units);
    } else if (now < units) {
        uint64_t to = chunk_alloc(heap, bytes);
        if (to)
            sys_heap_free(heap, address);
        return to;
    }
    return address;
}

static void sys_heap_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct sys_heap *heap = context;
    uint32_t i = tiles_find(&heap->tiles, address);
    *taken = heap->tiles.at[i].bytes;
    *usable = i ? heap->tiles.at[i].at + *taken - address : 0;
}

static void sys_heap_use(const void *context, struct arena_use *use)
{
    const struct sys_heap *heap = context;
    tiles_use(&heap->tiles, &heap->dress, use);
    use->used -= heap->skipped;
    use->overhead += heap->skipped;
    if (!heap->rings_used)
        return;
    uint32_t first = heap->rings[31 - (uint32_t)__builtin_clz(heap->rings_used)], i = first;
    uint64_t most = 0, own = heap->dress.head;
    for (uint32_t tries = heap->tries; tries; tries--, i = heap->tiles.at[i].next)
        most = heap->tiles.at[i].bytes > most ? heap->tiles.at[i].bytes : most;
    use->largest = most > own ? most - own : 0;
}

struct walker {
    const struct sys_heap *heap;
    void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind);
    void *context;
};

/* Of an aligned block what lies before it is overhead, too. */
static void sys_heap_piece(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind)
{
    const struct walker *walker = context;
    uint64_t skipped = kind == ARENA_USED && !tiles_find(&walker->heap->tiles, address) ? UNIT / 2 : 0;
    if (skipped)
        walker->piece(walker->context, address, skipped, ARENA_OVERHEAD);
    if (bytes > skipped)
        walker->piece(walker->context, address + skipped, bytes - skipped, kind);
}

static void sys_heap_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct sys_heap *heap = context;
    struct walker walker = {heap, piece, to};
    tiles_walk(&heap->tiles, &heap->dress, sys_heap_piece, &walker);
}

const struct simulator simulator_sys_heap = {
    .name = "sys_heap",
    .title = "Zephyr sys_heap, k_heap, k_malloc",
    .source = "zephyr lib/heap/heap.c, heap.h, kernel/mempool.c, 3.7.1",
    .option_help = "k_malloc: blocks as k_malloc() gives them, with the heap's address before each\n"
                   "stats: CONFIG_SYS_HEAP_RUNTIME_STATS, which makes the heap's own structure larger\n"
                   "loops=NUMBER: CONFIG_SYS_HEAP_ALLOC_LOOPS, 3 if not said",
    .pointer_bytes = 4,
    .pointers = 4 | 8,
    .most_regions = 1,
    .aligns = true,
    .begin = sys_heap_begin,
    .end = sys_heap_end,
    .alloc = sys_heap_alloc,
    .resize = sys_heap_resize,
    .free = sys_heap_free,
    .measure = sys_heap_measure,
    .use = sys_heap_use,
    .walk = sys_heap_walk,
};
