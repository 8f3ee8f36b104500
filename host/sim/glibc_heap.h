/* glibc_heap: what the files of glibc's model share: the state of an arena, its thread's cache, and a chunk's fields. */
#ifndef HOST_SIM_GLIBC_HEAP_H
#define HOST_SIM_GLIBC_HEAP_H

#include <stdbool.h>

#include "host/base/map.h"

#include "linux_pages.h"
#include "simulator.h"
#include "words.h"

enum { GLIBC_BINS = 128, GLIBC_SMALL_BINS = 64, GLIBC_FAST_BINS = 11, GLIBC_CACHE_BINS = 64, GLIBC_UNSORTED = 1 };

/* Bits of a head. CACHED is the model's own: the chunk lies in the cache or in a fast bin, which glibc itself does not note there. */
enum { GLIBC_IN_USE = 1, GLIBC_MAPPED = 2 };
static const uint64_t GLIBC_CACHED = UINT64_C(1) << 62, GLIBC_BYTES = (UINT64_C(1) << 62) - 8;
/* A link that is not a chunk: the bin of that number. */
static const uint64_t GLIBC_BIN = UINT64_C(1) << 63;

struct glibc_bin {
    uint64_t next, before;
};

struct glibc_cache_bin {
    uint64_t first;
    uint32_t count;
};

struct glibc {
    struct linux_pages pages;
    struct words words[2]; /* [1]: of the region of mappings, from map_base on */
    uint64_t map_base;     /* UINT64_MAX: there is one region */
    uint64_t word, align, least, page; /* least: bytes of a chunk */
    uint64_t small_most;   /* chunks below it have a bin for their size alone */

    struct glibc_bin bins[GLIBC_BINS];
    uint64_t bins_marked[2];
    uint64_t fast[GLIBC_FAST_BINS];
    bool fast_any;   /* since the last consolidation a chunk went into a fast bin */
    uint64_t top, remainder; /* top 0: none yet; remainder: of the last split, though it may be gone */
    bool contiguous;
    struct map segments; /* where a top began that was not the former one's end: chunk, and the segment's end so far */

    bool cache_ready;
    struct glibc_cache_bin cache[GLIBC_CACHE_BINS];
    uint64_t cache_chunk; /* that holds the cache itself */

    uint64_t cache_bins, cache_count, cache_unsorted; /* tunables */
    uint64_t fast_most, map_threshold, map_threshold_most, trim_threshold, top_pad, maps_most, size_most;
    bool threshold_fixed;

    struct map maps; /* a mapped block's chunk: 1 */
    uint64_t used, blocks, free, pieces; /* free: bytes of chunks in bins, fast bins and cache */
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

/* glibc_top.c */
/* From the system: by a mapping of its own, or a larger top; 0: refused. */
uint64_t glibc_more(struct glibc *heap, uint64_t bytes);
/* A top that is too large is given back in part. */
void glibc_trim(struct glibc *heap);
void glibc_unmap(struct glibc *heap, uint64_t chunk);
uint64_t glibc_remap(struct glibc *heap, uint64_t chunk, uint64_t bytes);

/* glibc.c */
void glibc_chunk_free(struct glibc *heap, uint64_t chunk);

/* glibc_use.c */
void glibc_measure(const void *heap, uint64_t address, uint64_t *taken, uint64_t *usable);
void glibc_use(const void *heap, struct arena_use *use);
void glibc_walk(const void *heap, void (*piece)(void *context, uint64_t address, uint64_t bytes, enum arena_piece kind), void *context);

#endif
