/* reading: in a trace and what is wanted of it, out all tables, the time slices and the names: for commands that need everything before they begin to write. */
#ifndef HOST_CMD_READING_H
#define HOST_CMD_READING_H

#include "host/analysis/moments.h"
#include "host/analysis/slices.h"
#include "host/base/error.h"
#include "host/base/vec.h"
#include "host/compare/same.h"
#include "host/pipeline.h"
#include "page.h"

struct reading;

struct reading_config {
    const struct page_options *page; /* for names of functions */
    const char *const *tables;       /* names, NULL-terminated; NULL: all that `wants` wants */
    bool (*wants)(const char *table); /* NULL: all */
    bool has_slices, has_moments; /* moments: only beside slices */
    uint64_t from_ns, to_ns, process, thread;
    void (*begin)(void *context, const struct reading *reading); /* before the first event; may be NULL */
    model_see see;                                               /* gets every change; may be NULL */
    void (*event)(void *context, const struct event *event);     /* gets every event; may be NULL */
    void *context;
    struct symbols *symbols; /* NULL: its own */
    struct same *same;       /* NULL, or the traces that this one is compared with; may be set until reading_run */
    unsigned trace;          /* the number of this one among them */
};

/* The rows of an option table for the fields from_ns, to_ns, process and thread of `type`. */
#define READING_RANGE_OPTIONS(type) READING_RANGE_UNTIL_OPTIONS(type, "to")
/* The same where --to is something else. */
#define READING_RANGE_UNTIL_OPTIONS(type, until)                                                                                                              \
    {OPT_TIME, 0, "from", offsetof(type, from_ns), "TIME", "count from then on: 1.5s, 00:01:02 after the start", NULL, NULL, NULL},                           \
        {OPT_TIME, 0, until, offsetof(type, to_ns), "TIME", "and only until then", NULL, NULL, NULL},                                                         \
        {OPT_COUNT, 0, "process", offsetof(type, process), "ID", "only that process, by its number in the table processes", NULL, NULL, NULL},                \
        {OPT_COUNT, 0, "thread", offsetof(type, thread), "ID", "only what that thread allocated, by its number in the table threads", NULL, NULL, NULL}

struct reading {
    const struct reading_config *config;
    const char *path;
    struct trace_reader *reader;
    const struct trace_header *header;
    struct symbols *symbols;
    struct pipeline *pipeline;
    VEC(const char *) names;
    VEC(struct table) tables;
    const struct slices *slices; /* NULL unless has_slices */
    const struct moments *moments;
    struct error problem;        /* what the trace could not give */
};

/* reading_close ends it, also after a failure. */
bool reading_open(struct reading *reading, const struct reading_config *config, const char *path, struct error *error);
/* Reads to the end, or as far as can be, and answers. */
bool reading_run(struct reading *reading, struct error *error);
const struct table *reading_table(const struct reading *reading, const char *name); /* or NULL */
void reading_close(struct reading *reading);

/* "server.4711.htrc" and ".html" give "server.4711.html" in the current folder; NULL and `error` when the trace has no name. To be freed. */
char *reading_output_name(const char *path, const char *suffix, struct error *error);

#endif
