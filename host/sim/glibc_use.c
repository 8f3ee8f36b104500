/* glibc_use: in glibc's model, out sizes of blocks, sums, and every piece of its memory. */
#include <stdlib.h>

#include "glibc_heap.h"
#include "sbrk.h"
#include "host/base/memory.h"

/* A mapping has no next chunk whose first word could be used too. */
void glibc_measure(const void *context, uint64_t address, uint64_t *taken, uint64_t *usable)
{
    const struct glibc *heap = context;
    uint64_t chunk = address - 2 * heap->word, bytes = glibc_bytes(heap, chunk);
    bool mapped = glibc_head(heap, chunk) & GLIBC_MAPPED;
    *taken = bytes + (mapped ? glibc_before_bytes(heap, chunk) : 0);
    *usable = bytes - (mapped ? 2 : 1) * heap->word;
}

/* The greatest request that the top grants as it is. */
static uint64_t top_usable(const struct glibc *heap, const struct glibc_arena *arena)
{
    uint64_t all = arena->top ? glibc_bytes(heap, arena->top) : 0;
    return all < 2 * heap->least ? 0 : ((all - heap->least) & ~(heap->align - 1)) - heap->word;
}

static uint64_t larger(uint64_t left, uint64_t right)
{
    return left > right ? left : right;
}

/* Of the chunks as they are; a large request would join those of the fast bins first. */
static uint64_t largest_in_bins(const struct glibc *heap, const struct glibc_arena *arena)
{
    uint64_t most = 0;
    for (uint64_t at = arena->bins[GLIBC_UNSORTED].next; !(at & GLIBC_BIN); at = glibc_next(heap, at))
        most = larger(most, glibc_bytes(heap, at));
    for (unsigned index = GLIBC_BINS - 1; index > GLIBC_UNSORTED; index--) {
        if (!(arena->bins[index].next & GLIBC_BIN))
            return larger(most, glibc_bytes(heap, arena->bins[index].next));
    }
    for (unsigned index = 0; index < GLIBC_FAST_BINS; index++)
        most = arena->fast[index] ? larger(most, glibc_bytes(heap, arena->fast[index])) : most;
    return most;
}

static uint64_t largest_in_cache(const struct glibc *heap, const struct glibc_thread *thread)
{
    unsigned index = GLIBC_CACHE_BINS;
    while (index && !thread->cache[index - 1].count)
        index--;
    return index ? heap->least + (index - 1) * heap->align - heap->word : 0;
}

/* The largest request is that of a thread which has the right arena, or asked last. */
void glibc_use(const void *context, struct arena_use *use)
{
    const struct glibc *heap = context;
    const struct glibc_arena *arena = &heap->main;
    *use = (struct arena_use){
        .total = heap->pages.top - heap->pages.start + heap->pages.mapped - heap->unopened,
        .used = heap->used,
        .free = heap->free - heap->pieces * heap->word,
        .largest = largest_in_cache(heap, heap->asker),
        .blocks = heap->blocks,
        .pieces = heap->pieces,
    };
    do {
        uint64_t top = top_usable(heap, arena), most = largest_in_bins(heap, arena);
        use->largest = larger(use->largest, larger(top, most ? most - heap->word : 0));
        use->free += top;
        use->pieces += top ? 1 : 0;
        arena = arena->next;
    } while (arena != &heap->main);
    use->overhead = use->total - use->used - use->free;
}

struct glibc_told {
    void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind);
    void *context;
    uint64_t at;
};

static void tell_to(struct glibc_told *told, uint64_t end, enum arena_piece kind)
{
    if (end > told->at)
        told->piece(told->context, told->at, end - told->at, kind);
    told->at = end > told->at ? end : told->at;
}

