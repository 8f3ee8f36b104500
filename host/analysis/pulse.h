/* pulse: in a model that is asked from time to time, out what went on since it was asked last: rates, growth, and the site that grew most. */
#ifndef HOST_ANALYSIS_PULSE_H
#define HOST_ANALYSIS_PULSE_H

#include <heaptracer/model.h>

#include "host/base/vec.h"

struct pulse {
    uint64_t time_ns;
    uint64_t allocations, frees, allocated_bytes, live_bytes;
    VEC(uint64_t) held; /* live bytes, by site */
};

struct pulse_beat {
    uint64_t time_ns, width_ns;         /* now, and since the last one */
    uint64_t allocations, frees, bytes; /* in between; bytes: that were allocated */
    int64_t growth_bytes;               /* of live memory */
    uint32_t stack;                     /* of the site that grew most; 0: none grew */
    uint64_t stack_bytes;               /* by how much */
};

/* What the model is at `time_ns` is compared with what it was; zeroed is the beginning of all. The model must be flushed. */
void pulse_take(struct pulse *pulse, const struct model *model, uint64_t time_ns, struct pulse_beat *beat);
/* Events a second. */
double pulse_rate(const struct pulse_beat *beat, double count);
void pulse_done(struct pulse *pulse);

#endif
