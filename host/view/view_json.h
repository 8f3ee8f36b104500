/* view_json: in tables, out one JSON document (docs/json-schema/tables.schema.json): streamed, integers exact, addresses as hex strings, and each stack
 * resolved once, in a table beside them. */
#ifndef HOST_VIEW_VIEW_JSON_H
#define HOST_VIEW_VIEW_JSON_H

#include <stdio.h>

#include <heaptracer/trace.h>

#include "view.h"

#include "frames.h"
#include "host/base/json.h"

struct view_json;

/* `header` may be NULL. */
struct view_json *view_json_new(FILE *out, const struct view *view, const char *path, const struct trace_header *header);
void view_json_table(struct view_json *page, const struct table *table);
/* Another document that is made of the same parts: it begins with its schema and the trace. Cells of stacks hold place(context, stack); who makes it
 * writes what else it has into the stream, tables within an array, and ends with view_json_close. */
struct view_json *view_json_open(FILE *out, const struct view *view, const char *schema, const char *path, const struct trace_header *header);
void view_json_set_places(struct view_json *page, size_t (*place)(void *context, uint32_t stack), void *context);
struct json *view_json_stream(struct view_json *page);
/* The member `trace`: where a recording comes from. `header` may be NULL. */
void view_json_trace(struct json *json, const char *path, const struct trace_header *header);
/* The place of the frame in the member `frames`. */
size_t view_json_frame(struct view_json *page, const struct frame *frame);
/* One more sentence for the member `notes`. */
void view_json_note(struct view_json *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes the frames, the notes and the end. Frees. */
void view_json_close(struct view_json *page, const char *problem);
/* Ends the document of tables. `problem` is NULL, or why the trace could not be read to its end. Frees. */
void view_json_end(struct view_json *page, const char *problem);

#endif
