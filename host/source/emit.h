/* emit: in events with a stamp, out events with a time that never falls, handed to the taker some at a time; counts them. */
#ifndef HOST_SOURCE_EMIT_H
#define HOST_SOURCE_EMIT_H

#include <stddef.h>

#include <heaptracer/trace.h>

#include "clock.h"

typedef void (*emit_put)(void *context, const struct event *events, size_t count);

/* As many as hide from each other the time that memory takes; few enough to stay near. */
enum { EMIT_RUN = 16 };

struct emit {
    emit_put put;
    void *context;
    struct clock *clock;
    uint64_t last_stamp, last_ns;
    uint64_t events, late_events;
    uint32_t waiting_count;
    struct event waiting[EMIT_RUN];
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

/* Hands on what waits: at the end of a round, and before anything else is done with the taker. */
static inline void emit_flush(struct emit *emit)
{
    uint32_t count = emit->waiting_count;
    emit->waiting_count = 0;
    if (count)
        emit->put(emit->context, emit->waiting, count);
}

/* Where the next event is to be made. Nothing else may be emitted before it is whole. */
static inline struct event *emit_next(struct emit *emit)
{
    if (emit->waiting_count == EMIT_RUN)
        emit_flush(emit);
    emit->events++;
    return emit->waiting + emit->waiting_count++;
}

static inline void emit_event(struct emit *emit, const struct event *event)
{
    *emit_next(emit) = *event;
    if (event->define)
        emit_flush(emit); /* what it points to does not last */
}

#endif
