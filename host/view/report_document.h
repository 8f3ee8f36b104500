/* report_document: in everything that is known about a run, out the one document that the page shows (docs/json-schema/report.schema.json). */
#ifndef HOST_VIEW_REPORT_DOCUMENT_H
#define HOST_VIEW_REPORT_DOCUMENT_H

#include <stdio.h>

#include "host/analysis/health.h"
#include "host/analysis/moments.h"
#include "host/analysis/slices.h"
#include "view.h"

/* An earlier run, which the report compares with. */
struct report_before {
    const char *path;
    const struct trace_header *header;
    const struct model *model;
    const uint32_t *stacks;      /* by site of its model: what the stack is in view->symbols; the same as in this run where it is the same stack */
    const struct table *changes; /* what differs, table by table */
    size_t change_count;
    const char *note;            /* what the figures cannot tell */
};

struct report {
    const struct view *view;
    const char *path;
    const struct trace_header *header;
    const char *problem; /* NULL, or why the trace could not be read to its end */
    const struct model *model;
    const struct slices *slices;
    const struct moments *moments; /* NULL: none */
    const struct table *tables;
    size_t table_count;
    const struct health *health;
    const struct table *advice; /* one of `tables`; NULL: no change was tried */
    const struct report_before *before; /* NULL: none */
};
enum { REPORT_ROWS_MOST = 1000, /* of a table */ REPORT_HEALTH_CELLS = 1 << 18 };

/* Whether a report has the table: the page makes the tree of all stacks itself. */
bool report_has_table(const char *name);
void report_json(FILE *out, const struct report *report);

#endif
