/* view: what all views are told: where symbols come from and how the page looks. A view shows any table; it never counts. */
#ifndef HOST_VIEW_VIEW_H
#define HOST_VIEW_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include <heaptracer/table.h>

#include "host/symbol/symbol.h"

enum view_stacks {
    VIEW_STACKS_SHORT, /* one line a stack: innermost frame first, cut at the width */
    VIEW_STACKS_FULL,  /* one line a frame */
};

struct view {
    struct symbols *symbols;   /* NULL: stacks are shown by number */
    size_t width;              /* columns of the page */
    bool has_colour, has_unicode;
    bool is_exact;             /* plain numbers instead of human units */
    bool hides_places;         /* stacks of one line are names of functions alone */
    bool shows_all_frames;     /* also those of the recorder, of allocators and before main */
    bool shows_about;          /* what the table is and how it was computed, below its title */
    enum view_stacks stacks;
    const char *sort;          /* column that a tree is drawn by, maybe after a '+'; NULL: its first number */
    size_t row_limit;          /* rows of a table that are printed; 0 all */
};

#endif
