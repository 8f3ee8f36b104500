/* plans: the number of a plan is what firmware and model agree on. */
#ifndef TESTS_LIBC_PLANS_H
#define TESTS_LIBC_PLANS_H

#include "events.h"

/* seed, events, slots, small, middle, most, least_resize, aligned */
#define LIBC_PLANS                                                                                                                                                   \
    {                                                                                                                                                                \
        {1, 100000, 200, 100, 1000, 12000, 1, 1}, /* 0: boards of 100 KiB, where some requests are refused */                                                         \
        {2, 100000, 40, 40, 200, 1500, 2, 0},     /* 1: an AVR */                                                                                                     \
        {3, 1024, 40, 20, 60, 200, 1, 0},         /* 2: an AVR, with what its realloc spoils: not for long, or its heap has no end */ \
        {4, 100000, 900, 200, 2000, 100000, 1, 1}, /* 3: a process */                                                                                                 \
        {5, 100000, 300, 2000, 20000, 1000000, 1, 1}, /* 4: a process with large blocks, some of them mapped */                                                       \
        {6, 100000, 1000, 24, 120, 1100, 1, 1},   /* 5: a process with small blocks */                                                                                \
        {7, 16384, 200, 100, 1000, 12000, 1, 1},  /* 6: what tests/libc/golden keeps */                                                                              \
    }

#endif
