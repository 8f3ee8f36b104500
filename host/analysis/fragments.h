/* fragments: in the sizes of a heap's free pieces, out every figure of external fragmentation that is in use. docs/fragmentation.md has formulas and sources.
 */
#ifndef HOST_ANALYSIS_FRAGMENTS_H
#define HOST_ANALYSIS_FRAGMENTS_H

#include <stdint.h>

#include "size_class.h"

struct fragments {
    uint64_t count, bytes, largest; /* pieces; F; L */
    double squares;                 /* sum of their sizes squared */
    uint64_t class_count[SIZE_CLASSES], class_bytes[SIZE_CLASSES];
};

void fragments_add(struct fragments *fragments, uint64_t bytes);
/* 1 - L / F; 0 where nothing is free. */
double fragments_external(const struct fragments *fragments);
/* Pieces that hold 2^log2 bytes and more, and their bytes. */
uint64_t fragments_suitable(const struct fragments *fragments, unsigned log2, uint64_t *bytes);
/* (F - bytes in suitable pieces) / F: which part of the free memory is of no use to a request of 2^log2 bytes. Gorman and Whitcroft. */
double fragments_unusable(const struct fragments *fragments, unsigned log2);
/* Linux, mm/vmstat.c: 1 - (1 + F / s) / pieces where no piece holds s = 2^log2 bytes, else -1; 0 where nothing is free. Below 0 is -1 only where a request
 * would succeed: a failure near 0 is lack of memory, near 1 fragmentation. */
double fragments_linux(const struct fragments *fragments, unsigned log2);
/* 1 - sqrt(sum of f^2) / F, as umm_malloc has it but with real numbers. */
double fragments_umm(const struct fragments *fragments);
/* Half L/F, 0.3 / (1 + ln pieces), 0.2 (1 - wasted / F): the higher the better, 1 is one piece. */
double fragments_score(const struct fragments *fragments, uint64_t wasted_bytes);

#endif
