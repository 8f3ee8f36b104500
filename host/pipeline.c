/* pipeline: in events, out tables. */
#include "pipeline.h"

#include "host/base/error.h"
#include "host/base/vec.h"

struct watcher {
    const struct analysis *analysis;
    void *state;
};

struct pipeline {
    struct pipeline_options options;
    struct model *model;
    VEC(struct watcher) watchers;
    bool counting; /* the range has begun */
    bool (*progress)(void *context, uint64_t events, uint64_t time_ns);
    void *progress_context;
    uint64_t wake_ns;
};

static void pipeline_see(void *context, const struct changes *changes)
{
    struct pipeline *pipeline = context;
    if (!pipeline->counting)
        return;
    for (size_t i = 0; i < pipeline->watchers.count; i++)
        if (pipeline->watchers.at[i].analysis->see)
            pipeline->watchers.at[i].analysis->see(pipeline->watchers.at[i].state, changes);
    if (pipeline->options.see)
        pipeline->options.see(pipeline->options.context, changes);
}

static bool pipeline_choose(struct pipeline *pipeline, struct error *error)
{
    for (const struct analysis *const *at = analysis_list(); !pipeline->options.tables && *at; at++)
        vec_push(&pipeline->watchers, ((struct watcher){*at, NULL}));
    for (const char *const *name = pipeline->options.tables; name && *name; name++) {
        const struct analysis *analysis = analysis_find(*name);
        if (!analysis)
            return error_set(error, ERROR_USAGE, "there is no table \"%s\": `heaptracer analyze --help` lists them", *name);
        vec_push(&pipeline->watchers, ((struct watcher){analysis, NULL}));
    }
    for (const struct analysis *const *at = pipeline->options.more; at && *at; at++)
        vec_push(&pipeline->watchers, ((struct watcher){*at, NULL}));
    return true;
}

static void pipeline_begin(struct pipeline *pipeline)
{
    if (pipeline->options.from_ns)
        model_restart(pipeline->model, pipeline->options.from_ns);
    pipeline->counting = true;
    for (size_t i = 0; i < pipeline->watchers.count; i++)
        if (pipeline->watchers.at[i].analysis->begin)
            pipeline->watchers.at[i].state = pipeline->watchers.at[i].analysis->begin(pipeline->model);
}

struct pipeline *pipeline_new(const struct pipeline_options *options, const struct trace_header *header, struct error *error)
{
    struct pipeline *pipeline = memory_new(1, sizeof *pipeline);
    pipeline->options = *options;
    pipeline->wake_ns = UINT64_MAX;
    if (!pipeline_choose(pipeline, error)) {
        pipeline_free(pipeline);
        return NULL;
    }
    pipeline->model = model_new(&(struct model_config){header->sample_bytes, options->process, options->thread, pipeline_see, pipeline, header->tick_ns});
    if (!options->from_ns)
        pipeline_begin(pipeline);
    return pipeline;
}

bool pipeline_put(struct pipeline *pipeline, const struct event *event)
{
    if (pipeline->options.to_ns && event->time_ns >= pipeline->options.to_ns)
        return false;
    if (!pipeline->counting && event->time_ns >= pipeline->options.from_ns)
        pipeline_begin(pipeline);
    if (event->define && pipeline->options.define)
        pipeline->options.define(pipeline->options.context, event);
    if (pipeline->options.event)
        pipeline->options.event(pipeline->options.context, event);
    model_put(pipeline->model, event);
    return true;
}

void pipeline_flush(struct pipeline *pipeline)
{
    model_flush(pipeline->model);
}

void pipeline_finish(struct pipeline *pipeline)
{
    if (!pipeline->counting)
        pipeline_begin(pipeline);
    model_finish(pipeline->model, pipeline->options.to_ns);
}

void pipeline_load(struct pipeline *pipeline, const struct trace_totals *totals)
{
    model_load(pipeline->model, totals);
}

const struct analysis *pipeline_analysis(const struct pipeline *pipeline, size_t number)
{
    return number < pipeline->watchers.count ? pipeline->watchers.at[number].analysis : NULL;
}

const void *pipeline_state(const struct pipeline *pipeline, size_t number)
{
    return pipeline->watchers.at[number].state;
}

void pipeline_answer(const struct pipeline *pipeline, size_t number, struct table *table)
{
    const struct watcher *watcher = pipeline->watchers.at + number;
    analysis_answer(watcher->analysis, watcher->state, pipeline->model, table);
    if (table->shape == TABLE_ROWS)
        table_limit(table, pipeline->options.limit);
}

const struct model *pipeline_model(const struct pipeline *pipeline)
{
    return pipeline->model;
}

void pipeline_free(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->watchers.count; i++)
        if (pipeline->watchers.at[i].state)
            pipeline->watchers.at[i].analysis->end(pipeline->watchers.at[i].state);
    vec_done(&pipeline->watchers);
    model_free(pipeline->model);
    memory_free(pipeline);
}

void pipeline_watch(struct pipeline *pipeline, bool (*progress)(void *context, uint64_t events, uint64_t time_ns), void *context)
{
    pipeline->progress = progress;
    pipeline->progress_context = context;
}

void pipeline_wake(struct pipeline *pipeline, uint64_t time_ns)
{
    pipeline->wake_ns = time_ns;
}

/* What only the end of the trace tells: the recorder's account of itself. */
static void pipeline_read_cost(struct pipeline *pipeline, struct trace_reader *reader)
{
    struct trace_totals totals;
    if (!trace_get_totals(reader, &totals) || !totals.complete)
        return;
    if (!totals.cost.events)
        totals.cost.events = totals.events;
    model_put(pipeline->model, &(struct event){.kind = EVENT_COST, .define = &totals.cost});
}

/* False when whoever watches wants no more. */
static bool pipeline_tell(struct pipeline *pipeline, uint64_t count, const struct event *event)
{
    enum { PROGRESS_EVERY = 1 << 16 };
    bool is_due = count % PROGRESS_EVERY == 0, is_woken = event->time_ns >= pipeline->wake_ns;
    if (is_woken)
        pipeline->wake_ns = UINT64_MAX;
    return !(is_due || is_woken) || !pipeline->progress || pipeline->progress(pipeline->progress_context, count, event->time_ns);
}

bool pipeline_read(struct pipeline *pipeline, struct trace_reader *reader, struct error *error)
{
    struct error own = {0}, *failed = error ? error : &own;
    struct event event;
    for (uint64_t count = 1; trace_next(reader, &event, failed) && pipeline_tell(pipeline, count, &event) && pipeline_put(pipeline, &event);)
        count++;
    pipeline_read_cost(pipeline, reader);
    pipeline_finish(pipeline);
    return failed->kind == ERROR_NONE;
}
