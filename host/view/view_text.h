/* view_text: in any table, out a page for a terminal. */
#ifndef HOST_VIEW_VIEW_TEXT_H
#define HOST_VIEW_VIEW_TEXT_H

#include <stdio.h>

#include "view.h"

void view_text(FILE *out, const struct view *view, const struct table *table);

/* The parts: one a shape. */
void view_rows(FILE *out, const struct view *view, const struct table *table);
void view_tree(FILE *out, const struct view *view, const struct table *table);
void view_series(FILE *out, const struct view *view, const struct table *table);

#endif
