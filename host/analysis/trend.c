/* trend: in values at equal distances, out their slope by Theil and Sen and how steadily they rise. */
#include "trend.h"

#include <stdlib.h>

#include "host/base/memory.h"

static int slope_order(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

struct trend trend_find(const double *values, size_t count)
{
    struct trend trend = {0};
    size_t pairs = 0, rises = 0, falls = 0;
    if (count < 2 || count > TREND_VALUES_MOST)
        return trend;
    double *slopes = memory_new(count * (count - 1) / 2, sizeof *slopes);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            slopes[pairs++] = (values[j] - values[i]) / (double)(j - i);
            rises += values[j] > values[i];
            falls += values[j] < values[i];
        }
    qsort(slopes, pairs, sizeof *slopes, slope_order);
    trend.slope = pairs % 2 ? slopes[pairs / 2] : (slopes[pairs / 2 - 1] + slopes[pairs / 2]) / 2;
    trend.rising = rises + falls ? (double)rises / (double)(rises + falls) : 0;
    memory_free(slopes);
    return trend;
}
