/* sheet: in a page as it is printed, out a part of it in a window of the screen; it can be scrolled. */
#ifndef HOST_TUI_SHEET_H
#define HOST_TUI_SHEET_H

#include <stdio.h>

#include "screen.h"

/* A part of the screen. */
struct window {
    size_t row, column, rows, columns;
};

struct sheet {
    char *text;
    size_t bytes;
    size_t lines, top;
    FILE *out; /* while it is written */
};

/* What it had is gone; the place where it was scrolled to stays. Print in colours to the result (view.has_colour). */
FILE *sheet_begin(struct sheet *sheet);
void sheet_end(struct sheet *sheet);
void sheet_show(struct sheet *sheet, struct window window);
/* False: the key means nothing to it. */
bool sheet_key(struct sheet *sheet, const struct screen_event *event, size_t rows);
void sheet_done(struct sheet *sheet);

#endif
