/* cell: in a cell and its column, out its text for people. */
#ifndef HOST_VIEW_CELL_H
#define HOST_VIEW_CELL_H

#include <stdio.h>

#include "frames.h"
#include "view.h"

/* Replaces `out`. A STACK cell gives its innermost frame that counts, a FRAME cell that address: "outer > inlined (file.c:88)". */
void cell_text(struct str *out, const struct view *view, const struct column *column, union cell cell);
/* Numbers stand right, texts left. */
bool cell_is_right(const struct column *column);
/* False for the frames that views hide: of the recorder, of allocators, before main. */
bool cell_is_shown(const struct view *view, uint32_t stack);
/* Prints a stack on one line of at most `room` columns: "parse_row (csv.c:88) <- load (csv.c:140) <- main …". */
void cell_put_stack(FILE *out, const struct view *view, uint32_t stack, size_t room);
/* Prints a stack with one frame a line. */
void cell_put_frames(FILE *out, const struct view *view, uint32_t stack, const char *indent);

#endif
