/* page: in tables, out the page that a reading command prints: as text, JSON or CSV, to a terminal, a file or a pipe. Its options are the same everywhere. */
#ifndef HOST_CMD_PAGE_H
#define HOST_CMD_PAGE_H

#include <heaptracer/table.h>
#include <heaptracer/trace.h>

#include "host/base/opt.h"
#include "host/symbol/symbol.h"
#include "host/view/terminal.h"
#include "host/view/view.h"
#include "host/view/view_json.h"

struct page_options {
    bool json, csv, exact, stacks, all_frames, no_pager, debuginfod;
    int colour;
    uint64_t width, limit; /* limit 0: what suits the form */
    const char *output, *columns, *sysroot, *bundle;
    struct opt_list debug_paths;
};

/* The rows of an option table, without the closing one, for the field `field` (a struct page_options) of `type`. */
#define PAGE_OPTIONS(type, field)                                                                                                                             \
    {OPT_SECTION, 0, NULL, 0, NULL, "Output", NULL, NULL, NULL},                                                                                              \
        {OPT_FLAG, 0, "json", offsetof(type, field.json), NULL, "one JSON document, see docs/json-schema", NULL, NULL, NULL},                                 \
        {OPT_FLAG, 0, "csv", offsetof(type, field.csv), NULL, "CSV of one table", NULL, NULL, NULL},                                                          \
        {OPT_TEXT, 'o', "output", offsetof(type, field.output), "FILE", "write there", "standard output", NULL, NULL},                                        \
        {OPT_TEXT, 0, "columns", offsetof(type, field.columns), "COL,...", "only these columns, by their names in JSON", NULL, NULL, NULL},                   \
        {OPT_COUNT, 'n', "limit", offsetof(type, field.limit), "N", "rows of a table", "20 as text, else all", NULL, NULL},                                   \
        {OPT_FLAG, 0, "exact", offsetof(type, field.exact), NULL, "plain numbers instead of MiB, ms and %", NULL, NULL, NULL},                                \
        {OPT_CHOICE, 0, "color", offsetof(type, field.colour), "WHEN", "colours; auto: on a terminal unless $NO_COLOR is set", "auto", "auto|always|never",   \
         NULL},                                                                                                                                               \
        {OPT_COUNT, 'w', "width", offsetof(type, field.width), "N", "columns of the page", "the terminal's, else 120", NULL, NULL},                           \
        {OPT_FLAG, 0, "no-pager", offsetof(type, field.no_pager), NULL, "do not send the page through $PAGER (less)", NULL, NULL, NULL}

/* The same for commands whose tables have stacks. */
#define PAGE_STACK_OPTIONS(type, field)                                                                                                                       \
    {OPT_SECTION, 0, NULL, 0, NULL, "Stacks and names of functions", NULL, NULL, NULL},                                                                       \
        {OPT_FLAG, 's', "stacks", offsetof(type, field.stacks), NULL, "whole stacks, one line a frame", NULL, NULL, NULL},                                    \
        {OPT_FLAG, 0, "all-frames", offsetof(type, field.all_frames), NULL, "also frames of allocation wrappers, of the recorder and before main", NULL,      \
         NULL, NULL},                                                                                                                                         \
        PAGE__NAMES(type, field)

/* The options about names of functions alone, for commands that print no page. */
#define PAGE_NAME_OPTIONS(type, field)                                                                                                                        \
    {OPT_SECTION, 0, NULL, 0, NULL, "Names of functions", NULL, NULL, NULL}, PAGE__NAMES(type, field)
#define PAGE__NAMES(type, field)                                                                                                                              \
    {OPT_LIST, 0, "debug-path", offsetof(type, field.debug_paths), "DIR", "also look for debug data and programs there; may be given again", NULL, NULL,  \
         NULL},                                                                                                                                               \
        {OPT_TEXT, 0, "sysroot", offsetof(type, field.sysroot), "DIR", "the traced machine's root folder", NULL, NULL, NULL},                                 \
        {OPT_TEXT, 0, "bundle", offsetof(type, field.bundle), "DIR", "folder made by 'heaptracer bundle'", "beside the trace", NULL, NULL},                   \
        {OPT_FLAG, 0, "debuginfod", offsetof(type, field.debuginfod), NULL, "ask the servers of $DEBUGINFOD_URLS for debug data", NULL, NULL, NULL}

enum { PAGE_ROWS = 20 }; /* of a table of text when no --limit was given */

struct page {
    const struct page_options *options;
    struct terminal terminal;
    struct symbols *symbols;
    struct view view;
    struct view_json *json;
    size_t table_count;
};

/* With the bundle that was named, or that lies beside the trace (NULL: there is none). */
struct symbols *page_symbols(const struct page_options *options, const char *trace_path);
/* Opens the output, so that a wrong one is said before the work, and the symbols. page_close ends it, also after a failure. */
bool page_open(struct page *page, const struct page_options *options, const char *trace_path, struct error *error);
/* For pipeline and reading loops: definitions of modules and frames. */
void page_see(void *page, const struct event *event);
/* The head of the document; after all reading, since a pager takes the terminal. Path and header are NULL where no trace is the source. */
void page_start(struct page *page, const char *trace_path, const struct trace_header *header);
/* `suits` rows are shown as text when no --limit was given (0: 20). False and `error` if --columns does not fit it. */
bool page_table(struct page *page, struct table *table, size_t suits, struct error *error);
/* A line of text; nothing in JSON and CSV. */
void page_line(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `problem`: NULL or why the trace could not be read to its end. */
bool page_close(struct page *page, const char *problem, struct error *error);

#endif
