/* gate: in "TABLE.COLUMN>VALUE" and tables, out whether a row goes beyond it: what --fail-on asks. */
#ifndef HOST_CMD_GATE_H
#define HOST_CMD_GATE_H

#include <heaptracer/table.h>

#include "host/base/error.h"
#include "host/base/opt.h"

enum { GATE_NAME_ROOM = 64 };

struct gate {
    char table[GATE_NAME_ROOM], column[GATE_NAME_ROOM]; /* column "": any row at all */
    char sign[3];                                       /* > >= < <= = */
    const char *value;                                  /* points into the text */
};

/* "leaks", "leaks.bytes>1M", "summary.peak_bytes>=512M"; "leak", "possible" and "error" are short for reach.confidence>80%, reach.confidence>50% and faults. */
bool gate_parse(struct gate *gate, const char *text, struct error *error);
/* Sets *has_found when a row of the table fulfils it; false and `error` when the column or the value does not fit. */
bool gate_look(const struct gate *gate, const struct table *table, bool *has_found, struct error *error);
/* The same for every --fail-on that was given; they may be about other tables. */
bool gate_look_all(const struct opt_list *conditions, const struct table *table, bool *has_found, struct error *error);

#endif
