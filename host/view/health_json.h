/* health_json: in a health judgement, out its JSON: the members of the object `health` of a report, or a document of its own (heaptracer.health/1). */
#ifndef HOST_VIEW_HEALTH_JSON_H
#define HOST_VIEW_HEALTH_JSON_H

#include "report_document.h"
#include "report_stacks.h"

/* Into the object that is open: score, verdict, summary, findings, metrics, advice. */
void health_json_members(struct json *json, const struct report *report, struct report_stacks *stacks);
void health_json(FILE *out, const struct report *report);

#endif
