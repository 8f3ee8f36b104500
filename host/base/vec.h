/* vec: in elements, out a growable array; `VEC(type) name` declares one, zero-filled is empty. Out of memory ends the process: see memory.h. */
#ifndef HOST_BASE_VEC_H
#define HOST_BASE_VEC_H

#include <stddef.h>

#include "memory.h"

#define VEC(type)                                                                                                                                             \
    struct {                                                                                                                                                  \
        type *at;                                                                                                                                             \
        size_t count, room;                                                                                                                                   \
    }

/* Pointers into `at` are void after any push. */
#define vec_reserve(v, n) ((v)->room >= (n) ? (void)0 : vec__grow((void **)&(v)->at, &(v)->room, (n), sizeof *(v)->at))
#define vec_push(v, value) (vec_reserve((v), (v)->count + 1), (v)->at[(v)->count++] = (value))
/* Makes at least `n` elements exist; new ones are zero. */
#define vec_extend(v, n) vec__extend((void **)&(v)->at, &(v)->count, &(v)->room, (n), sizeof *(v)->at)
#define vec_done(v) (memory_free((v)->at), (v)->at = NULL, (v)->count = (v)->room = 0)

void vec__grow(void **at, size_t *room, size_t least, size_t element_bytes);
void vec__extend(void **at, size_t *count, size_t *room, size_t least, size_t element_bytes);

#endif
