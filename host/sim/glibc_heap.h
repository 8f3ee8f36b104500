/* glibc_heap: what the files of glibc's model share: arenas, threads with their caches, and a chunk's fields. */
#ifndef HOST_SIM_GLIBC_HEAP_H
#define HOST_SIM_GLIBC_HEAP_H

#include <stdbool.h>

#include "host/base/map.h"

#include "linux_pages.h"
#include "simulator.h"
#include "words.h"

enum { GLIBC_BINS = 128, GLIBC_SMALL_BINS = 64, GLIBC_FAST_BINS = 11, GLIBC_CACHE_BINS = 64, GLIBC_UNSORTED = 1 };

/* Bits of a head. Two are the model's own: CACHED, the chunk lies in a cache or in a fast bin, which glibc itself does not note there; OWN, it holds a cache. */
enum { GLIBC_IN_USE = 1, GLIBC_MAPPED = 2 };
static const uint64_t GLIBC_CACHED = UINT64_C(1) << 62, GLIBC_OWN = UINT64_C(1) << 61, GLIBC_BYTES = (UINT64_C(1) << 61) - 8;
/* A link that is not a chunk: the bin of that number. */
static const uint64_t GLIBC_BIN = UINT64_C(1) << 63;

struct glibc_bin {
    uint64_t next, before;
};

struct glibc_cache_bin {
    uint64_t first;
    uint32_t count;
};

struct glibc_arena {
    struct glibc_bin bins[GLIBC_BINS];
    uint64_t bins_marked[2];
    uint64_t fast[GLIBC_FAST_BINS];
    bool fast_any;           /* since the last consolidation a chunk went into a fast bin */
    uint64_t top, remainder; /* top 0: none yet; remainder: of the last split, though it may be gone */
    struct glibc_arena *next, *next_free; /* the ring of all; those without a thread */
    uint32_t threads;        /* that have it */
};

/* What glibc calls a heap: an aligned piece of address space, of which an arena other than the main one uses the first `bytes`. */
struct glibc_window {
    struct glibc_arena *arena;
    uint64_t base, bytes;
    struct glibc_window *before; /* the arena's last one before it; NULL: it begins with the arena itself */
};

struct glibc_thread {
    struct glibc_arena *arena; /* NULL: none yet, or not any more */
    bool cache_ready, is_over;
    struct glibc_cache_bin cache[GLIBC_CACHE_BINS];
    uint64_t cache_chunk; /* that holds the cache itself */
};

struct glibc {
    struct linux_pages pages;
    struct words words[2]; /* [1]: of the region of mappings, from map_base on */
    uint64_t map_base;     /* UINT64_MAX: there is one region */
    uint64_t word, align, least, page; /* least: bytes of a chunk */
    uint64_t small_most;   /* chunks below it have a bin for their size alone */

    struct glibc_arena main, *at; /* at: that serves the request now; NULL: none could be had */
    bool contiguous;
    struct map segments; /* where a top of the main arena began that was not the former one's end: chunk, and the segment's end so far */
    struct glibc_arena *free_list, *reuse; /* reuse: that the next thread gets when there are as many as there may be */
    struct map windows;  /* by base: struct glibc_window */
    uint64_t window_bytes, info_bytes, state_bytes; /* of a window, and of what it and an arena begin with */
    uint64_t unopened;   /* bytes of windows that no arena has taken */
    uint64_t arenas, arenas_limit; /* limit 0: not looked for yet */

    struct glibc_thread first, *asker;
    struct map threads;  /* by number: struct glibc_thread */
    bool is_many;        /* there was a second thread */

    uint64_t cache_bins, cache_count, cache_unsorted; /* tunables */
    uint64_t fast_most, map_threshold, map_threshold_most, trim_threshold, top_pad, maps_most, size_most, arena_max, arena_test, cores;
    bool threshold_fixed;

    struct map maps; /* a mapped block's chunk: 1 */
    uint64_t used, blocks, free, pieces; /* free: bytes of chunks in bins, fast bins and caches */
};

static inline const struct words *glibc_words(const struct glibc *heap, uint64_t address)
{
    return &heap->words[address >= heap->map_base];
}

static inline uint64_t glibc_get(const struct glibc *heap, uint64_t address)
{
    return words_get(glibc_words(heap, address), address);
}

static inline uint64_t *glibc_at(struct glibc *heap, uint64_t address)
{
    return words_at(&heap->words[address >= heap->map_base], address);
}

static inline uint64_t glibc_head(const struct glibc *heap, uint64_t chunk)
{
    return glibc_get(heap, chunk + heap->word);
}

static inline uint64_t glibc_bytes(const struct glibc *heap, uint64_t chunk)
{
    return glibc_head(heap, chunk) & GLIBC_BYTES;
}

