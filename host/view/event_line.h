/* event_line: in an event, out one line of text for people or one JSON object for programs, with the same names for the same things (docs/json-schema). */
#ifndef HOST_VIEW_EVENT_LINE_H
#define HOST_VIEW_EVENT_LINE_H

#include <stdio.h>

#include <heaptracer/trace.h>

void event_line_text(FILE *out, const struct event *event);
void event_line_json(FILE *out, const struct event *event);
/* "alloc", "free", ...; "?" for what is no kind. */
const char *event_line_kind(unsigned kind);

#endif
