/* view_json: in tables, out one JSON document (docs/json-schema/tables.schema.json): streamed, integers exact, addresses as hex strings, and each stack
 * resolved once, in a table beside them. */
#ifndef HOST_VIEW_VIEW_JSON_H
#define HOST_VIEW_VIEW_JSON_H

#include <stdio.h>

#include <heaptracer/trace.h>

#include "view.h"

struct view_json;

/* `header` may be NULL. */
struct view_json *view_json_new(FILE *out, const struct view *view, const char *path, const struct trace_header *header);
void view_json_table(struct view_json *page, const struct table *table);
/* Ends the document. `problem` is NULL, or why the trace could not be read to its end. Frees. */
void view_json_end(struct view_json *page, const char *problem);

#endif
