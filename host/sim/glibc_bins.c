/* glibc_bins: in free chunks, out the lists that glibc keeps them in: bins by size, the unsorted ones, fast bins, and a thread's cache. */
#include "glibc_heap.h"

unsigned glibc_bin_index(const struct glibc *heap, uint64_t bytes)
{
    bool shifted = heap->align > 2 * heap->word;
    if (glibc_is_small(heap, bytes))
        return (unsigned)(bytes / heap->align) + shifted;
    uint64_t fine = heap->word == 8 ? 48 : shifted ? 45 : 38, first = heap->word == 8 ? 48 : shifted ? 49 : 56;
    return (unsigned)(bytes >> 6 <= fine  ? first + (bytes >> 6)
                      : bytes >> 9 <= 20  ? 91 + (bytes >> 9)
                      : bytes >> 12 <= 10 ? 110 + (bytes >> 12)
                      : bytes >> 15 <= 4  ? 119 + (bytes >> 15)
                      : bytes >> 18 <= 2  ? 124 + (bytes >> 18)
                                          : 126);
}

unsigned glibc_fast_index(const struct glibc *heap, uint64_t bytes)
{
    return (unsigned)(bytes >> (heap->word == 8 ? 4 : 3)) - 2;
}

uint64_t glibc_next(const struct glibc *heap, uint64_t link)
{
    return link & GLIBC_BIN ? heap->at->bins[link & ~GLIBC_BIN].next : glibc_get(heap, link + 2 * heap->word);
}

uint64_t glibc_before(const struct glibc *heap, uint64_t link)
{
    return link & GLIBC_BIN ? heap->at->bins[link & ~GLIBC_BIN].before : glibc_get(heap, link + 3 * heap->word);
}

static void next_set(struct glibc *heap, uint64_t link, uint64_t value)
{
    *(link & GLIBC_BIN ? &heap->at->bins[link & ~GLIBC_BIN].next : glibc_at(heap, link + 2 * heap->word)) = value;
}

static void before_set(struct glibc *heap, uint64_t link, uint64_t value)
{
    *(link & GLIBC_BIN ? &heap->at->bins[link & ~GLIBC_BIN].before : glibc_at(heap, link + 3 * heap->word)) = value;
}

/* The ring of the first chunks of each size in a bin of several sizes; smaller: the next lower size, 0: not the first of its size. */
static uint64_t *smaller_at(struct glibc *heap, uint64_t chunk)
{
    return glibc_at(heap, chunk + 4 * heap->word);
}

static uint64_t *larger_at(struct glibc *heap, uint64_t chunk)
{
    return glibc_at(heap, chunk + 5 * heap->word);
}

static void link_between(struct glibc *heap, uint64_t before, uint64_t chunk, uint64_t next)
{
    next_set(heap, chunk, next);
    before_set(heap, chunk, before);
    before_set(heap, next, chunk);
    next_set(heap, before, chunk);
    heap->free += glibc_bytes(heap, chunk);
    heap->pieces++;
}

/* The first of its size leaves: the second takes its place in the ring, or there is none. */
static void ring_leave(struct glibc *heap, uint64_t chunk, uint64_t next)
{
    uint64_t smaller = *smaller_at(heap, chunk), larger = *larger_at(heap, chunk);
    if (!smaller)
        return;
    if (next & GLIBC_BIN || *smaller_at(heap, next)) {
        *larger_at(heap, smaller) = larger;
        *smaller_at(heap, larger) = smaller;
        return;
    }
    bool alone = smaller == chunk;
    *smaller_at(heap, next) = alone ? next : smaller;
    *larger_at(heap, next) = alone ? next : larger;
    if (!alone) {
        *larger_at(heap, smaller) = next;
        *smaller_at(heap, larger) = next;
    }
}

void glibc_unlink(struct glibc *heap, uint64_t chunk)
{
    uint64_t next = glibc_next(heap, chunk), before = glibc_before(heap, chunk), bytes = glibc_bytes(heap, chunk);
    before_set(heap, next, before);
    next_set(heap, before, next);
    if (!glibc_is_small(heap, bytes))
        ring_leave(heap, chunk, next);
    heap->free -= bytes;
    heap->pieces--;
}

void glibc_unsorted_put(struct glibc *heap, uint64_t chunk, uint64_t bytes)
{
    glibc_head_set(heap, chunk, bytes | GLIBC_IN_USE);
    *glibc_at(heap, chunk + bytes) = bytes;
    link_between(heap, GLIBC_BIN | GLIBC_UNSORTED, chunk, heap->at->bins[GLIBC_UNSORTED].next);
    if (!glibc_is_small(heap, bytes))
        *smaller_at(heap, chunk) = *larger_at(heap, chunk) = 0;
}

