/* timeline: in changes, out moments of equal length, few however long the trace is: what lived, what was allocated, and by whom most. */
#ifndef HOST_ANALYSIS_TIMELINE_H
#define HOST_ANALYSIS_TIMELINE_H

#include <heaptracer/model.h>

enum { TIMELINE_ROWS = 2048 };

struct moment {
    struct tally live, allocated;
    uint64_t peak_bytes, frees; /* frees in units of TALLY_ONE */
    uint64_t votes;             /* Boyer and Moore: a site that made more than half of the blocks is `site`, with at least so many more than all others */
    uint32_t site;
};

struct timeline {
    struct moment moments[TIMELINE_ROWS];
    size_t count;                         /* the last one is being filled; its `live` is what lives now */
    uint64_t begin_ns, width_ns, edge_ns; /* edge: where the last one ends */
    struct tally left;                    /* left by processes that ended in the last one */
};

void *timeline_begin(const struct model *model);
void timeline_see(void *state, const struct changes *changes);
/* A copy that reaches up to `end_ns`; to be freed with memory_free. */
struct timeline *timeline_now(const struct timeline *timeline, uint64_t end_ns);
/* Two that follow each other as one. */
struct moment moment_join(const struct moment *first, const struct moment *second);

#endif
