/* glibc_shape: in a version of glibc and the bytes of a pointer, out where the fields of its malloc's own structures are. Those of 2.31 to 2.41 were read in its sources:
 * struct malloc_state is the same in all; struct heap_info is larger since 2.35, and links of single lists are mangled since 2.32. */
#ifndef HOST_HEAP_GLIBC_SHAPE_H
#define HOST_HEAP_GLIBC_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/error.h"

enum { GLIBC_SHAPE_BINS = 127, GLIBC_SHAPE_CACHE_BINS = 64 };

struct glibc_shape {
    uint64_t word, align, least;  /* bytes of a pointer; chunks' alignment and smallest size */
    uint64_t flags, fast, fast_bins, top, bins, next, attached, system; /* fields of an arena, and how many fast bins there are */
    uint64_t state_bytes, info_bytes, heap_bytes; /* of an arena, of what a heap begins with, and how much address space a heap has */
    uint64_t cache_bytes;         /* of the chunk that holds a thread's cache */
    uint64_t small_most;          /* smaller chunks have a bin for their size alone */
    bool is_mangled;
};

/* `minor`: 36 of 2.36. False and `error`: of that one the shape is not known. */
bool glibc_shape_of(struct glibc_shape *shape, unsigned minor, uint32_t word, struct error *error);

#endif