static inline void glibc_head_set(struct glibc *heap, uint64_t chunk, uint64_t head)
{
    *glibc_at(heap, chunk + heap->word) = head;
}

/* Keeps the bits. */
static inline void glibc_bytes_set(struct glibc *heap, uint64_t chunk, uint64_t bytes)
{
    uint64_t *head = glibc_at(heap, chunk + heap->word);
    *head = bytes | (*head & ~GLIBC_BYTES);
}

/* Of the chunk in front of `chunk`: whether it is in use, and if not, its bytes. */
static inline bool glibc_before_used(const struct glibc *heap, uint64_t chunk)
{
    return glibc_head(heap, chunk) & GLIBC_IN_USE;
}

static inline void glibc_before_used_set(struct glibc *heap, uint64_t chunk)
{
    *glibc_at(heap, chunk + heap->word) |= GLIBC_IN_USE;
}

static inline uint64_t glibc_before_bytes(const struct glibc *heap, uint64_t chunk)
{
    return glibc_get(heap, chunk);
}

static inline bool glibc_is_small(const struct glibc *heap, uint64_t bytes)
{
    return bytes < heap->small_most;
}

static inline uint64_t glibc_cache_index(const struct glibc *heap, uint64_t bytes)
{
    return (bytes - heap->least + heap->align - 1) / heap->align;
}

/* glibc_bins.c */
unsigned glibc_bin_index(const struct glibc *heap, uint64_t bytes);
unsigned glibc_fast_index(const struct glibc *heap, uint64_t bytes);
uint64_t glibc_next(const struct glibc *heap, uint64_t link);
uint64_t glibc_before(const struct glibc *heap, uint64_t link);
void glibc_unlink(struct glibc *heap, uint64_t chunk);
/* In front of the unsorted ones; sets head and foot. */
void glibc_unsorted_put(struct glibc *heap, uint64_t chunk, uint64_t bytes);
/* Off the end of the unsorted ones, or of a small bin. */
uint64_t glibc_bin_pop(struct glibc *heap, unsigned index);
/* Into the bin of its size, largest first. */
void glibc_bin_put(struct glibc *heap, uint64_t chunk);
void glibc_fast_put(struct glibc *heap, uint64_t chunk);
/* 0: there is none. */
uint64_t glibc_fast_pop(struct glibc *heap, unsigned index);
bool glibc_cache_has_room(const struct glibc *heap, uint64_t bytes);
void glibc_cache_put(struct glibc *heap, uint64_t chunk);
uint64_t glibc_cache_pop(struct glibc *heap, uint64_t bytes);
/* Of a cache that is given up; 0: the bin is empty. */
uint64_t glibc_cache_drop(struct glibc *heap, struct glibc_thread *thread, unsigned index);

/* glibc_arena.c */
void glibc_arena_begin(struct glibc_arena *arena);
/* The arena of a chunk that is no mapping. */
struct glibc_arena *glibc_arena_of(struct glibc *heap, uint64_t chunk);
struct glibc_window *glibc_window_of(const struct glibc *heap, uint64_t address);
/* heap->at becomes the asking thread's; `size` bytes are wanted first of one that is new. */
void glibc_arena_enter(struct glibc *heap, uint64_t size);
/* heap->at, which refused, is followed by another. */
void glibc_arena_retry(struct glibc *heap, uint64_t size);
/* An ended thread's arena is anybody's. */
void glibc_arena_leave(struct glibc *heap, struct glibc_thread *thread);
/* A larger top of an arena that is not the main one. */
bool glibc_window_more(struct glibc *heap, uint64_t bytes);
void glibc_window_trim(struct glibc *heap);
void glibc_arenas_done(struct glibc *heap);

/* glibc_top.c */
/* From the system: by a mapping of its own, or a larger top; 0: refused. */
uint64_t glibc_more(struct glibc *heap, uint64_t bytes);
/* A top that is too large is given back in part. */
void glibc_trim(struct glibc *heap);
void glibc_unmap(struct glibc *heap, uint64_t chunk);
uint64_t glibc_remap(struct glibc *heap, uint64_t chunk, uint64_t bytes);

/* glibc.c */
/* Off the top; 0: it has too few bytes. */
uint64_t glibc_top_take(struct glibc *heap, uint64_t bytes);
void glibc_chunk_free(struct glibc *heap, uint64_t chunk);

/* glibc_use.c */
void glibc_measure(const void *heap, uint64_t address, uint64_t *taken, uint64_t *usable);
void glibc_use(const void *heap, struct arena_use *use);
void glibc_walk(const void *heap, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *context);

#endif