/* A chunk's owner has it from behind its head up to behind the next one's first word. */
static void segment_walk(const struct glibc *heap, const struct glibc_arena *arena, uint64_t chunk, uint64_t end, struct glibc_told *told)
{
    while (chunk != arena->top && chunk + heap->least <= end && glibc_bytes(heap, chunk) >= heap->least) {
        uint64_t bytes = glibc_bytes(heap, chunk), head = glibc_head(heap, chunk);
        bool is_free = (head & GLIBC_CACHED) || !glibc_before_used(heap, chunk + bytes);
        tell_to(told, chunk + 2 * heap->word, ARENA_OVERHEAD);
        tell_to(told, chunk + bytes + heap->word, head & GLIBC_OWN ? ARENA_OVERHEAD : is_free ? ARENA_FREE : ARENA_USED);
        chunk += bytes;
    }
    if (chunk == arena->top && top_usable(heap, arena)) {
        tell_to(told, chunk + 2 * heap->word, ARENA_OVERHEAD);
        tell_to(told, chunk + 2 * heap->word + top_usable(heap, arena), ARENA_FREE);
    }
    tell_to(told, end, ARENA_OVERHEAD);
}

/* A segment of chunks or a mapped block. */
struct glibc_part {
    uint64_t start, end, chunk;
    const struct glibc_arena *arena; /* NULL: a mapped block */
};

static int part_order(const void *left, const void *right)
{
    const struct glibc_part *a = left, *b = right;
    return a->start < b->start ? -1 : a->start > b->start;
}

static struct glibc_part window_part(const struct glibc *heap, const struct glibc_window *window)
{
    uint64_t own = window->before ? 0 : heap->state_bytes, chunk = round_up(window->base + heap->info_bytes + own + 2 * heap->word, heap->align) - 2 * heap->word;
    return (struct glibc_part){window->base, window->base + window->bytes, chunk, window->arena};
}

static size_t parts_list(const struct glibc *heap, struct glibc_part *parts)
{
    size_t count = 0;
    for (size_t i = 0; i < heap->maps.room; i++) {
        uint64_t chunk = heap->maps.at[i].key;
        if (chunk)
            parts[count++] = (struct glibc_part){chunk - glibc_before_bytes(heap, chunk), chunk + glibc_bytes(heap, chunk), chunk, NULL};
    }
    for (size_t i = 0; i < heap->segments.room; i++) {
        uint64_t end = heap->segments.at[i].key, chunk = heap->segments.at[i].value;
        if (end)
            parts[count++] = (struct glibc_part){chunk, end, chunk, &heap->main};
    }
    for (size_t i = 0; i < heap->windows.room; i++)
        if (heap->windows.at[i].key)
            parts[count++] = window_part(heap, (const struct glibc_window *)(uintptr_t)heap->windows.at[i].value);
    qsort(parts, count, sizeof *parts, part_order);
    return count;
}

void glibc_walk(const void *context, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *to)
{
    const struct glibc *heap = context;
    struct glibc_part *parts = memory_new(map_count(&heap->maps) + map_count(&heap->segments) + map_count(&heap->windows) + 1, sizeof *parts);
    size_t count = parts_list(heap, parts);
    struct glibc_told told = {piece, to, heap->pages.start};
    for (size_t i = 0; i < count; i++) {
        struct glibc_part part = parts[i];
        /* What aligning cost lies in the same page. */
        uint64_t front = part.start & (heap->page - 1);
        if (told.at < part.start - front || (told.at == heap->pages.start && part.start > heap->pages.top))
            told.at = part.start - front > heap->pages.start ? part.start - front : heap->pages.start;
        if (part.arena) {
            segment_walk(heap, part.arena, part.chunk, part.end, &told);
        } else {
            tell_to(&told, part.chunk + 2 * heap->word, ARENA_OVERHEAD);
            tell_to(&told, part.end, glibc_head(heap, part.chunk) & GLIBC_OWN ? ARENA_OVERHEAD : ARENA_USED);
        }
    }
    memory_free(parts);
}
