/* report_document: in everything that is known about a run, out the one document that the page shows. */
#include "report_document.h"

#include <string.h>

#include "health_json.h"
#include "host/analysis/size_class.h"
#include "host/base/number.h"
#include "report_lines.h"
#include "report_moments.h"
#include "report_sites.h"

bool report_has_table(const char *name)
{
    return strcmp(name, "flame") != 0;
}

static const struct table *table_find(const struct report *report, const char *name)
{
    for (size_t i = 0; i < report->table_count; i++)
        if (!strcmp(report->tables[i].name, name))
            return report->tables + i;
    return NULL;
}

static void tables_put(struct view_json *page, const struct report *report)
{
    json_array(view_json_stream(page), "tables");
    for (size_t i = 0; i < report->table_count; i++) {
        struct table table = report->tables[i];
        bool is_cut = table.shape == TABLE_ROWS && table.row_count > REPORT_ROWS_MOST;
        struct str note = {0};
        char most[NUMBER_ROOM], all[NUMBER_ROOM];
        str_add(&note, table.note);
        if (is_cut)
            str_add_format(&note, "%sthe first %s of %s rows", note.count ? "; " : "", number_count(most, REPORT_ROWS_MOST), number_count(all, table.row_count));
        table.note = (char *)str_text(&note);
        table.row_count = is_cut ? REPORT_ROWS_MOST : table.row_count;
        view_json_table(page, &table);
        str_done(&note);
    }
    json_end(view_json_stream(page));
}

/* Of rows in the order of their change those in the middle are left out. */
static void change_put(struct view_json *page, const struct table *changes)
{
    enum { HALF = REPORT_ROWS_MOST / 2 };
    struct table table = *changes;
    struct str note = {0};
    char all[NUMBER_ROOM], half[NUMBER_ROOM];
    size_t row_bytes = table.column_count * sizeof *table.cells;
    union cell *cells = NULL;
    str_add(&note, table.note);
    if (table.shape == TABLE_ROWS && table.row_count > REPORT_ROWS_MOST) {
        cells = memory_new(REPORT_ROWS_MOST, row_bytes);
        memcpy(cells, table.cells, HALF * row_bytes);
        memcpy(cells + HALF * table.column_count, table_at(&table, table.row_count - HALF), HALF * row_bytes);
        str_add_format(&note, "%sthe first and the last %s of %s rows", note.count ? "; " : "", number_count(half, HALF), number_count(all, table.row_count));
        table.cells = cells;
        table.row_count = REPORT_ROWS_MOST;
    }
    table.note = (char *)str_text(&note);
    view_json_table(page, &table);
    memory_free(cells);
    str_done(&note);
}

static void before_put(struct view_json *page, const struct report_before *before, struct report_stacks *stacks)
{
    struct json *json = view_json_stream(page);
    struct report_sites sites;
    json_object(json, "before");
    view_json_trace(json, before->path, before->header);
    report_sites_choose(&sites, before->model);
    report_sites_put(&sites, json, before->model, before->stacks, stacks, NULL);
    json_array(json, "changes");
    for (size_t i = 0; i < before->change_count; i++)
        change_put(page, before->changes + i);
    json_end(json);
    json_text(json, "note", before->note);
    json_end(json);
    report_sites_done(&sites);
}

static void threads_put(struct json *json, const struct model *model)
{
    size_t count;
    const struct thread *threads = model_threads(model, &count);
    json_array(json, "threads");
    for (size_t i = 0; i < count; i++) {
        json_object(json, NULL);
        json_unsigned(json, "id", threads[i].id);
        json_unsigned(json, "tid", threads[i].tid);
        json_text(json, "name", threads[i].name ? threads[i].name : "");
        json_unsigned(json, "process", threads[i].process);
        json_end(json);
    }
    json_end(json);
}

static void sizes_put(struct json *json)
{
    json_array(json, "sizes");
    for (unsigned i = 0; i < SIZE_CLASSES; i++) {
        json_object(json, NULL);
        json_unsigned(json, "low", size_class_from(i));
        json_unsigned(json, "high", size_class_to(i));
        json_end(json);
    }
    json_end(json);
}

static void sources_put(struct json *json, const struct model *model)
{
    size_t count;
    const struct source *sources = model_sources(model, &count);
    json_array(json, "sources");
    for (size_t i = 0; i < count; i++) {
        json_object(json, NULL);
        json_text(json, "file", sources[i].file);
        json_unsigned(json, "line", sources[i].line);
        json_text(json, "function", sources[i].function);
        json_text(json, "variable", sources[i].variable);
        json_end(json);
    }
    json_end(json);
}

/* What had to be made coarser, so that the report stays small. */
static void limits_note(struct view_json *page, const struct report_sites *sites, const struct slices_answer *slices)
{
    char merged[NUMBER_ROOM];
    if (sites->merged)
        view_json_note(page, "the %s call stacks that matter least (shares of allocated, never freed and peak) are one row without a stack", number_count(merged, sites->merged));
    if (slices->sites.coarse)
        view_json_note(page, "call stacks that moved few bytes are told in steps of %u time slices", 1u << slices->sites.coarse);
}

void report_json(FILE *out, const struct report *report)
{
    struct view_json *page = view_json_open(out, report->view, "heaptracer.report/1", report->path, report->header);
    struct json *json = view_json_stream(page);
    struct report_stacks stacks;
    struct report_sites sites;
    struct slices_answer slices;
    report_stacks_start(&stacks, page, report->view->symbols);
    view_json_set_places(page, report_stacks_place, &stacks);
    report_sites_choose(&sites, report->model);
    slices_take(report->slices, sites.places, sites.count, REPORT_CELLS_MOST, &slices);
    json_object(json, "health");
    json_text(json, "schema", "heaptracer.health/1");
    health_json_members(json, report, &stacks);
    json_end(json);
    tables_put(page, report);
    report_sites_put(&sites, json, report->model, NULL, &stacks, table_find(report, "lifetime"));
    report_slices_put(json, &slices);
    report_moments_put(json, report->moments);
    limits_note(page, &sites, &slices);
    threads_put(json, report->model);
    sizes_put(json);
    sources_put(json, report->model);
    if (report->before)
        before_put(page, report->before, &stacks);
    report_lines_put(json, &sites, report->model, report->view->symbols);
    report_stacks_put(&stacks, json);
    view_json_close(page, report->problem);
    slices_done(&slices);
    report_sites_done(&sites);
    report_stacks_done(&stacks);
}
