/* now: in a clock of the system, out nanoseconds. */
#ifndef HOST_BASE_NOW_H
#define HOST_BASE_NOW_H

#include <stdint.h>
#include <time.h>

/* Since that clock's own beginning. */
uint64_t now_of(clockid_t clock);
/* Never goes back; for durations. */
static inline uint64_t now_ns(void) { return now_of(CLOCK_MONOTONIC); }

#endif
