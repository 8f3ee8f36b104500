/* slices: in changes, out the time range in at most SLICES_MOST equal slices, and in each what every site, thread and size class did. Not in analysis.def:
 * reports ask for it, and it has more to say than a table. */
#ifndef HOST_ANALYSIS_SLICES_H
#define HOST_ANALYSIS_SLICES_H

#include <heaptracer/analysis.h>

#include "slice_grid.h"

enum { SLICES_MOST = 128 };

struct slice_total {
    struct tally live; /* at the end of the slice; blocks left by a process that ends count until then */
    struct tally allocated, freed;
    uint64_t temporary; /* in units of TALLY_ONE */
};

struct slices {
    const struct model *model;
    uint64_t begin_ns, width_ns, edge_ns; /* edge: where the latest slice ends */
    uint32_t now;                         /* the latest slice */
    struct tally left;                    /* in it, by processes that ended */
    struct slice_total totals[SLICES_MOST];
    struct slice_grid sites, threads, sizes;
};

extern const struct analysis analysis_slices;

/* The answer: all of it up to the model's time. */
struct slices_answer {
    uint64_t begin_ns, width_ns;
    uint32_t count;
    struct slice_total totals[SLICES_MOST];
    struct slice_columns sites, threads, sizes;
};
/* site_places[site]: the key that a site gets in the answer, `site_keys` of them; NULL: itself. At most about `most_cells` of sites. */
void slices_take(const struct slices *slices, const uint32_t *site_places, size_t site_keys, size_t most_cells, struct slices_answer *answer);
void slices_done(struct slices_answer *answer);

#endif
