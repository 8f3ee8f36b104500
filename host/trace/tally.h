/* tally: in a sampled block's size and the mean sampling distance R, out what the sample stands for: 1 / p blocks with p = 1 - exp(-size / R). */
#ifndef HOST_TRACE_TALLY_H
#define HOST_TRACE_TALLY_H

#include <heaptracer/trace.h>

double tally_probability(uint64_t size, uint64_t sample_bytes);
struct tally tally_weigh(uint64_t size, uint64_t sample_bytes);

static inline void tally_add(struct tally *sum, struct tally amount)
{
    sum->bytes += amount.bytes;
    sum->count += amount.count;
}

static inline void tally_take(struct tally *sum, struct tally amount)
{
    sum->bytes -= amount.bytes;
    sum->count -= amount.count;
}

#endif
