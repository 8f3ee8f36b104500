/* glibc_top: in a need of memory, out what glibc asks Linux for: a mapping for a large block, else in the main arena a break that moves, else a mapping in its place. */
#include "glibc_heap.h"
#include "sbrk.h"

enum { MAP_UNIT = 1 << 20 }; /* of the first mapping in the break's place */

static uint64_t map_chunk(struct glibc *heap, uint64_t bytes)
{
    bool shifted = heap->align > 2 * heap->word;
    uint64_t all = round_up(bytes + heap->word + (shifted ? heap->align - 1 : 0), heap->page), at = linux_map(&heap->pages, all);
    if (at == LINUX_REFUSED)
        return 0;
    uint64_t front = shifted ? heap->align - 2 * heap->word : 0, chunk = at + front;
    *glibc_at(heap, chunk) = front;
    glibc_head_set(heap, chunk, (all - front) | GLIBC_MAPPED);
    *map_put(&heap->maps, chunk, NULL) = 1;
    return chunk;
}

void glibc_unmap(struct glibc *heap, uint64_t chunk)
{
    uint64_t front = glibc_before_bytes(heap, chunk);
    linux_unmap(&heap->pages, chunk - front, glibc_bytes(heap, chunk) + front);
    map_remove(&heap->maps, chunk, NULL);
}

uint64_t glibc_remap(struct glibc *heap, uint64_t chunk, uint64_t bytes)
{
    uint64_t front = glibc_before_bytes(heap, chunk), all = glibc_bytes(heap, chunk) + front, wanted = round_up(bytes + front + heap->word, heap->page);
    if (all == wanted)
        return chunk;
    uint64_t at = linux_remap(&heap->pages, chunk - front, all, wanted);
    if (at == LINUX_REFUSED)
        return 0;
    map_remove(&heap->maps, chunk, NULL);
    chunk = at + front;
    *glibc_at(heap, chunk) = front;
    glibc_head_set(heap, chunk, (wanted - front) | GLIBC_MAPPED);
    *map_put(&heap->maps, chunk, NULL) = 1;
    return chunk;
}

/* Two chunks too small to be used end what was the top, and the rest of it is freed. */
static void top_fence(struct glibc *heap, uint64_t old, uint64_t old_bytes)
{
    uint64_t fence = 2 * heap->word, bytes = (old_bytes - 2 * fence) & ~(heap->align - 1);
    glibc_head_set(heap, old, bytes | GLIBC_IN_USE);
    glibc_head_set(heap, old + bytes, fence | GLIBC_IN_USE);
    glibc_head_set(heap, old + bytes + fence, fence | GLIBC_IN_USE);
    if (bytes >= heap->least)
        glibc_chunk_free(heap, old);
}

static void segment_begin(struct glibc *heap, uint64_t end)
{
    uint64_t old = heap->main.top, old_bytes = old ? glibc_bytes(heap, old) : 0, chunk = heap->main.top = *map_put(&heap->segments, end, NULL);
    glibc_head_set(heap, chunk, (end - chunk) | GLIBC_IN_USE);
    if (old_bytes)
        top_fence(heap, old, old_bytes);
}

/* A top that does not continue the old one: aligned, and up to the end of a page where the break can be moved there. */
static void top_begin_by_break(struct glibc *heap, uint64_t at, uint64_t got, uint64_t old_bytes)
{
    uint64_t chunk = round_up(at + 2 * heap->word, heap->align) - 2 * heap->word, front = chunk - at, correction = 0;
    if (heap->contiguous) {
        correction = front + old_bytes;
        correction += round_up(at + got + correction, heap->page) - (at + got + correction);
        if (linux_more(&heap->pages, correction) == LINUX_REFUSED)
            correction = 0;
    }
    *map_put(&heap->segments, at + got + correction, NULL) = chunk;
    segment_begin(heap, at + got + correction);
}

static bool top_by_break(struct glibc *heap, uint64_t wanted, uint64_t old_bytes)
{
    uint64_t at = linux_more(&heap->pages, wanted);
    if (at == LINUX_REFUSED)
        return false;
    if (old_bytes && at == heap->main.top + old_bytes) {
        uint64_t chunk = 0;
        map_remove(&heap->segments, at, &chunk);
        *map_put(&heap->segments, at + wanted, NULL) = chunk;
        glibc_head_set(heap, heap->main.top, (old_bytes + wanted) | GLIBC_IN_USE);
    } else {
        top_begin_by_break(heap, at, wanted, old_bytes);
    }
    return true;
}

/* From then on no break is taken to continue the one before. 2.36 takes its least size for its unit and the other way round: only the first mapping is large. */
static void top_by_map(struct glibc *heap, uint64_t wanted, uint64_t bytes, uint64_t old_bytes)
{
    if (heap->contiguous)
        wanted = round_up(wanted + old_bytes, MAP_UNIT);
    uint64_t at = wanted <= bytes ? LINUX_REFUSED : linux_map(&heap->pages, wanted);
    if (at == LINUX_REFUSED)
        return;
    heap->contiguous = false;
    *map_put(&heap->segments, at + wanted, NULL) = round_up(at + 2 * heap->word, heap->align) - 2 * heap->word;
    segment_begin(heap, at + wanted);
}

static void main_more(struct glibc *heap, uint64_t bytes)
{
    uint64_t old_bytes = heap->main.top ? glibc_bytes(heap, heap->main.top) : 0, wanted = bytes + heap->top_pad + heap->least - (heap->contiguous ? old_bytes : 0);
    wanted = round_up(wanted, heap->page);
    if (!top_by_break(heap, wanted, old_bytes))
        top_by_map(heap, wanted, bytes, old_bytes);
}

uint64_t glibc_more(struct glibc *heap, uint64_t bytes)
{
    bool maps = !heap->at || (bytes >= heap->map_threshold && map_count(&heap->maps) < heap->maps_most);
    uint64_t chunk = maps ? map_chunk(heap, bytes) : 0;
    if (chunk || !heap->at)
        return chunk;
    if (heap->at == &heap->main)
        main_more(heap, bytes);
    else if (!glibc_window_more(heap, bytes) && !maps && (chunk = map_chunk(heap, bytes)))
        return chunk;
    return glibc_top_take(heap, bytes);
}

static void main_trim(struct glibc *heap)
{
    uint64_t top = heap->main.top, all = glibc_bytes(heap, top), area = all - heap->least - 1, end = top + all, chunk = 0;
    if (all < heap->trim_threshold || all <= heap->least || area <= heap->top_pad || heap->pages.top != end)
        return;
    uint64_t extra = (area - heap->top_pad) & ~(heap->page - 1);
    if (!extra)
        return;
    linux_less(&heap->pages, extra);
    glibc_head_set(heap, top, (all - extra) | GLIBC_IN_USE);
    map_remove(&heap->segments, end, &chunk);
    *map_put(&heap->segments, end - extra, NULL) = chunk;
}

void glibc_trim(struct glibc *heap)
{
    if (heap->at == &heap->main)
        main_trim(heap);
    else
        glibc_window_trim(heap);
}
