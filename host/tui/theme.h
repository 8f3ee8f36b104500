/* theme: in the name of a theme and how many colours a terminal has, out foreground, background and weight of each role of a text. */
#ifndef HOST_TUI_THEME_H
#define HOST_TUI_THEME_H

#include <stdbool.h>

#include "host/view/paint.h"

/* Those of a page (enum paint_role) come first, so that a page is painted as it is printed. */
enum tui_role {
    TUI_PLAIN = PAINT_PLAIN,
    TUI_TITLE = PAINT_TITLE,
    TUI_DIM = PAINT_DIM,
    TUI_FUNCTION = PAINT_FUNCTION,
    TUI_HOT = PAINT_HOT,
    TUI_GAUGE = PAINT_BAR,
    TUI_NOTE = PAINT_NOTE,
    TUI_BAR, /* the line of tabs, and the last line */
    TUI_TAB,                  /* the tab that is open */
    TUI_HEAD,                 /* titles of columns */
    TUI_CURSOR,               /* the row that is chosen */
    TUI_FOLLOWED,             /* the row that is followed */
    TUI_GREW,
    TUI_SHRANK,
    TUI_ALARM, /* faults, critical */
    TUI_ROLES,
};

enum theme { THEME_DARK, THEME_LIGHT, THEME_MONO, THEME_HIGH_CONTRAST, THEME_SOLARIZED };
#define THEME_WORDS "dark|light|mono|high-contrast|solarized"

struct theme_paint {
    short foreground, background; /* -1: the terminal's own */
    bool bold, dim, reverse, underline;
};

/* `colours`: 256, 16, 8; fewer are none. */
struct theme_paint theme_paint(enum theme theme, enum tui_role role, int colours);

#endif
