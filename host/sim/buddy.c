/* buddy: in requests, out blocks of a power of two: the oldest free block of the lowest power that fits is halved until it fits, its upper halves become free; a freed
 * block joins its free buddy, and so on. An arena of another size is several such blocks side by side, each as large as its place allows. */
#include "host/base/map.h"
#include "host/base/memory.h"
#include "simulator.h"

enum { POWERS = 63, NOBODY = UINT32_MAX };

/* A free block; those of a power are a list, the newest first. */
struct buddy_node {
    uint64_t at; /* from the arena's start */
    uint32_t newer, older;
};

struct buddy {
    struct arena_region all;
    uint32_t least;    /* power of the smallest block */
    uint64_t managed;  /* bytes, from the arena's start */
    uint64_t powers;   /* a bit for each power of which a block is free */
    struct { uint32_t newest, oldest; } lists[POWERS];
    struct buddy_node *nodes;
    uint32_t node_count, node_room, spare;
    struct map free;   /* by at << 6 | power: the node */
    struct map live;   /* by address: the power */
    uint64_t used, pieces;
};

static uint32_t log2_ceiling(uint64_t bytes)
{
    return bytes > 1 ? 64 - (uint32_t)__builtin_clzll(bytes - 1) : 0;
}

static uint64_t free_key(uint64_t at, uint32_t power)
{
    return (at << 6 | power) + 1;
}

static uint32_t node_new(struct buddy *heap)
{
    uint32_t i = heap->spare;
    if (i != NOBODY) {
        heap->spare = heap->nodes[i].older;
        return i;
    }
    if (heap->node_count == heap->node_room) {
        heap->node_room = heap->node_room ? 2 * heap->node_room : 64;
        heap->nodes = memory_resize(heap->nodes, heap->node_room, sizeof *heap->nodes);
    }
    return heap->node_count++;
}

static void free_add(struct buddy *heap, uint64_t at, uint32_t power)
{
    uint32_t i = node_new(heap), *newest = &heap->lists[power].newest;
    heap->nodes[i] = (struct buddy_node){at, NOBODY, *newest};
    if (*newest != NOBODY)
        heap->nodes[*newest].newer = i;
    else
        heap->lists[power].oldest = i;
    *newest = i;
    heap->powers |= UINT64_C(1) << power;
    *map_put(&heap->free, free_key(at, power), NULL) = i;
    heap->pieces++;
}

static uint64_t free_remove(struct buddy *heap, uint32_t i, uint32_t power)
{
    struct buddy_node *node = &heap->nodes[i];
    *(node->newer != NOBODY ? &heap->nodes[node->newer].older : &heap->lists[power].newest) = node->older;
    *(node->older != NOBODY ? &heap->nodes[node->older].newer : &heap->lists[power].oldest) = node->newer;
    if (heap->lists[power].newest == NOBODY)
        heap->powers &= ~(UINT64_C(1) << power);
    map_remove(&heap->free, free_key(node->at, power), NULL);
    node->older = heap->spare;
    heap->spare = i;
    heap->pieces--;
    return node->at;
}

static void *buddy_begin(const struct simulator_arena *arena, struct error *error)
{
    uint64_t unit = arena->unit_bytes ? arena->unit_bytes : 4 * arena->pointer_bytes, bytes = arena->regions->bytes;
    if (unit & (unit - 1) || bytes < unit || bytes >> 57) {
        error_set(error, ERROR_USAGE, "buddies in an arena of %llu bytes cannot have %llu as their smallest: that is a power of two, and the arena has one block at least",
                  (unsigned long long)bytes, (unsigned long long)unit);
        return NULL;
    }
    struct buddy *heap = memory_new(1, sizeof *heap);
    heap->all = *arena->regions;
    heap->least = log2_ceiling(unit);
    heap->managed = bytes & ~(unit - 1);
    heap->spare = NOBODY;
    for (int power = 0; power < POWERS; power++)
        heap->lists[power].newest = heap->lists[power].oldest = NOBODY;
    for (uint64_t at = 0; at < heap->managed;) {
        uint32_t power = 63 - (uint32_t)__builtin_clzll(heap->managed - at);
        free_add(heap, at, power);
        at += UINT64_C(1) << power;
    }
    return heap;
}

