/* heap_picture: in a table of address ranges and how full they are, out a picture: each sign is so many bytes. */
#ifndef HOST_TUI_HEAP_PICTURE_H
#define HOST_TUI_HEAP_PICTURE_H

#include <heaptracer/table.h>

#include "sheet.h"

/* False: the table is none of that kind, and nothing was shown. Uses the whole window. */
bool heap_picture_show(const struct table *table, struct window window);

#endif
