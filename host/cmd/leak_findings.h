/* leak_findings: in a row of the table reach, out a finding. */
#ifndef HOST_CMD_LEAK_FINDINGS_H
#define HOST_CMD_LEAK_FINDINGS_H

#include <heaptracer/table.h>

#include "leak_rows.h"

/* That leaks were looked for. */
void leak_findings_look(struct findings *findings);
/* `suppressed`: the rule of the user that leaves it out, or NULL. */
void leak_findings_add(struct findings *findings, const struct leak_columns *at, const union cell *row, struct symbols *symbols, const char *suppressed);

#endif
