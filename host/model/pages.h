/* pages: in ranges of pages that come and go, out the ranges that are there. One per process; sorted, never overlapping. Zero-filled is empty. */
#ifndef HOST_MODEL_PAGES_H
#define HOST_MODEL_PAGES_H

#include <heaptracer/model.h>

#include "host/base/vec.h"

struct pages {
    VEC(struct page_range) ranges;
    uint64_t bytes;
};

/* What stood there before is replaced, as MAP_FIXED does. */
void pages_map(struct pages *pages, const struct page_range *range);
void pages_unmap(struct pages *pages, ht_addr start, ht_addr end);
void pages_done(struct pages *pages);

#endif
