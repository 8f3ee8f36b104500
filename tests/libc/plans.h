/* plans: the number of a plan is what firmware and model agree on. */
#ifndef TESTS_LIBC_PLANS_H
#define TESTS_LIBC_PLANS_H

#include "events.h"

/* seed, events, slots, small, middle, most, least_resize, aligned, check_each, least_events */
#define LIBC_PLANS                                                                                                                                            \
    {                                                                                                                                                         \
        {1, 100000, 200, 100, 1000, 12000, 1, 1, 1024, 0}, /* 0: boards of 100 KiB, where some requests are refused */                                        \
        {2, 100000, 40, 40, 200, 1500, 2, 0, 1024, 0},     /* 1: an AVR */                                                                                    \
        {1, 1536, 40, 4, 12, 40, 1, 0, 32, 512},           /* 2: an AVR, with what its realloc spoils */                                                      \
        {4, 100000, 900, 200, 2000, 100000, 1, 1, 1024, 0}, /* 3: a process */                                                                                \
        {5, 100000, 300, 2000, 20000, 1000000, 1, 1, 1024, 0}, /* 4: a process with large blocks, some of them mapped */                                      \
        {6, 100000, 1000, 24, 120, 1100, 1, 1, 1024, 0},   /* 5: a process with small blocks */                                                               \
        {7, 16384, 200, 100, 1000, 12000, 1, 1, 1024, 0},  /* 6: what tests/libc/golden keeps */                                                              \
    }

#endif
