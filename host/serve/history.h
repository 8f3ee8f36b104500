/* history: in figures of a heap one after another, out the whole course in bounded memory: the last two minutes as they came, then a point a second for an hour,
 * a point a minute for two days, a point an hour for a year. */
#ifndef HOST_SERVE_HISTORY_H
#define HOST_SERVE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

enum { HISTORY_REGIONS = 8, HISTORY_NAME = 32, HISTORY_LEVELS = 4 };

struct history_region {
    uint64_t used, free, largest;
    double fragmentation;
};

/* The figures at `time_ns`; totals are since the beginning. */
struct history_point {
    uint64_t time_ns, width_ns; /* width: of what the point stands for, up to its time */
    uint64_t live_bytes, live_count, allocated_bytes, allocated_count, freed_bytes, freed_count, faults, alerts;
    uint64_t live_bytes_most; /* in its width */
    uint32_t region_count;
    struct history_region regions[HISTORY_REGIONS]; /* by the names of the history */
};

struct history_level {
    struct history_point *points; /* a ring */
    size_t first, count;
};

struct history {
    struct history_level levels[HISTORY_LEVELS];
    struct history_point pending[HISTORY_LEVELS]; /* of the next bucket of a level; width 0: none */
    char names[HISTORY_REGIONS][HISTORY_NAME];
    uint32_t region_count;
};

/* Times never go back; one that does is left out. */
void history_add(struct history *history, const struct history_point *point);
/* The place of a region among those of a point; HISTORY_REGIONS: there are too many. */
uint32_t history_region(struct history *history, const char *name);
size_t history_count(const struct history *history);
/* From the oldest to the newest. */
void history_each(const struct history *history, void (*visit)(void *context, const struct history_point *point), void *context);
void history_done(struct history *history);

#endif
