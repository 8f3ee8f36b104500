/* chains: in reallocs, out how the blocks of each site that calls it grow. */
#ifndef HOST_ANALYSIS_CHAINS_H
#define HOST_ANALYSIS_CHAINS_H

#include <heaptracer/model.h>

#include "host/base/vec.h"

struct chain {
    uint64_t resizes, moved, grew, shrank, longest, failed, growths; /* counts but `longest` in units of TALLY_ONE */
    uint64_t copied_bytes, grown_bytes, grown_from, largest;         /* grown_bytes: sum of what they grew by; grown_from: of what they were; largest: block */
    uint64_t first_ns, last_ns;
    double growth_log2;
};

struct chains {
    VEC(struct chain) sites;
};

void *chains_begin(const struct model *model);
void chains_see(void *state, const struct changes *changes);
void chains_end(void *state);

#endif
