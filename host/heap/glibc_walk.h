/* glibc_walk: in the heap of a process that stands still, out what each of its arenas holds: used chunks, and free ones by the list that they are in. Nothing that is read
 * is believed: each list ends after as many chunks as there can be, each chunk lies in its heap. */
#ifndef HOST_HEAP_GLIBC_WALK_H
#define HOST_HEAP_GLIBC_WALK_H

#include "host/base/map.h"
#include "host/base/vec.h"

#include "glibc_find.h"

enum heap_list { LIST_NONE, LIST_CACHE /* of a thread */, LIST_FAST, LIST_SMALL, LIST_LARGE, LIST_UNSORTED, LIST_TOP, LIST_COUNT };

struct heap_sum {
    uint64_t count, bytes; /* of chunks, heads included */
};

struct heap_arena {
    uint64_t address;     /* of its structure */
    bool is_main, is_locked; /* is_locked: a thread was in it when the process was stopped */
    uint64_t heaps, bytes, system; /* bytes: of its heaps, as walked; system: as it counts them itself */
    uint64_t threads;     /* that have it */
    struct heap_sum used, free[LIST_COUNT];
    uint64_t caches;      /* of threads, among the used chunks */
    uint64_t largest;     /* free chunk that is in no cache */
    uint64_t own;         /* bytes of structures, fences and ends */
    uint64_t odd;         /* chunks that are not as they should be */
    uint64_t resident, idle; /* bytes of pages in memory; of those of them that hold no byte of a used chunk */
};

/* So many free chunks of one size. */
struct heap_size {
    uint32_t list;
    uint64_t bytes, count;
};

struct glibc_walk {
    VEC(struct heap_arena) arenas; /* the main one first */
    VEC(struct heap_size) sizes;   /* by list and size */
    uint64_t odd;                  /* of all arenas, and lists that do not end */
    bool is_cut;                   /* there are more arenas, heaps or chunks than are looked at */
    /* what it works with */
    struct heap_memory *memory;
    const struct glibc_place *place;
    struct map lists, counts;      /* free chunk: its list; list and size: count */
    struct map windows;            /* heap of an arena that is not the main one, by base: in which round it was seen */
    uint32_t round;
};

void glibc_walk_run(struct glibc_walk *walk, struct heap_memory *memory, const struct glibc_place *place);
void glibc_walk_done(struct glibc_walk *walk);

#endif
