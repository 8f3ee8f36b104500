/* figures: in the tables of a trace, out a table of one row: the few numbers that budgets are set for and that a baseline keeps; and who stands behind each. */
#ifndef HOST_CMD_FIGURES_H
#define HOST_CMD_FIGURES_H

#include "reading.h"

enum figure {
#define FIGURE(name, ...) FIGURE_##name,
#include "figure.def"
#undef FIGURE
    FIGURES
};

enum figure_how { FIGURE_MOST, FIGURE_SUM, FIGURE_ROWS };

struct figure_rule {
    const char *name, *title;
    const char *table, *column; /* NULL: taken in a way of its own */
    enum figure_how how;
    const char *who, *who_column;
    bool grows;
    const char *about;
};

extern const struct figure_rule figure_rules[FIGURES];
/* The same; of a replay some figures are taken from its own tables. */
const struct figure_rule *figure_rule(enum figure figure, bool is_replayed);
extern const struct column figure_columns[FIGURES]; /* of the table "figures" */

/* Names of tables that must be answered; zero-filled is none. They must outlive it. */
struct wanted_tables {
    VEC(const char *) names;
};
void table_want(struct wanted_tables *wanted, const char *name);
/* Those that the figure is taken from, and that name who stands behind it; not those that a replay makes. */
void figure_want(struct wanted_tables *wanted, enum figure figure, bool is_replayed);

struct figures {
    struct table table;     /* "figures": a column for each, in the order of figure.def */
    bool is_known[FIGURES]; /* false: the trace does not tell */
    const struct table *who[FIGURES]; /* tables of the reading; NULL: nobody is named */
    int who_stack[FIGURES], who_amount[FIGURES]; /* their columns */
};

/* After reading_run; of tables of the reading, which must outlive it. A figure whose tables were not wanted is not known. Where the
 * reading has the tables of a replay, they are the replay's. */
void figures_take(struct figures *figures, const struct reading *reading);
/* Of any figure, as a number. */
double figures_value(const struct figures *figures, enum figure figure);
void figures_done(struct figures *figures);

#endif
