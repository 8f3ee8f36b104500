/* avr_libc: in requests, out the addresses of avr-libc's malloc. All of an AVR's 64 KiB of data space is kept byte by byte, as this allocator can be led to write its
 * list over a neighbour (realloc to 1 byte, then free): what then happens is the model's answer too, as long as the program itself writes no other bytes there. */
#include "simulator.h"
#include "host/base/memory.h"

enum { SPACE = 0x10000, HEAD = 2, LEAST = 2, CHUNK_LEAST = 4, STEPS_MOST = SPACE / CHUNK_LEAST };

struct avr_libc {
    uint16_t start, end; /* __malloc_heap_start, __malloc_heap_end */
    uint16_t top;        /* __brkval */
    uint16_t list;       /* __flp: the free chunks in order of address; 0: none */
    bool hangs;          /* the list has become a ring: the real one never returns */
    uint8_t bytes[SPACE];
};

/* Where a request's way through the list ended: a chunk, and the one before it. */
struct avr_place {
    uint16_t chunk, before;
};

static uint16_t word_get(const struct avr_libc *heap, uint16_t at)
{
    return (uint16_t)(heap->bytes[at] | heap->bytes[(uint16_t)(at + 1)] << 8);
}

static void word_put(struct avr_libc *heap, uint16_t at, uint16_t value)
{
    heap->bytes[at] = (uint8_t)value;
    heap->bytes[(uint16_t)(at + 1)] = (uint8_t)(value >> 8);
}

static uint16_t chunk_bytes(const struct avr_libc *heap, uint16_t chunk)
{
    return word_get(heap, chunk);
}

static uint16_t chunk_end(const struct avr_libc *heap, uint16_t chunk)
{
    return (uint16_t)(chunk + HEAD + chunk_bytes(heap, chunk));
}

static uint16_t chunk_next(const struct avr_libc *heap, uint16_t chunk)
{
    return word_get(heap, (uint16_t)(chunk + HEAD));
}

/* Makes `next` the one behind `before`, which is 0 for the list's head. */
static void list_join(struct avr_libc *heap, uint16_t before, uint16_t next)
{
    if (before)
        word_put(heap, (uint16_t)(before + HEAD), next);
    else
        heap->list = next;
}

/* False, and the heap hangs for ever, when a walk through the list takes more steps than there can be chunks. */
static bool step(struct avr_libc *heap, unsigned *steps)
{
    heap->hangs |= ++*steps > STEPS_MOST;
    return !heap->hangs;
}

/* The first chunk of exactly these bytes, else the first of the smallest that are enough. */
static struct avr_place list_fit(struct avr_libc *heap, uint16_t bytes)
{
    struct avr_place best = {0, 0}, at = {heap->list, 0};
    unsigned steps = 0;
    uint16_t least = 0;
    for (; at.chunk && step(heap, &steps); at = (struct avr_place){chunk_next(heap, at.chunk), at.chunk}) {
        uint16_t has = chunk_bytes(heap, at.chunk);
        if (has == bytes)
            return at;
        if (has > bytes && (!least || has < least)) {
            least = has;
            best = at;
        }
    }
    return best;
}

/* Whole, or its upper part. */
static uint16_t chunk_take(struct avr_libc *heap, struct avr_place place, uint16_t bytes)
{
    uint16_t left = (uint16_t)(chunk_bytes(heap, place.chunk) - bytes);
    if (left < CHUNK_LEAST) {
        list_join(heap, place.before, chunk_next(heap, place.chunk));
        return (uint16_t)(place.chunk + HEAD);
    }
    uint16_t upper = (uint16_t)(place.chunk + left);
    word_put(heap, upper, bytes);
    word_put(heap, place.chunk, (uint16_t)(left - HEAD));
    return (uint16_t)(upper + HEAD);
}

static uint16_t top_take(struct avr_libc *heap, uint16_t bytes)
{
    uint16_t has = (uint16_t)(heap->end - heap->top), chunk = heap->top;
    if (heap->end <= heap->top || has < bytes || has < (uint16_t)(bytes + HEAD))
        return 0;
    heap->top = (uint16_t)(heap->top + bytes + HEAD);
    word_put(heap, chunk, bytes);
    return (uint16_t)(chunk + HEAD);
}

static uint16_t block_take(struct avr_libc *heap, uint16_t bytes)
{
    if (bytes < LEAST)
        bytes = LEAST;
    struct avr_place place = list_fit(heap, bytes);
    if (heap->hangs)
        return 0;
    return place.chunk ? chunk_take(heap, place, bytes) : top_take(heap, bytes);
}

