/* region: in the model's heaps and their live blocks, out what is known of each region: use, gaps, and how its memory is called. */
#ifndef HOST_ANALYSIS_REGION_H
#define HOST_ANALYSIS_REGION_H

#include <heaptracer/model.h>

#include "host/base/map.h"
#include "host/base/vec.h"

/* Less between two blocks is the allocator's own, not free memory. */
enum { REGION_GAP_LEAST = 32 };

struct region_extent {
    uint64_t start, end; /* of a live block, as the program may use it */
    uint64_t size;       /* asked for */
};

struct region {
    const struct heap *heap;
    VEC(struct region_extent) extents; /* by address; only where base and size of the heap are known */
    uint64_t gaps, gap_bytes, largest_gap;
};

struct regions {
    VEC(struct region) list;
    struct map numbers; /* process << 32 | heap -> number + 1, of those that have a place */
};

static inline uint64_t region_key(uint32_t process, uint32_t heap)
{
    return (uint64_t)process << 32 | heap;
}

/* A heap that is more than a process's malloc: it was given a kind, a place or a name, or firmware told its use. */
bool region_is(const struct heap *heap);
const char *region_kind(uint32_t kind); /* "internal", "external", ...; "" for none, "?" for one that is not known */
bool region_is_external(uint32_t kind); /* PSRAM and its like */
bool region_is_internal(uint32_t kind); /* the memory that is short where there is external one */
void regions_find(struct regions *regions, const struct model *model);
void regions_done(struct regions *regions);

/* Whether there are regions at all: most programs have none, and then nobody need look at their blocks. Zeroed is the beginning. */
struct region_watch {
    const struct model *model;
    size_t heaps; /* that were looked at */
    bool has_some, has_malloc; /* has_malloc: a heap of malloc itself is one */
};
bool region_watch(struct region_watch *watch);
/* Whether the change is about a region's block. */
static inline bool region_concerns(const struct region_watch *watch, const struct change *change)
{
    return change->block.heap || watch->has_malloc;
}

/* What is known of its use: told by firmware, else computed from the recorded blocks and the region's size. */
struct region_use {
    struct heap_use_definition use;
    bool is_told;    /* by firmware */
    bool knows_free; /* `free`, `largest_free` and `least_free` mean something */
};
struct region_use region_use(const struct region *region);
/* 1 - largest free / free; 0 where nothing is free, or the largest is not known. */
double region_fragmentation(const struct heap_use_definition *use);

#endif
