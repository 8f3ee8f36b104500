/* fragments: sums by power-of-two class are enough, since requests are asked about at powers of two. */
#include "fragments.h"

#include <math.h>

void fragments_add(struct fragments *fragments, uint64_t bytes)
{
    unsigned class = size_class(bytes);
    fragments->count++;
    fragments->bytes += bytes;
    fragments->largest = bytes > fragments->largest ? bytes : fragments->largest;
    fragments->squares += (double)bytes * (double)bytes;
    fragments->class_count[class]++;
    fragments->class_bytes[class] += bytes;
}

double fragments_external(const struct fragments *fragments)
{
    return fragments->bytes ? 1 - (double)fragments->largest / (double)fragments->bytes : 0;
}

uint64_t fragments_suitable(const struct fragments *fragments, unsigned log2, uint64_t *bytes)
{
    uint64_t count = 0;
    *bytes = 0;
    for (unsigned i = log2 + 1; i < SIZE_CLASSES; i++) {
        count += fragments->class_count[i];
        *bytes += fragments->class_bytes[i];
    }
    return count;
}

double fragments_unusable(const struct fragments *fragments, unsigned log2)
{
    uint64_t bytes;
    fragments_suitable(fragments, log2, &bytes);
    return fragments->bytes ? (double)(fragments->bytes - bytes) / (double)fragments->bytes : 0;
}

double fragments_linux(const struct fragments *fragments, unsigned log2)
{
    uint64_t bytes;
    if (!fragments->count)
        return 0;
    if (fragments_suitable(fragments, log2, &bytes))
        return -1;
    return 1 - (1 + (double)fragments->bytes / ldexp(1, (int)log2)) / (double)fragments->count;
}

double fragments_umm(const struct fragments *fragments)
{
    return fragments->bytes ? 1 - sqrt(fragments->squares) / (double)fragments->bytes : 0;
}

double fragments_score(const struct fragments *fragments, uint64_t wasted_bytes)
{
    double free = (double)fragments->bytes;
    if (!fragments->count)
        return 0;
    return 0.5 * (double)fragments->largest / free + 0.3 / (1 + log((double)fragments->count)) + 0.2 * (1 - (double)wasted_bytes / free);
}
