/* weight: in a sampled block's size and the mean sampling distance, out what the sample stands for, and how sure a sum of such is. */
#include "weight.h"

#include <math.h>

#include "host/trace/tally.h"

static const double weight_most = 9.2e18; /* a hostile size must not overflow the conversion */

void weight_spread_add(struct spread *spread, uint64_t size, uint64_t sample_bytes)
{
    double p = tally_probability(size, sample_bytes), bytes = (double)size / p;
    spread->variance += bytes * bytes * (1 - p);
    spread->sample_bytes = sample_bytes;
    spread->samples++;
}

void weight_spread_remove(struct spread *spread, uint64_t size, uint64_t sample_bytes)
{
    double p = tally_probability(size, sample_bytes), bytes = (double)size / p;
    spread->variance = spread->samples > 1 ? fmax(0, spread->variance - bytes * bytes * (1 - p)) : 0;
    spread->samples -= spread->samples > 0;
}

/* Regularised lower incomplete gamma function by its series, `scale` being log(gamma(shape)). */
static double gamma_below(double shape, double x, double scale)
{
    double term = 1 / shape, sum = term;
    for (double n = 1; n < 4000 && term > sum * 1e-12; n++) {
        term *= x / (shape + n);
        sum += term;
    }
    return fmin(1, sum * exp(shape * log(x) - x - scale));
}

/* x with gamma_below(shape, x) = share, where `normal` is the normal distribution's quantile of `share`: Newton's steps from the guess of Wilson and Hilferty,
 * which needs none when the shape is large. */
static double gamma_quantile(double shape, double share, double normal)
{
    double scale = lgamma(shape), root = 1 - 1 / (9 * shape) + normal / (3 * sqrt(shape)), x = shape * root * root * root;
    if (x < shape * 1e-3)
        x = exp((log(share) + lgamma(shape + 1)) / shape);
    for (int i = 0; i < 30 && shape < 1000; i++) {
        double slope = exp((shape - 1) * log(x) - x - scale), step = (gamma_below(shape, x, scale) - share) / slope;
        x = step < x ? x - step : x / 2;
        if (fabs(step) < x * 1e-9)
            break;
    }
    return x;
}

/* Uncertain samples' worth below which the exact limits are used; the normal ones cover only 92 to 94 % of the cases there. */
enum { SPREAD_EXACT_BELOW = 100 };
static const double normal_tail = 1.959964; /* 97.5 % of the normal distribution lie below it */

/* A weighted sum of few samples is like a Poisson count times a scale: the gamma limits (Fay and Feuer 1997) are the exact Poisson ones when all weights are
 * equal. The upper one allows for one more sample than was seen. A sample adds at most R^2 to the variance, one that was nearly certain almost nothing:
 * so variance / R^2 is the number of samples that matter, and R is what one more could add. */
void spread_interval(const struct spread *spread, uint64_t bytes, uint64_t *low, uint64_t *high)
{
    double sum = (double)bytes, variance = spread->variance, one = (double)spread->sample_bytes, below = sum, above = sum;
    if (!spread->samples) {
        *low = *high = bytes;
        return;
    }
    if (variance >= SPREAD_EXACT_BELOW * one * one) {
        below = sum - normal_tail * sqrt(variance);
        above = sum + normal_tail * sqrt(variance);
    } else {
        double scale = (variance + one * one) / (sum + one);
        below = variance > 0 && sum > 0 ? gamma_quantile(sum * sum / variance, 0.025, -normal_tail) * variance / sum : sum;
        above = gamma_quantile((sum + one) / scale, 0.975, normal_tail) * scale;
    }
    *low = (uint64_t)fmin(fmax(below, 0), weight_most);
    *high = (uint64_t)fmin(above, weight_most);
}