static void buddy_end(void *context)
{
    struct buddy *heap = context;
    memory_free(heap->nodes);
    map_done(&heap->free);
    map_done(&heap->live);
    memory_free(heap);
}

/* A block of n bytes lies at a multiple of n from the arena's start. */
static uint64_t buddy_alloc(void *context, uint64_t size, uint64_t align)
{
    struct buddy *heap = context;
    if (!size || size > heap->managed || align > heap->managed || (align && heap->all.base & (align - 1)))
        return 0;
    uint32_t wanted = log2_ceiling(size > align ? size : align);
    wanted = wanted < heap->least ? heap->least : wanted;
    uint64_t powers = heap->powers >> wanted << wanted;
    if (!powers)
        return 0;
    uint32_t power = (uint32_t)__builtin_ctzll(powers);
    uint64_t at = free_remove(heap, heap->lists[power].oldest, power);
    while (power > wanted) {
        power--;
        free_add(heap, at + (UINT64_C(1) << power), power);
    }
    *map_put(&heap->live, heap->all.base + at, NULL) = power;
    heap->used += UINT64_C(1) << power;
    return heap->all.base + at;
}

static void buddy_free(void *context, uint64_t address)
{
    struct buddy *heap = context;
    uint64_t at = address - heap->all.base, power;
    if (!map_remove(&heap->live, address, &power))
        return;
    heap->used -= UINT64_C(1) << power;
    for (;; power++) {
        const uint64_t *other = map_get(&heap->free, free_key(at ^ UINT64_C(1) << power, (uint32_t)power));
        if (!other)
            break;
        free_remove(heap, (uint32_t)*other, (uint32_t)power);
        at &= ~(UINT64_C(1) << power);
    }
    free_add(heap, at, (uint32_t)power);
}

static void buddy_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct buddy *heap = context;
    const uint64_t *power = map_get(&heap->live, address);
    *taken = *usable = power ? UINT64_C(1) << *power : 0;
}

static void buddy_use(const void *context, struct arena_use *use)
{
    const struct buddy *heap = context;
    *use = (struct arena_use){
        .total = heap->all.bytes,
        .used = heap->used,
        .free = heap->managed - heap->used,
        .overhead = heap->all.bytes - heap->managed,
        .largest = heap->powers ? UINT64_C(1) << (63 - __builtin_clzll(heap->powers)) : 0,
        .blocks = map_count(&heap->live),
        .pieces = heap->pieces,
    };
}

static void buddy_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct buddy *heap = context;
    for (uint64_t at = 0; at < heap->managed;) {
        const uint64_t *live = map_get(&heap->live, heap->all.base + at);
        uint32_t power = live ? (uint32_t)*live : heap->least;
        while (!live && !map_get(&heap->free, free_key(at, power)))
            power++;
        piece(to, heap->all.base + at, UINT64_C(1) << power, live ? ARENA_USED : ARENA_FREE);
        at += UINT64_C(1) << power;
    }
    if (heap->all.bytes > heap->managed)
        piece(to, heap->all.base + heap->managed, heap->all.bytes - heap->managed, ARENA_OVERHEAD);
}

const struct simulator simulator_buddy = {
    .name = "buddy",
    .title = "binary buddies",
    .source = "D. E. Knuth, The Art of Computer Programming, vol. 1, 2.5, algorithms R and S: first in, first out; sizes are kept beside the blocks",
    .pointer_bytes = 4,
    .pointers = 2 | 4 | 8,
    .most_regions = 1,
    .aligns = true,
    .begin = buddy_begin,
    .end = buddy_end,
    .alloc = buddy_alloc,
    .free = buddy_free,
    .measure = buddy_measure,
    .use = buddy_use,
    .walk = buddy_walk,
};
