/* serve_document: the pipeline's tables, asked in the middle of a run. */
#include "serve_document.h"

#include <string.h>

#include "host/base/memory.h"
#include "host/view/report_document.h"
#include "host/view/view_csv.h"
#include "host/view/view_json.h"
#include "leak_rows.h"
#include "live_blocks.h"
#include "report_html.h"

struct document {
    VEC(struct table) tables;
    struct view view;
    struct health health;
    struct report report;
};

const char **serve_document_tables(void)
{
    size_t count = 0;
    while (analysis_list()[count])
        count++;
    const char **names = memory_new(count + 1, sizeof *names);
    count = 0;
    for (const struct analysis *const *at = analysis_list(); *at; at++)
        if (report_has_table((*at)->name))
            names[count++] = (*at)->name;
    return names;
}

static void table_take(const struct feed *feed, size_t number, struct table *table)
{
    pipeline_answer(feed->pipeline, number, table);
    leak_rows_name(table, feed->symbols);
}

static void document_open(struct document *document, const struct feed *feed)
{
    struct slices_answer slices;
    size_t slices_number = feed_analysis(feed, analysis_slices.name);
    const struct slices *state = pipeline_state(feed->pipeline, slices_number);
    *document = (struct document){.view = {.symbols = feed->symbols, .width = TERMINAL_WIDTH, .has_unicode = true}};
    pipeline_flush(feed->pipeline);
    for (size_t i = 0; i < slices_number; i++) {
        struct table table;
        table_take(feed, i, &table);
        vec_push(&document->tables, table);
    }
    slices_take(state, NULL, 0, REPORT_HEALTH_CELLS, &slices);
    health_make(&document->health, &(struct health_input){document->tables.at, document->tables.count, &slices, pipeline_model(feed->pipeline), !feed->problem.kind});
    slices_done(&slices);
    document->report = (struct report){.view = &document->view,
                                       .path = feed->path,
                                       .header = trace_get_header(feed->reader),
                                       .problem = feed->problem.kind ? feed->problem.text : NULL,
                                       .model = pipeline_model(feed->pipeline),
                                       .slices = state,
                                       .moments = pipeline_state(feed->pipeline, slices_number + 1),
                                       .tables = document->tables.at,
                                       .table_count = document->tables.count,
                                       .health = &document->health};
}

static void document_done(struct document *document)
{
    health_done(&document->health);
    for (size_t i = 0; i < document->tables.count; i++)
        table_done(document->tables.at + i);
    vec_done(&document->tables);
}

static void report_put(FILE *out, const struct feed *feed, void (*put)(FILE *, const struct report *))
{
    struct document document;
    document_open(&document, feed);
    put(out, &document.report);
    document_done(&document);
}

void serve_document_put(FILE *out, const struct feed *feed)
{
    report_put(out, feed, report_json);
}

static void table_write(FILE *out, const struct feed *feed, const struct table *table, bool is_csv)
{
    struct view view = {.symbols = feed->symbols, .width = TERMINAL_WIDTH, .has_unicode = true};
    if (is_csv) {
        view_csv(out, &view, table);
        return;
    }
    struct view_json *page = view_json_new(out, &view, feed->path, trace_get_header(feed->reader));
    view_json_table(page, table);
    view_json_end(page, feed->problem.kind ? feed->problem.text : NULL);
}

static const char *table_put(FILE *out, const struct feed *feed, const struct route *route)
{
    const struct analysis *analysis;
    struct table table;
    size_t number = 0;
    while ((analysis = pipeline_analysis(feed->pipeline, number)) && strcmp(analysis->name, route->table))
        number++;
    if (!analysis || !report_has_table(route->table) || number >= feed_analysis(feed, analysis_slices.name))
        return "there is no such table: 'heaptracer analyze --help' lists them; flame is made by the page";
    pipeline_flush(feed->pipeline);
    table_take(feed, number, &table);
    table_write(out, feed, &table, route->kind == ROUTE_TABLE_CSV);
    table_done(&table);
    return NULL;
}

static void blocks_put(FILE *out, const struct feed *feed, const struct route *route)
{
    struct table table;
    pipeline_flush(feed->pipeline);
    const struct model *model = pipeline_model(feed->pipeline);
    live_blocks_take(&table, model, model_time(model), &route->window);
    table_write(out, feed, &table, route->kind == ROUTE_BLOCKS_CSV);
    table_done(&table);
}

const char *serve_document_file(FILE *out, const struct feed *feed, const struct route *route)
{
    if (route->kind == ROUTE_BLOCKS_JSON || route->kind == ROUTE_BLOCKS_CSV)
        blocks_put(out, feed, route);
    else if (*route->table)
        return table_put(out, feed, route);
    else
        report_put(out, feed, route->kind == ROUTE_REPORT_HTML ? report_html : report_json);
    return NULL;
}
