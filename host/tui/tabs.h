/* tabs: the tabs of the full-screen view: which tables each shows, and what its keys are. */
#ifndef HOST_TUI_TABS_H
#define HOST_TUI_TABS_H

#include "tui.h"
#include "grid.h"

enum { TABS = 8, TAB_TABLES = 6 };

struct tab {
    const char *title;
    const char *tables[TAB_TABLES]; /* NULL-terminated; the first that is not empty is shown, the others by a key; none: the overview */
    const char *none;               /* what an empty one says */
};
extern const struct tab tabs[TABS];

/* The pages that are no table: they stand instead of the table when they can say more. */
void tabs_overview(FILE *out, const struct tui_run *run, const struct tui_source *source, const struct view *view);
void tabs_health(FILE *out, const struct tui_run *run, const struct tui_source *source, const struct view *view);
/* One row with the meaning of its columns, and its stacks frame by frame. */
void tabs_row(FILE *out, const struct view *view, const struct table *table, size_t row);
void tabs_help(FILE *out, const struct view *view);

#endif
