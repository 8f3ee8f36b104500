/* quick: in what is to be answered, out whether the totals at the end of a trace answer it, so that no event needs to be read. */
#ifndef HOST_CMD_QUICK_H
#define HOST_CMD_QUICK_H

#include <heaptracer/table.h>
#include <heaptracer/trace.h>

#include "host/base/str.h"

/* The columns of the table (of the analysis of that name) that are right; none: false. */
bool quick_columns(const struct trace_totals *totals, const char *table, struct str *columns);
/* Are all of `columns` (NULL: all that the table has) right, and the first `rows` rows (0: all)? */
bool quick_knows(const struct trace_totals *totals, const char *table, const char *columns, size_t rows);
/* Takes away rows whose place is not sure, and tells the table how many there are. */
void quick_cut(const struct trace_totals *totals, struct table *table);

#endif