uint64_t glibc_bin_pop(struct glibc *heap, unsigned index)
{
    uint64_t chunk = heap->at->bins[index].before, before;
    if (chunk & GLIBC_BIN)
        return 0;
    before = glibc_before(heap, chunk);
    heap->at->bins[index].before = before;
    next_set(heap, before, GLIBC_BIN | index);
    heap->free -= glibc_bytes(heap, chunk);
    heap->pieces--;
    return chunk;
}

static void ring_join_before(struct glibc *heap, uint64_t chunk, uint64_t smaller)
{
    uint64_t larger = *larger_at(heap, smaller);
    *smaller_at(heap, chunk) = smaller;
    *larger_at(heap, chunk) = larger;
    *larger_at(heap, smaller) = chunk;
    *smaller_at(heap, larger) = chunk;
}

/* The link before which a chunk of these bytes goes: the second place among those of its size. */
static uint64_t large_place(struct glibc *heap, unsigned index, uint64_t chunk, uint64_t bytes)
{
    uint64_t bin = GLIBC_BIN | index, first = heap->at->bins[index].next, at = first;
    if (first & GLIBC_BIN) {
        *smaller_at(heap, chunk) = *larger_at(heap, chunk) = chunk;
        return bin;
    }
    if (bytes < glibc_bytes(heap, heap->at->bins[index].before)) {
        ring_join_before(heap, chunk, first);
        return bin;
    }
    while (bytes < glibc_bytes(heap, at))
        at = *smaller_at(heap, at);
    if (bytes == glibc_bytes(heap, at))
        return glibc_next(heap, at);
    ring_join_before(heap, chunk, at);
    return at;
}

void glibc_bin_put(struct glibc *heap, uint64_t chunk)
{
    uint64_t bytes = glibc_bytes(heap, chunk);
    unsigned index = glibc_bin_index(heap, bytes);
    uint64_t next = glibc_is_small(heap, bytes) ? heap->at->bins[index].next : large_place(heap, index, chunk, bytes);
    heap->at->bins_marked[index / 64] |= UINT64_C(1) << index % 64;
    link_between(heap, glibc_before(heap, next), chunk, next);
}

static void cached_put(struct glibc *heap, uint64_t *first, uint64_t chunk)
{
    *glibc_at(heap, chunk + heap->word) |= GLIBC_CACHED;
    *glibc_at(heap, chunk + 2 * heap->word) = *first;
    *first = chunk;
    heap->free += glibc_bytes(heap, chunk);
    heap->pieces++;
}

static uint64_t cached_pop(struct glibc *heap, uint64_t *first)
{
    uint64_t chunk = *first;
    if (!chunk)
        return 0;
    *first = glibc_get(heap, chunk + 2 * heap->word);
    *glibc_at(heap, chunk + heap->word) &= ~GLIBC_CACHED;
    heap->free -= glibc_bytes(heap, chunk);
    heap->pieces--;
    return chunk;
}

void glibc_fast_put(struct glibc *heap, uint64_t chunk)
{
    heap->at->fast_any = true;
    cached_put(heap, &heap->at->fast[glibc_fast_index(heap, glibc_bytes(heap, chunk))], chunk);
}

uint64_t glibc_fast_pop(struct glibc *heap, unsigned index)
{
    return cached_pop(heap, &heap->at->fast[index]);
}

bool glibc_cache_has_room(const struct glibc *heap, uint64_t bytes)
{
    uint64_t index = glibc_cache_index(heap, bytes);
    return heap->asker->cache_ready && index < heap->cache_bins && heap->asker->cache[index].count < heap->cache_count;
}

void glibc_cache_put(struct glibc *heap, uint64_t chunk)
{
    struct glibc_cache_bin *bin = &heap->asker->cache[glibc_cache_index(heap, glibc_bytes(heap, chunk))];
    cached_put(heap, &bin->first, chunk);
    bin->count++;
}

uint64_t glibc_cache_pop(struct glibc *heap, uint64_t bytes)
{
    uint64_t index = glibc_cache_index(heap, bytes);
    if (!heap->asker->cache_ready || index >= heap->cache_bins || !heap->asker->cache[index].count)
        return 0;
    heap->asker->cache[index].count--;
    return cached_pop(heap, &heap->asker->cache[index].first);
}

uint64_t glibc_cache_drop(struct glibc *heap, struct glibc_thread *thread, unsigned index)
{
    return cached_pop(heap, &thread->cache[index].first);
}
