/* pass: in a trace and a pipeline, out the pipeline after the last event, and what the trace could not give. */
#include "pass.h"

#include "progress.h"

static bool progress_put(void *context, uint64_t events, uint64_t time_ns)
{
    progress_see(context, events, time_ns);
    return true;
}

void pass_run(struct pipeline *pipeline, struct trace_reader *reader, const char *path, uint64_t to_ns, struct error *problem)
{
    struct progress progress;
    progress_start(&progress);
    pipeline_watch(pipeline, progress_put, &progress);
    pipeline_read(pipeline, reader, problem);
    pipeline_watch(pipeline, NULL, NULL);
    progress_end(&progress);
    if (!problem->kind && !to_ns)
        pass_end_check(reader, path, problem);
}

void pass_events(struct trace_reader *reader, const char *path, void (*see)(void *context, const struct event *event), void *context, struct error *problem)
{
    struct progress progress;
    struct event event;
    uint64_t count = 0;
    progress_start(&progress);
    while (trace_next(reader, &event, problem)) {
        see(context, &event);
        if (!(++count & 0xFFFF))
            progress_see(&progress, count, event.time_ns);
    }
    progress_end(&progress);
    if (!problem->kind)
        pass_end_check(reader, path, problem);
}

void pass_end_check(struct trace_reader *reader, const char *path, struct error *problem)
{
    struct trace_totals totals;
    if (!trace_get_totals(reader, &totals) || !totals.complete)
        error_set(problem, ERROR_READ, "'%s' ends before the recorder's totals: the recording was cut or is not over; what is there was read", path);
}
