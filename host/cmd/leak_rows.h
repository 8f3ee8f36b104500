/* leak_rows: in the table reach and what the user knows of leaks, out its rows that are worth a look, named, and how often each suppression matched. */
#ifndef HOST_CMD_LEAK_ROWS_H
#define HOST_CMD_LEAK_ROWS_H

#include <heaptracer/table.h>

#include "host/base/opt.h"
#include "host/export/findings.h"
#include "host/reach/suppress.h"
#include "leak_names.h"
#include "phase.h"

struct leak_options {
    const char *since, *between, *iteration, *names;
    struct opt_list suppressions;
};

/* The rows of an option table, without the closing one, for the field `field` (a struct leak_options) of `type`: what is known already. */
#define LEAK_KNOWN_OPTIONS(type, field)                                                                                                                       \
    {OPT_LIST, 0, "suppressions", offsetof(type, field.suppressions), "FILE",                                                                                 \
     "leave out leaks whose stacks the file names, in the form of LeakSanitizer or of valgrind; may be given again", NULL, NULL, NULL},                       \
        {OPT_TEXT, 0, "names", offsetof(type, field.names), "FILE", "lines 'WHAT: PATTERN' that tell what functions make, like 'mutex: my_lock_*'", NULL,      \
         NULL, NULL}

/* Confidence: above it a row is a leak, or worth watching. */
#define LEAK_SURE 0.8
#define LEAK_WATCH 0.5

/* Columns of the table reach. */
struct leak_columns {
    int stack, class, bytes, count, retained, retained_count, pattern, confidence, evidence, kind, resource, pinned, chain;
};

struct leak_resource {
    const char *what;
    uint64_t stacks;
};

struct leak_rows {
    const struct leak_options *options;
    bool shows_all; /* also what is probably no leak */
    struct suppress suppress;
    struct leak_names names;
    struct phase phase;
    struct leak_columns at;
    uint64_t hidden_bytes, hidden_count;
    VEC(struct leak_resource) resources; /* that lost and possible rows own */
    uint64_t pins, pinned_bytes;         /* rows of the kind fragmentation, and what they pin */
};

/* Reads the files that the options name. leak_rows_done ends it, also after a failure. */
bool leak_rows_open(struct leak_rows *rows, const struct leak_options *options, struct error *error);
/* Before the first event; phase_see gets the changes then. */
void leak_rows_begin(struct leak_rows *rows, const struct model *model);
/* After the last event: the rows that are worth a look stay in the table. `findings` (may be NULL) gets these that are leaks or worth watching, and those that
 * are suppressed. False: a mark that was named is not there. */
bool leak_rows_choose(struct leak_rows *rows, struct table *table, struct symbols *symbols, struct findings *findings, struct error *error);
/* What the functions tell of the rows of a table reach, by the names that are known to all: other tables are left as they are. */
void leak_rows_name(struct table *table, struct symbols *symbols);
/* "2 stacks lost an open file, 1 a mutex; 3 pin 1.2 MiB": nothing if there is nothing of the kind. */
void leak_rows_put_kinds(const struct leak_rows *rows, struct str *out);
/* How often each suppression matched; to be ended with table_done. */
void leak_rows_suppressions(const struct leak_rows *rows, struct table *table);
void leak_rows_done(struct leak_rows *rows);

#endif
