/* export: in a model with all that a trace told, and its symbols, out a file of another tool. The list is export.def; a new format is a new file and a line there. */
#ifndef HOST_EXPORT_EXPORT_H
#define HOST_EXPORT_EXPORT_H

#include <stdio.h>

#include <heaptracer/model.h>
#include <heaptracer/table.h>

#include "host/base/error.h"
#include "host/base/str.h"
#include "host/symbol/symbol.h"

#include "pack.h"

enum export_metric { EXPORT_LEAKED, EXPORT_PEAK, EXPORT_ALLOCATED, EXPORT_TEMPORARY, EXPORT_METRICS };
extern const char *const export_metric_names[EXPORT_METRICS];

struct export_format;

struct export {
    const struct export_format *format;
    const struct model *model;
    const struct trace_header *header;
    const char *path;      /* of the trace */
    const char *problem;   /* NULL, or why the trace could not be read to its end */
    struct symbols *symbols;
    const struct table *tables; /* the answers of format->tables, in that order */
    size_t table_count;
    int metric;            /* enum export_metric; -1: nobody chose */
    FILE *out;             /* errors are asked once, at the end */
    struct str note;       /* what the format cannot say of this trace: sentences, each ended by a newline */
    void *state;           /* of begin */
};

struct export_format {
    const char *name;
    const char *suffix;    /* of the file, with its dot */
    const char *about;     /* what reads it, for the help */
    const char *open_with; /* a command that takes the file as its last word, or NULL */
    const char *const *tables; /* analyses it is written from, NULL-terminated; NULL: all */
    enum pack pack;
    bool has_one_value;    /* a stack has one number there: --metric chooses it, else the peak's */
    bool has_metrics;      /* --metric leaves one of several */
    bool needs_whole_run;  /* a part of the time (--from) cannot be told */
    bool needs_every_event; /* a sampled trace cannot be told */
    /* What it keeps of its own while events pass; NULL when the end is enough. */
    void (*begin)(struct export *export);
    void (*see)(struct export *export, const struct changes *changes);
    void (*end)(struct export *export);
    /* After the last event. False and `error` for what the stream does not know. */
    bool (*write)(struct export *export, struct error *error);
};

extern const struct export_format *const export_formats[]; /* NULL-terminated */
extern const char *const export_no_tables[];
const struct export_format *export_find(const char *name); /* or NULL */

/* What the site did, by the metric. */
struct tally export_value(const struct export *export, uint32_t site, enum export_metric metric);
/* The metric of formats with one value. */
enum export_metric export_metric(const struct export *export);
/* The first definition of the module, or NULL: 0 is code in no file. */
const struct module *export_module(const struct export *export, uint32_t id);
/* The command line of the trace on one line, never NULL. */
void export_add_command(const struct export *export, struct str *out);
/* One sentence on where the file comes from, for formats with a place for it. */
void export_add_origin(const struct export *export, struct str *out);

#endif
