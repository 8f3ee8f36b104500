/* grid: in any table, out its rows in a window of the screen, sorted and filtered as the user wants; one row is chosen, and stays so while rows move. */
#ifndef HOST_TUI_GRID_H
#define HOST_TUI_GRID_H

#include "host/base/str.h"
#include "host/base/vec.h"
#include "host/view/view.h"
#include "sheet.h"

enum { GRID_COLUMNS = 64 };

struct grid {
    /* the user's */
    const char *sort; /* name of a column; NULL: the table's own order */
    bool is_ascending;
    struct str filter;
    size_t top, cursor, shift; /* shift: columns that were scrolled out on the left */
    uint64_t chosen;           /* key of the row under the cursor */
    bool follows;              /* the cursor stays with its row, wherever that goes */
    /* of the last table */
    VEC(size_t) rows; /* those that are shown, in order */
    size_t widths[GRID_COLUMNS], places[GRID_COLUMNS];
    size_t shown_rows;
};

/* What stands for the row from one answer to the next: its stack, texts, addresses and ids. */
uint64_t grid_key(const struct table *table, size_t row);
/* Filters and sorts; to be called for each new table, and after a key that grid_press took. */
void grid_take(struct grid *grid, const struct view *view, const struct table *table);
void grid_show(struct grid *grid, const struct view *view, const struct table *table, struct window window);
/* False: the key means nothing to it. */
bool grid_press(struct grid *grid, const struct table *table, const struct screen_event *event, struct window window);
/* The row under the cursor; false: there is none. */
bool grid_chosen(const struct grid *grid, size_t *row);
void grid_done(struct grid *grid);

#endif
