/* dashboard: in everything that is known about a run, out one screen: each region's state and map, the largest allocations, tasks, faults, alerts. */
#ifndef HOST_VIEW_DASHBOARD_H
#define HOST_VIEW_DASHBOARD_H

#include "report_document.h"

void dashboard_put(FILE *out, const struct report *report);

#endif