/* The list's last chunk lowers the top when it touches it. */
static void list_lower_top(struct avr_libc *heap)
{
    struct avr_place last = {heap->list, 0};
    unsigned steps = 0;
    while (chunk_next(heap, last.chunk) && step(heap, &steps))
        last = (struct avr_place){chunk_next(heap, last.chunk), last.chunk};
    if (heap->hangs || chunk_end(heap, last.chunk) != heap->top)
        return;
    list_join(heap, last.before, 0);
    heap->top = last.chunk;
}

/* Every store is made in the original's order: in a heap that is spoilt one of them changes what the next one reads. */
static void block_give(struct avr_libc *heap, uint16_t block)
{
    uint16_t chunk = (uint16_t)(block - HEAD), before = 0, at = heap->list;
    unsigned steps = 0;
    word_put(heap, block, 0);
    if (!at) {
        if (chunk_end(heap, chunk) == heap->top)
            heap->top = chunk;
        else
            heap->list = chunk;
        return;
    }
    for (; at && at < chunk && step(heap, &steps); at = chunk_next(heap, at))
        before = at;
    if (heap->hangs)
        return;
    if (at) {
        word_put(heap, block, at);
        if (chunk_end(heap, chunk) == at) {
            word_put(heap, chunk, (uint16_t)(chunk_bytes(heap, chunk) + chunk_bytes(heap, at) + HEAD));
            word_put(heap, block, chunk_next(heap, at));
        }
        if (!before) {
            heap->list = chunk;
            return;
        }
    }
    list_join(heap, before, chunk);
    if (chunk_end(heap, before) == chunk) {
        word_put(heap, before, (uint16_t)(chunk_bytes(heap, before) + chunk_bytes(heap, chunk) + HEAD));
        list_join(heap, before, chunk_next(heap, chunk));
    }
    list_lower_top(heap);
}

static void *avr_libc_begin(const struct simulator_arena *arena, struct error *error)
{
    const struct arena_region *region = arena->regions;
    if (!region->base || region->base > SPACE || region->bytes < CHUNK_LEAST || region->bytes > SPACE - 1 - region->base) {
        error_set(error, ERROR_USAGE, "an AVR's heap lies between addresses 1 and %d, and has at least %d bytes", SPACE - 1, CHUNK_LEAST);
        return NULL;
    }
    struct avr_libc *heap = memory_new(1, sizeof *heap);
    heap->start = heap->top = (uint16_t)region->base;
    heap->end = (uint16_t)(region->base + region->bytes);
    return heap;
}

static void avr_libc_end(void *heap)
{
    memory_free(heap);
}

static uint64_t avr_libc_alloc(void *context, uint64_t size, uint64_t align)
{
    struct avr_libc *heap = context;
    return align > 1 || size >= SPACE || heap->hangs ? 0 : block_take(heap, (uint16_t)size);
}

/* What it clears may be, in a spoilt heap, what others read. */
static uint64_t avr_libc_calloc(void *context, uint64_t size)
{
    struct avr_libc *heap = context;
    uint64_t block = avr_libc_alloc(heap, size, 0);
    for (uint64_t i = 0; block && i < size; i++)
        heap->bytes[(uint16_t)(block + i)] = 0;
    return block;
}

static void avr_libc_free(void *context, uint64_t address)
{
    struct avr_libc *heap = context;
    if (!heap->hangs)
        block_give(heap, (uint16_t)address);
}

static uint64_t block_shrink(struct avr_libc *heap, uint16_t block, uint16_t bytes)
{
    uint16_t chunk = (uint16_t)(block - HEAD), had = chunk_bytes(heap, chunk), rest = (uint16_t)(block + bytes);
    if (had <= CHUNK_LEAST || bytes > had - CHUNK_LEAST)
        return block;
    word_put(heap, rest, (uint16_t)(had - bytes - HEAD));
    word_put(heap, chunk, bytes);
    block_give(heap, (uint16_t)(rest + HEAD));
    return block;
}

/* Into the free chunk behind the block. */
static void block_grow_into(struct avr_libc *heap, uint16_t chunk, struct avr_place behind, uint16_t more)
{
    uint16_t has = chunk_bytes(heap, behind.chunk), next = chunk_next(heap, behind.chunk);
    if ((uint16_t)(has + HEAD - more) > CHUNK_LEAST) {
        uint16_t rest = (uint16_t)(behind.chunk + more);
        word_put(heap, (uint16_t)(rest + HEAD), next);
        word_put(heap, rest, (uint16_t)(has - more));
        word_put(heap, chunk, (uint16_t)(chunk_bytes(heap, chunk) + more));
        list_join(heap, behind.before, rest);
    } else {
        word_put(heap, chunk, (uint16_t)(chunk_bytes(heap, chunk) + has + HEAD));
        list_join(heap, behind.before, next);
    }
}

