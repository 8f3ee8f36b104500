/* heap_layout: in the changes of blocks, out how each heap lies in memory: its stretches, its free pieces, what its blocks and its history say of
 * fragmentation. Kept once for all tables that ask; nothing is stored per event. docs/fragmentation.md has rules and formulas.
 *
 * A heap with a base and a size lies there. Any other lies in the stretches that its blocks have used so far. */
#ifndef HOST_ANALYSIS_HEAP_LAYOUT_H
#define HOST_ANALYSIS_HEAP_LAYOUT_H

#include <heaptracer/model.h>
#include <heaptracer/table.h>

#include "fragments.h"
#include "host/base/map.h"
#include "host/base/vec.h"
#include "ranges.h"

enum { LAYOUT_PAGE = 4096, LAYOUT_PINS = 256, LAYOUT_POINTS = 256, LAYOUT_ENDED = 1024, LAYOUT_LINES = 64, HEAP_LAYOUT_CELLS = 4096, HEAP_LAYOUT_MAPS = 4 };

/* A live block as it lies. */
struct heap_layout_extent {
    uint64_t start, end; /* what the program may use of it */
    uint64_t size, birth_ns;
    uint32_t site, thread;
    bool is_known; /* its usable size was told */
};
typedef VEC(struct heap_layout_extent) heap_layout_extents;

/* Blocks that lie side by side and alone keep two free pieces apart. */
struct heap_layout_pin {
    uint64_t start, bytes, blocks;
    uint64_t before, behind;       /* bytes of the pieces */
    uint64_t oldest_ns, newest_ns; /* births */
    uint32_t site, thread;         /* that made all of them; else of the oldest */
    bool is_one_site, is_one_thread;
};
/* All such runs that one site and thread made alone. */
struct heap_layout_pinner {
    uint32_t site, thread; /* 0 and 0: runs that several made */
    uint64_t runs, blocks, bytes;
    uint64_t gain; /* sum of the smaller piece beside each: what they keep from joining a larger piece */
    uint64_t oldest_ns, newest_ns;
};

/* A piece of the heap's memory. `most`: the bytes that the block of `site` and `birth_ns` has in it, which has most. */
struct heap_layout_cell {
    uint64_t start, end, used, most, birth_ns;
    uint32_t blocks, site; /* blocks that begin in it */
};

/* Live blocks of one class of sizes asked for. */
struct heap_layout_class {
    uint64_t blocks, asked, usable;
};

struct heap_layout_course {
    uint64_t live, used; /* now: asked for; what the heap has used of memory */
    uint64_t live_most, used_at_live_most, used_most, live_at_used_most;
    double ratios;          /* sum over births of used / live */
    uint64_t births, asked; /* births and what they asked for */
};

struct heap_layout_found {
    uint32_t process, heap;
    bool has_ended; /* its process */
    struct heap_layout_course course;
    struct fragments free;
    uint64_t stretches, stretch_bytes; /* where it lies */
    uint64_t blocks, asked, usable;
    uint64_t own;                  /* stretch_bytes - usable - free: the allocator's own */
    uint64_t header, least;        /* bytes before a block; the least that counts as a free piece */
    uint64_t mapped, mapped_bytes; /* blocks that have pages of their own; they are in no stretch */
    uint64_t pages;                /* that a live block lies in */
    uint64_t wasted;               /* free bytes in pieces smaller than the mean request */
    struct heap_layout_class classes[SIZE_CLASSES];
    VEC(struct heap_layout_pin) pins; /* those that keep most apart, LAYOUT_PINS at most */
    VEC(struct heap_layout_pinner) pinners;
    VEC(struct heap_layout_cell) cells; /* of the HEAP_LAYOUT_MAPS largest heaps only */
};

/* One heap at one time. */
struct heap_layout_point {
    uint64_t time_ns;
    uint32_t process, heap;
    uint64_t live, used, free, largest, pieces, wasted;
    double umm, score, unusable; /* unusable: to the mean request, rounded up to a power of two */
};

/* An analysis has these as its begin, see and end. */
void *heap_layout_begin(const struct model *model);
void heap_layout_see(void *state, const struct changes *changes);
void heap_layout_end(void *state);

/* The heaps as they lie now, and as those of ended processes lay at their end: `number` from 0, NULL behind the last. Void after the next change. None in a
 * sampled trace. */
const struct heap_layout_found *heap_layout_ask(const void *state, const struct model *model, size_t number);
struct heap_layout_point heap_layout_point_of(const struct heap_layout_found *found, uint64_t time_ns);
/* What was seen on the way, in order of time. */
const struct heap_layout_point *heap_layout_points(const void *state, size_t *count);
/* The heap of that id, or NULL. */
const struct heap *heap_layout_heap_named(const struct model *model, uint32_t process, uint32_t id);
/* When it was so: now, or the end of its process. */
uint64_t heap_layout_time(const struct heap_layout_found *found, const struct model *model);
const char *heap_layout_thread_name(const struct model *model, uint32_t thread, struct table *table);
static inline uint64_t heap_layout_pin_gain(const struct heap_layout_pin *pin)
{
    return pin->before < pin->behind ? pin->before : pin->behind;
}
/* Says what is left out, and why. */
void heap_layout_note(const void *state, const struct model *model, struct table *table);

/* The parts below are for layout's own files and their tests. */
struct heap_layout_place {
    const struct range *ranges;
    size_t count;
    bool is_exact;  /* the whole of it can be given out */
    bool has_pins;  /* who pins is asked for */
    uint64_t begin; /* the lowest address that a block ever had: an allocator may keep its own figures before it */
};
/* Sorts the extents and fills all but process, heap, has_ended and course, of which it needs the mean request. */
void heap_layout_measure(struct heap_layout_found *found, heap_layout_extents *extents, const struct heap_layout_place *place);
void heap_layout_sort(heap_layout_extents *extents);
/* A block that the C library gave pages of its own. */
bool heap_layout_is_mapped(uint64_t address, uint64_t size, uint64_t usable);
void heap_layout_found_done(struct heap_layout_found *found);

void heap_layout_cells_find(struct heap_layout_found *found, const heap_layout_extents *extents, heap_layout_extents *mapped,
                            const struct heap_layout_place *place);
/* heap_layout_pins.c's part: runs in order of address, each with the pieces before and behind it. */
void heap_layout_pin_add(struct heap_layout_found *found, struct map *pinners, const struct heap_layout_pin *pin);
void heap_layout_pins_sort(struct heap_layout_found *found);
/* 2^result is the mean request or more. */
unsigned heap_layout_mean_log2(const struct heap_layout_course *course);

#endif
