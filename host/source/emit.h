/* emit: in events with a stamp, out events with a time that never falls, handed to the taker; counts them. */
#ifndef HOST_SOURCE_EMIT_H
#define HOST_SOURCE_EMIT_H

#include <heaptracer/trace.h>

#include "clock.h"

typedef void (*emit_put)(void *context, const struct event *event);

struct emit {
    emit_put put;
    void *context;
    struct clock *clock;
    uint64_t last_stamp, last_ns;
    uint64_t events, late_events;
};

/* An event that came too late to be in its place is told at the time of the last one and counted. */
static inline uint64_t emit_time(struct emit *emit, uint64_t stamp)
{
    if (__builtin_expect(stamp < emit->last_stamp, 0)) {
        emit->late_events++;
        return emit->last_ns;
    }
    emit->last_stamp = stamp;
    uint64_t ns = clock_ns(emit->clock, stamp);
    if (ns > emit->last_ns)
        emit->last_ns = ns;
    return emit->last_ns;
}

static inline void emit_event(struct emit *emit, const struct event *event)
{
    emit->events++;
    emit->put(emit->context, event);
}

#endif
