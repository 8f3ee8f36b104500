/* pattern_course: in the moments of a run, out the stretches of time that have a shape: bursts, spikes, ramps, steady states, phases. docs/patterns.md has the
 * rules and their figures. */
#ifndef HOST_ANALYSIS_PATTERN_COURSE_H
#define HOST_ANALYSIS_PATTERN_COURSE_H

#include "host/base/vec.h"
#include "timeline.h"

enum course_kind { COURSE_BURSTS, COURSE_SPIKE, COURSE_RAMP, COURSE_STEADY, COURSE_PHASE, COURSE_KINDS };

struct course_stretch {
    enum course_kind kind;
    size_t from, to;    /* moments [from, to) */
    uint64_t count;     /* bursts: how many; others: allocations in it */
    uint64_t bytes;     /* spike: what it rises by; ramp: what it gains; steady: the level; others: allocated */
    double value;       /* bursts: their rate / the mean rate; spike: peak / level beside it; ramp: bytes a second; steady: highest - lowest as a share of the
                           level; phase: allocations a second */
    double extra;       /* bursts: mean distance in ns if it is regular, else 0; phase: mean size */
    double share, sure; /* bursts: share of all allocations; others: share of the time */
    uint32_t site;      /* that made most, 0 if none did */
};
typedef VEC(struct course_stretch) course_stretches;

/* The strongest of each kind first. */
void course_find(const struct timeline *timeline, course_stretches *found);

#endif
