/* report_lines: in the sites that matter most, out the source lines about their frames, where the files can be read here. */
#ifndef HOST_VIEW_REPORT_LINES_H
#define HOST_VIEW_REPORT_LINES_H

#include "report_sites.h"

void report_lines_put(struct json *json, const struct report_sites *sites, const struct model *model, struct symbols *symbols);

#endif
