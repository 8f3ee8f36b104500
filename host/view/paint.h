/* paint: in text and its role, out text on a stream with the colour of that role, cut or padded to columns. */
#ifndef HOST_VIEW_PAINT_H
#define HOST_VIEW_PAINT_H

#include <stdio.h>

#include "view.h"

enum paint_role {
    PAINT_PLAIN,
    PAINT_TITLE,    /* names a table */
    PAINT_DIM,      /* column titles, places, arrows */
    PAINT_FUNCTION, /* the function that people look for */
    PAINT_HOT,      /* a large share */
    PAINT_BAR,
    PAINT_NOTE,     /* what a reader must know */
};

/* Returns the columns used. */
size_t paint_put(const struct view *view, FILE *out, enum paint_role role, const char *text);
/* Where a page that was printed in colours changes its role: what stands behind that place, and the role; else NULL. */
const char *paint_read(const char *text, enum paint_role *role);
/* In exactly `columns`: padded on the left or right, cut with a mark. */
void paint_cell(const struct view *view, FILE *out, enum paint_role role, const char *text, size_t columns, bool is_right);
/* Whole words up to the page's width, every line after `indent`; made clean. */
void paint_paragraph(const struct view *view, FILE *out, enum paint_role role, const char *text, const char *indent);
/* `count` times the same text. */
void paint_repeat(FILE *out, const char *text, size_t count);
const char *paint_ellipsis(const struct view *view);

#endif
