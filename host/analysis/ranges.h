/* ranges: in addresses that a heap has used, out the stretches of memory that it lies in: what lies near is one stretch. Few, however many blocks there are. */
#ifndef HOST_ANALYSIS_RANGES_H
#define HOST_ANALYSIS_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/vec.h"

enum { RANGES_MOST = 4096, RANGES_GAP = 65536 };

struct range {
    uint64_t low, high;
};

/* Zero-filled is empty. */
struct ranges {
    VEC(struct range) list; /* by address */
    size_t last;            /* that was met last */
    uint64_t gap;           /* a gap below this does not part two stretches; 0: RANGES_GAP, or more where there would be too many */
    uint64_t bytes;         /* of all */
};

void ranges_widen(struct ranges *ranges, uint64_t low, uint64_t high);
void ranges_done(struct ranges *ranges);

/* True: the stretches have grown. */
static inline bool ranges_add(struct ranges *ranges, uint64_t low, uint64_t high)
{
    const struct range *last = ranges->list.at + ranges->last;
    if (ranges->last < ranges->list.count && low >= last->low && high <= last->high)
        return false;
    uint64_t before = ranges->bytes;
    ranges_widen(ranges, low, high);
    return ranges->bytes != before;
}

#endif
