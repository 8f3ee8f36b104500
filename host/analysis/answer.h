/* answer: what several analyses need to write their tables. */
#ifndef HOST_ANALYSIS_ANSWER_H
#define HOST_ANALYSIS_ANSWER_H

#include <heaptracer/analysis.h>

#include "host/trace/tally.h"

#define COLUMN_COUNT_OF(columns) (sizeof(columns) / sizeof *(columns))

static inline double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

/* Time since birth; a damaged trace may go back in time. */
static inline uint64_t age_ns(uint64_t birth_ns, uint64_t now_ns)
{
    return now_ns > birth_ns ? now_ns - birth_ns : 0;
}

/* 1: the change makes its block live, -1: it ends it, 0: neither. */
static inline int change_way(const struct change *change)
{
    switch (change->kind) {
    case CHANGE_BIRTH:
    case CHANGE_INHERIT:
    case CHANGE_RESIZE:
    case CHANGE_RESTORE:
        return 1;
    case CHANGE_FREE:
    case CHANGE_LIFT:
    case CHANGE_LEAVE:
    case CHANGE_VANISH:
        return -1;
    default:
        return 0;
    }
}

/* The two cells of a 95 % interval. */
static inline void answer_interval(union cell *cells, const struct spread *spread, uint64_t bytes)
{
    spread_interval(spread, bytes, &cells[0].u, &cells[1].u);
}

#endif
