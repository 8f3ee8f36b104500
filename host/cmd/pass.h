/* pass: in a trace and a pipeline (or whoever sees its events), out the pipeline after the last event, and what the trace could not give; a line of progress meanwhile. */
#ifndef HOST_CMD_PASS_H
#define HOST_CMD_PASS_H

#include "host/base/error.h"
#include "host/pipeline.h"

/* `to_ns` as the pipeline has it: 0 is the end of the trace, which must be there then. `problem`: the trace is damaged or was cut; what was read is in the
 * pipeline all the same. */
void pass_run(struct pipeline *pipeline, struct trace_reader *reader, const char *path, uint64_t to_ns, struct error *problem);
/* Every event goes to `see` instead of a pipeline. */
void pass_events(struct trace_reader *reader, const char *path, void (*see)(void *context, const struct event *event), void *context, struct error *problem);
/* After the last event: sets `problem` when the recorder's totals are missing, since then the end of the trace is, too. */
void pass_end_check(struct trace_reader *reader, const char *path, struct error *problem);

#endif
