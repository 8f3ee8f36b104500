/* view_csv: in a table, out its rows as CSV (RFC 4180): a header line of column names, plain numbers, stacks innermost frame first and parted by ';'. */
#ifndef HOST_VIEW_VIEW_CSV_H
#define HOST_VIEW_VIEW_CSV_H

#include <stdio.h>

#include "view.h"

/* A tree has two columns more in front: `row` and `parent` (empty at a root). */
void view_csv(FILE *out, const struct view *view, const struct table *table);

#endif