static uint64_t block_move(struct avr_libc *heap, uint16_t block, uint16_t bytes)
{
    uint16_t to = block_take(heap, bytes), had = chunk_bytes(heap, (uint16_t)(block - HEAD));
    if (!to)
        return 0;
    for (unsigned i = 0; i < had; i++)
        heap->bytes[(uint16_t)(to + i)] = heap->bytes[(uint16_t)(block + i)];
    block_give(heap, block);
    return to;
}

static uint64_t avr_libc_resize(void *context, uint64_t address, uint64_t size)
{
    struct avr_libc *heap = context;
    uint16_t block = (uint16_t)address, chunk = (uint16_t)(block - HEAD), bytes = (uint16_t)size, largest = 0;
    if (size >= SPACE || heap->hangs || (uint16_t)(block + bytes) < chunk)
        return 0;
    if (bytes <= chunk_bytes(heap, chunk))
        return block_shrink(heap, block, bytes);
    uint16_t more = (uint16_t)(bytes - chunk_bytes(heap, chunk)), behind = chunk_end(heap, chunk);
    unsigned steps = 0;
    for (struct avr_place at = {heap->list, 0}; at.chunk && step(heap, &steps); at = (struct avr_place){chunk_next(heap, at.chunk), at.chunk}) {
        uint16_t has = chunk_bytes(heap, at.chunk);
        if (at.chunk == behind && (uint16_t)(has + HEAD) >= more) {
            block_grow_into(heap, chunk, at, more);
            return block;
        }
        largest = has > largest ? has : largest;
    }
    if (heap->hangs)
        return 0;
    if (heap->top != behind || bytes <= largest)
        return block_move(heap, block, bytes);
    if ((uint16_t)(block + bytes) >= heap->end)
        return 0;
    heap->top = (uint16_t)(block + bytes);
    word_put(heap, chunk, bytes);
    return block;
}

static void avr_libc_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    *usable = chunk_bytes(context, (uint16_t)(address - HEAD));
    *taken = *usable + HEAD;
}

/* Chunks stand one behind the other; in a spoilt heap up to where this is so. */
static void avr_libc_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct avr_libc *heap = context;
    uint32_t at = heap->start, list = heap->list;
    while (at + HEAD < heap->top && at + HEAD + chunk_bytes(heap, (uint16_t)at) <= heap->top) {
        uint16_t bytes = chunk_bytes(heap, (uint16_t)at);
        bool free = list == at;
        if (free)
            list = chunk_next(heap, (uint16_t)at);
        piece(to, at, HEAD, ARENA_OVERHEAD);
        if (bytes)
            piece(to, at + HEAD, bytes, free ? ARENA_FREE : ARENA_USED);
        at += HEAD + bytes;
    }
    if (at < heap->top)
        piece(to, at, heap->top - at, ARENA_OVERHEAD);
    uint32_t head = heap->end - heap->top;
    head = head < HEAD + LEAST ? head : HEAD;
    if (head)
        piece(to, heap->top, head, ARENA_OVERHEAD);
    if (heap->top + head < heap->end)
        piece(to, heap->top + head, heap->end - heap->top - head, ARENA_FREE);
}

static void use_add(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind)
{
    (void)address;
    struct arena_use *use = context;
    use->total += bytes;
    if (kind == ARENA_OVERHEAD) {
        use->overhead += bytes;
    } else if (kind == ARENA_USED) {
        use->used += bytes;
        use->blocks++;
    } else {
        use->free += bytes;
        use->pieces++;
        use->largest = bytes > use->largest ? bytes : use->largest;
    }
}

static void avr_libc_use(const void *heap, struct arena_use *use)
{
    *use = (struct arena_use){0};
    avr_libc_walk(heap, use_add, use);
}

const struct simulator simulator_avr_libc = {
    .name = "avr-libc",
    .title = "avr-libc 2.0.0",
    .source = "avr-libc libc/stdlib/malloc.c and realloc.c, 2.0.0",
    .pointer_bytes = 2,
    .most_regions = 1,
    .begin = avr_libc_begin,
    .end = avr_libc_end,
    .alloc = avr_libc_alloc,
    .calloc = avr_libc_calloc,
    .resize = avr_libc_resize,
    .free = avr_libc_free,
    .measure = avr_libc_measure,
    .use = avr_libc_use,
    .walk = avr_libc_walk,
};
