/* clock: in ticks of the session's clock, out nanoseconds since its start, never falling; the rate of a tick counter is measured while the session runs. */
#ifndef HOST_SOURCE_CLOCK_H
#define HOST_SOURCE_CLOCK_H

#include <stdint.h>

#include "wire/lane.h"

struct clock {
    enum ht_clock kind;
    uint64_t start_ticks, start_raw_ns;
    uint64_t base_ticks, base_ns, rate; /* ns = base_ns + (ticks - base_ticks) * rate / 2^32; ticks since the start */
    uint64_t adjust_ticks;              /* when the rate is measured again */
    double ticks_per_s;
};

/* The finest clock that is the same on all CPUs. */
enum ht_clock clock_choose(void);
/* The finest that a runtime can read too whose finest is `able`. */
enum ht_clock clock_choose_for(enum ht_clock able);
void clock_start(struct clock *clock, enum ht_clock kind);
/* Ticks since the start. */
uint64_t clock_now(const struct clock *clock);
/* Measures the rate anew when it is time. From now on clock_ns may be asked for `from_ticks` and later only; no answer is below an earlier one. */
void clock_adjust(struct clock *clock, uint64_t from_ticks);

static inline uint64_t clock_ns(const struct clock *clock, uint64_t ticks)
{
    return clock->base_ns + (uint64_t)((unsigned __int128)(ticks - clock->base_ticks) * clock->rate >> 32);
}

#endif
