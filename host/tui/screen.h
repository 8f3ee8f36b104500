/* screen: in texts with places and roles, out a terminal that shows them; and the keys, the mouse and the size of that terminal. The one file that knows curses. */
#ifndef HOST_TUI_SCREEN_H
#define HOST_TUI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/error.h"
#include "theme.h"

enum screen_key {
    SCREEN_NOTHING,
    /* below 256: the letter itself */
    SCREEN_UP = 256,
    SCREEN_DOWN,
    SCREEN_LEFT,
    SCREEN_RIGHT,
    SCREEN_PAGE_UP,
    SCREEN_PAGE_DOWN,
    SCREEN_HOME,
    SCREEN_END,
    SCREEN_ENTER,
    SCREEN_ESCAPE,
    SCREEN_TAB_NEXT,
    SCREEN_TAB_BEFORE,
    SCREEN_ERASE,
    SCREEN_RESIZED,
    SCREEN_CLICK, /* at row and column */
    SCREEN_WHEEL_UP,
    SCREEN_WHEEL_DOWN,
    SCREEN_GONE, /* there is no terminal any more */
};

struct screen_event {
    int key; /* enum screen_key, or a letter */
    size_t row, column;
};

/* Whether this terminal can be painted on. */
bool screen_check(struct error *error);
/* One at a time: it is the terminal's. Keys come from the terminal itself when standard input is none. */
bool screen_open(enum theme theme, struct error *error);
void screen_close(void);
size_t screen_rows(void);
size_t screen_columns(void);
bool screen_has_unicode(void);
void screen_clear(void);
/* In exactly `columns`: cut, or padded with blanks of the role. Returns the columns that the text took. */
size_t screen_put(size_t row, size_t column, size_t columns, enum tui_role role, const char *text);
void screen_show(void);
/* Waits at most so long; 0: not at all. SCREEN_NOTHING when none came. */
struct screen_event screen_key(int milliseconds);

#endif
