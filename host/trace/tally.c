/* tally: what a sampled block stands for. */
#include "tally.h"

#include <math.h>

static const double most = 9.2e18; /* a hostile size or distance must not overflow the conversion */

/* Sampling draws a point per R bytes on average; a block of size 0 takes part as one byte, since it could not be seen else. */
double tally_probability(uint64_t size, uint64_t sample_bytes)
{
    return -expm1(-(double)(size ? size : 1) / (double)sample_bytes);
}

struct tally tally_weigh(uint64_t size, uint64_t sample_bytes)
{
    double p = tally_probability(size, sample_bytes);
    double bytes = (double)size / p, count = TALLY_ONE / p;
    return (struct tally){(uint64_t)(fmin(bytes, most) + 0.5), (uint64_t)(fmin(count, most) + 0.5)};
}
