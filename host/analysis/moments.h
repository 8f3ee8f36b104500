/* moments: in changes, out a coarse map of what lies where at some times, evenly spread over the run. Not in analysis.def: reports ask for it, and it has more to say
 * than a table. */
#ifndef HOST_ANALYSIS_MOMENTS_H
#define HOST_ANALYSIS_MOMENTS_H

#include <heaptracer/analysis.h>

#include "coarse_map.h"

enum { MOMENTS_MOST = 48 };

struct moment {
    uint64_t time_ns;
    struct coarse_runs heap, pages; /* live blocks; page maps */
};

struct moments {
    const struct model *model;
    uint64_t width_ns, edge_ns; /* edge: when the next one is due */
    uint64_t page_changes, page_visits; /* until the latest moment */
    size_t count;
    struct moment list[MOMENTS_MOST];
    struct coarse_map heap;
};

extern const struct analysis analysis_moments;

/* A copy of them, all heaps in cells of one size and all page maps, to be ended with moments_done. Its list is all that it has. */
struct moments *moments_take(const struct moments *moments);
void moments_done(struct moments *moments);

#endif
