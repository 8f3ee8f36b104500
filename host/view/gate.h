/* gate: in "TABLE.COLUMN>VALUE" and tables, out whether a row goes beyond it: what --fail-on and the rules of alerts ask. */
#ifndef HOST_VIEW_GATE_H
#define HOST_VIEW_GATE_H

#include <heaptracer/table.h>

#include "host/base/error.h"
#include "host/base/opt.h"

enum { GATE_NAME_ROOM = 64 };

struct gate {
    const char *place; /* how an error begins: "--fail-on" */
    char table[GATE_NAME_ROOM], row[GATE_NAME_ROOM], column[GATE_NAME_ROOM]; /* row "": each; column "": any row at all */
    char sign[3];      /* > >= < <= = */
    const char *value; /* points into the text */
};

/* "leaks", "leaks.bytes>1M", "summary.peak_bytes>=512M"; "regions[internal].used_share>80%" is about the rows that have a cell with that text. "leak", "possible" and
 * "error" are short for reach.confidence>80%, reach.confidence>50% and faults. */
bool gate_parse(struct gate *gate, const char *place, const char *text, struct error *error);
/* Sets *has_found when a row of the table fulfils it; false and `error` when the column or the value does not fit. */
bool gate_look(const struct gate *gate, const struct table *table, bool *has_found, struct error *error);
/* The same for every --fail-on that was given; they may be about other tables. */
bool gate_look_all(const struct opt_list *conditions, const struct table *table, bool *has_found, struct error *error);

struct gate_extreme {
    bool is_beyond;
    size_t column, row; /* the cell that is the furthest beyond, or the nearest to it */
    double value, threshold;
    bool has_row;       /* there was one to look at; else the others are 0 */
};
/* With `slack` ("5%", "2M": in the column's unit; NULL: none) less than the threshold is enough: what still counts as beyond, once it has been. */
bool gate_extreme(const struct gate *gate, const struct table *table, const char *slack, struct gate_extreme *found, struct error *error);

#endif
