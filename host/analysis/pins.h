/* pins: in blocks that live on, out how much memory each call stack keeps from going back to the system: what is free in pages in which only its blocks live. */
#ifndef HOST_ANALYSIS_PINS_H
#define HOST_ANALYSIS_PINS_H

#include <heaptracer/model.h>

#include "host/base/map.h"
#include "host/base/vec.h"

enum { PINS_PAGE = 4096 };

/* Zero-filled is empty. */
struct pins {
    struct map pages; /* process and page -> site and bytes in use; site 0: several sites */
    VEC(uint64_t) free_bytes; /* by site, after pins_sum */
};

void pins_add(struct pins *pins, const struct block *block);
/* After the last block. */
void pins_sum(struct pins *pins);
uint64_t pins_of(const struct pins *pins, uint32_t site);
void pins_copy(const struct pins *from, struct pins *to);
void pins_done(struct pins *pins);

#endif
