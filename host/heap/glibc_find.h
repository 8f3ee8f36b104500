/* glibc_find: in a process that stands still, out its glibc: which version, where its main arena is (which has no symbol), and where its break began. */
#ifndef HOST_HEAP_GLIBC_FIND_H
#define HOST_HEAP_GLIBC_FIND_H

#include <stdio.h>

#include "glibc_shape.h"
#include "heap_memory.h"

struct glibc_place {
    struct glibc_shape shape;
    unsigned minor;          /* of the version: 36 of 2.36 */
    uint64_t main_arena;
    uint64_t break_start, break_end; /* of the mapping [heap]; 0: there is none */
};

/* `maps`: /proc/PID/maps, which is read to its end. False and `error`: there is no glibc whose heap can be walked. */
bool glibc_find(struct heap_memory *memory, FILE *maps, struct glibc_place *place, struct error *error);

#endif
