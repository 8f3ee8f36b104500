/* pipeline: in events, out tables: each event is applied to the model, the analyses see what it changed, and answer when asked. */
#ifndef HOST_PIPELINE_H
#define HOST_PIPELINE_H

#include <heaptracer/analysis.h>

struct error;

struct pipeline_options {
    const char *const *tables; /* names, NULL-terminated, maybe none; NULL: all */
    const struct analysis *const *more; /* further ones that the list does not name, behind the tables; NULL-terminated, may be NULL */
    uint64_t from_ns, to_ns;   /* [from, to): blocks born earlier are there, but their births are not counted; to 0: the end */
    uint32_t process, thread;  /* only these; 0: all. A thread's blocks are those that it made, whoever frees them */
    size_t limit;              /* rows of a table, 0: all; trees and series stay whole */
    /* Gets every definition (EVENT_FRAME, EVENT_MODULE: for symbols_see); may be NULL. */
    void (*define)(void *context, const struct event *event);
    /* Gets every change in the range beside the analyses; may be NULL. */
    void (*see)(void *context, const struct changes *changes);
    /* Gets every event before the end of the range; may be NULL. */
    void (*event)(void *context, const struct event *event);
    void *context;
};

struct pipeline;

/* NULL and `error` when an option is wrong. `header` is looked at only now. */
struct pipeline *pipeline_new(const struct pipeline_options *options, const struct trace_header *header, struct error *error);
/* False when no later event can matter: the range is over. */
bool pipeline_put(struct pipeline *pipeline, const struct event *event);
/* All that was put is in the answers from now on; more may come. */
void pipeline_flush(struct pipeline *pipeline);
/* No event comes any more. */
void pipeline_finish(struct pipeline *pipeline);
/* Instead of all events: what the totals of the whole trace tell (see model_load). Only some columns of some tables are right then. */
void pipeline_load(struct pipeline *pipeline, const struct trace_totals *totals);
/* The chosen analyses, NULL behind the last. */
const struct analysis *pipeline_analysis(const struct pipeline *pipeline, size_t number);
/* What it keeps while it watches, for those whose answer is more than a table. */
const void *pipeline_state(const struct pipeline *pipeline, size_t number);
/* Its table, to be ended with table_done. */
void pipeline_answer(const struct pipeline *pipeline, size_t number, struct table *table);
const struct model *pipeline_model(const struct pipeline *pipeline);
void pipeline_free(struct pipeline *pipeline);

/* While pipeline_read reads, `progress` is called once in 65,536 events, with the time of the event that is next; false ends the reading there. */
void pipeline_watch(struct pipeline *pipeline, bool (*progress)(void *context, uint64_t events, uint64_t time_ns), void *context);
/* One more call: before the first event at or after that time is put. */
void pipeline_wake(struct pipeline *pipeline, uint64_t time_ns);
/* Reads to the end of the trace or of the range, then finishes. False and `error` if the trace is damaged; what was read so far can still be answered. */
bool pipeline_read(struct pipeline *pipeline, struct trace_reader *reader, struct error *error);

#endif
