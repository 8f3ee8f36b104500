/* trend: in values at equal distances, out their slope by Theil and Sen (the median of the slopes of all pairs) and how steadily they rise. */
#ifndef HOST_ANALYSIS_TREND_H
#define HOST_ANALYSIS_TREND_H

#include <stddef.h>
#include <stdint.h>

struct trend {
    double slope;  /* a step */
    double rising; /* of the pairs that differ, the share that rise; 0 if none differ */
};
enum { TREND_VALUES_MOST = 128 };

/* At most TREND_VALUES_MOST values. */
struct trend trend_find(const double *values, size_t count);

#endif
