/* fault_findings: in the table faults, out its findings. */
#ifndef HOST_CMD_FAULT_FINDINGS_H
#define HOST_CMD_FAULT_FINDINGS_H

#include <heaptracer/table.h>

#include "host/export/findings.h"

/* That a program was run under guard. */
void fault_findings_look(struct findings *findings);
void fault_findings_add(struct findings *findings, const struct table *faults, struct symbols *symbols);

#endif
