/* report_moments: in the moments of a run, out what lay where at each, as columns of the document. */
#ifndef HOST_VIEW_REPORT_MOMENTS_H
#define HOST_VIEW_REPORT_MOMENTS_H

#include "host/analysis/moments.h"
#include "host/base/json.h"

/* The member `moments`; NULL: none. */
void report_moments_put(struct json *json, const struct moments *moments);

#endif
