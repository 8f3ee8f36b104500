/* quick: in the totals at a trace's end, out tables at once, however long the trace is. */
#ifndef HOST_CMD_QUICK_H
#define HOST_CMD_QUICK_H

#include <heaptracer/table.h>
#include <heaptracer/trace.h>

/* Each initialises the table: table_done when printed. */
void quick_summary(struct table *table, const struct trace_totals *totals);
void quick_peak(struct table *table, const struct trace_totals *totals);
void quick_leaks(struct table *table, const struct trace_totals *totals);

#endif
