/* board: in lines of text, out a framed board of one width: box drawing, or ASCII where that is all there is. */
#ifndef HOST_VIEW_BOARD_H
#define HOST_VIEW_BOARD_H

#include "paint.h"

struct board {
    FILE *out;
    const struct view *view;
    size_t width; /* inside of the frame */
};

void board_top(const struct board *board, const char *title);
void board_rule(const struct board *board);
void board_bottom(const struct board *board);
/* Cut or padded to the width. */
void board_line(const struct board *board, enum paint_role role, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A branch of a list under a head; the last has another corner. */
void board_branch(const struct board *board, bool is_last, enum paint_role role, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* "[████░░░░░░]" of ten parts, for board_line's %s; `room` is BOARD_BAR_ROOM. */
enum { BOARD_BAR_ROOM = 64 };
const char *board_bar(const struct board *board, char *room, double share);
/* How full a cell of a map is: four steps, "" ends. */
const char *board_shade(const struct board *board, double fill);

#endif
