/* weight: in a sampled block's size and the mean sampling distance, out what the sample stands for, and how sure a sum of such is. */
#include "weight.h"

#include <math.h>

static const double weight_most_bytes = 9.2e18; /* a hostile size must not overflow the conversion */

/* Sampling draws a point per R bytes on average; a block of size 0 takes part as one byte, since it could not be seen else. */
double weight_probability(uint64_t size, uint64_t sample_bytes)
{
    return -expm1(-(double)(size ? size : 1) / (double)sample_bytes);
}

struct tally weight_tally(uint64_t size, uint64_t sample_bytes)
{
    double p = weight_probability(size, sample_bytes);
    double bytes = (double)size / p;
    return (struct tally){bytes < weight_most_bytes ? (uint64_t)(bytes + 0.5) : (uint64_t)weight_most_bytes, (uint64_t)(TALLY_ONE / p + 0.5)};
}

void weight_spread_add(struct spread *spread, uint64_t size, uint64_t sample_bytes)
{
    double p = weight_probability(size, sample_bytes), bytes = (double)size / p;
    spread->variance += bytes * bytes * (1 - p);
    spread->largest = fmax(spread->largest, bytes);
    spread->samples++;
}

void weight_spread_remove(struct spread *spread, uint64_t size, uint64_t sample_bytes)
{
    double p = weight_probability(size, sample_bytes), bytes = (double)size / p;
    spread->variance = spread->samples > 1 ? fmax(0, spread->variance - bytes * bytes * (1 - p)) : 0;
    spread->samples -= spread->samples > 0;
}

/* Regularised lower incomplete gamma function, by its series; enough for the shapes below some hundreds that are asked here. */
static double gamma_below(double shape, double x)
{
    if (x <= 0)
        return 0;
    double term = 1 / shape, sum = term;
    for (double n = 1; n < 2000 && term > sum * 1e-12; n++) {
        term *= x / (shape + n);
        sum += term;
    }
    return fmin(1, sum * exp(shape * log(x) - x - lgamma(shape)));
}

/* x with gamma_below(shape, x) = share, by halving. */
static double gamma_quantile(double shape, double share)
{
    double low = 0, high = shape + 20 * sqrt(shape) + 40;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (gamma_below(shape, middle) < share)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

enum { SPREAD_EXACT_BELOW = 10 }; /* samples' worth */

/* Weighted sums of few samples are like a Poisson count times a scale: the gamma limits (Fay and Feuer 1997) are the exact Poisson ones when all weights are equal. */
void spread_interval(const struct spread *spread, uint64_t bytes, uint64_t *low, uint64_t *high)
{
    double sum = (double)bytes, variance = spread->variance, below = sum, above = sum;
    if (variance > 0 && sum * sum / variance < SPREAD_EXACT_BELOW) {
        double most = spread->largest, scale = (variance + most * most) / (sum + most);
        below = gamma_quantile(sum * sum / variance, 0.025) * variance / sum;
        above = gamma_quantile((sum + most) / scale, 0.975) * scale;
    } else if (variance > 0) {
        below = fmax(0, sum - 1.959964 * sqrt(variance));
        above = sum + 1.959964 * sqrt(variance);
    }
    *low = (uint64_t)fmin(fmax(below, 0), weight_most_bytes);
    *high = (uint64_t)fmin(above, weight_most_bytes);
}
