/* tabs: which tables each tab shows, and the pages that are no table. */
#include "tabs.h"

#include <string.h>

#include "host/analysis/health.h"
#include "host/base/number.h"
#include "host/base/utf8.h"
#include "host/view/cell.h"
#include "host/view/columns.h"
#include "host/view/dashboard.h"
#include "host/view/health_text.h"
#include "host/view/view_text.h"

enum { OVERVIEW_ROWS = 2 }; /* below the chart */

const struct tab tabs[TABS] = {
    {"Overview", {NULL}, ""},
    {"Leaks", {"leaks", "ages", NULL}, "Nothing lives that was not freed."},
    {"Sites", {"hotspots", "peak", "temporary", "realloc", NULL}, "Nothing was allocated yet."},
    {"Heap map", {"region_map", "heap_cells", "heap_map", "page_map", "regions", NULL}, "No block lives."},
    {"Threads", {"tasks", "threads", "processes", "heaps", "pools", NULL}, "No thread was seen yet."},
    {"Timeline", {"timeline", "region_timeline", "marks", NULL}, "Nothing happened yet."},
    {"Errors", {"faults", NULL}, ""},
    {"Alerts", {"alert_rules", "alerts", NULL}, ""},
};

static void answers_take(const struct tui_source *source, const char *const *names, struct table *tables, size_t count)
{
    for (size_t i = 0; i < count; i++)
        source->answer(source->context, names[i], tables + i);
}

/* The page of a report about what is known now. */
static void report_put(FILE *out, const struct tui_run *run, const struct tui_source *source, const struct view *view, void (*put)(FILE *, const struct report *))
{
    static const char *const names[] = {"summary", "leaks",   "hotspots", "temporary", "realloc",    "usable",    "threads", "cost", "faults",
                                        "alerts",  "tasks",   "regions",  "pools",     "region_map", "placement", "peak",    "heaps", "processes"};
    enum { NAMES = sizeof names / sizeof *names };
    struct table tables[NAMES];
    struct slices_answer slices;
    struct health health;
    answers_take(source, names, tables, NAMES);
    slices_take(run->slices, NULL, 0, REPORT_HEALTH_CELLS, &slices);
    health_make(&health, &(struct health_input){tables, NAMES, &slices, run->model, true});
    put(out, &(struct report){.view = view,
                              .path = run->path,
                              .header = run->header,
                              .problem = run->problem,
                              .model = run->model,
                              .slices = run->slices,
                              .tables = tables,
                              .table_count = NAMES,
                              .health = &health});
    health_done(&health);
    slices_done(&slices);
    for (size_t i = 0; i < NAMES; i++)
        table_done(tables + i);
}

void tabs_overview(FILE *out, const struct tui_run *run, const struct tui_source *source, const struct view *view)
{
    struct table timeline;
    struct columns chart;
    struct error error = {0};
    struct view few = *view;
    report_put(out, run, source, view, dashboard_put);
    source->answer(source->context, "timeline", &timeline);
    few.row_limit = OVERVIEW_ROWS;
    if (columns_take(&chart, &timeline, "time_ns,live_bytes,live_count,allocation_rate", &error))
        view_text(out, &few, &chart.table);
    columns_done(&chart);
    table_done(&timeline);
}

void tabs_health(FILE *out, const struct tui_run *run, const struct tui_source *source, const struct view *view)
{
    report_put(out, run, source, view, health_text_put);
}

void tabs_row(FILE *out, const struct view *view, const struct table *table, size_t row)
{
    struct str text = {0};
    size_t width = 0;
    for (size_t i = 0; i < table->column_count; i++)
        width = utf8_columns(table->columns[i].title) > width ? utf8_columns(table->columns[i].title) : width;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = table->columns + i;
        union cell cell = table_at(table, row)[i];
        if (column->kind == COLUMN_STACK) {
            paint_put(view, out, PAINT_TITLE, column->title);
            putc('\n', out);
            cell_put_frames(out, view, (uint32_t)cell.u, "  ");
            continue;
        }
        cell_text(&text, view, column, cell);
        paint_cell(view, out, PAINT_DIM, column->title, width, false);
        fputs("  ", out);
        paint_cell(view, out, PAINT_PLAIN, str_text(&text), cell_is_right(column) ? 14 : utf8_columns(str_text(&text)), cell_is_right(column));
        if (view->width > width + 60 && cell_is_right(column)) {
            fputs("  ", out);
            paint_put(view, out, PAINT_DIM, column->about ? column->about : "");
        }
        putc('\n', out);
    }
    str_done(&text);
}

void tabs_help(FILE *out, const struct view *view)
{
    static const char *const lines[][2] = {
        {"1 - 8, Tab, Shift-Tab", "the tabs"},
        {"t", "the next table of the tab"},
        {"up down PgUp PgDn Home End", "move; also j k g G and the wheel"},
        {"left right", "columns that do not fit; also h l"},
        {"s   r", "sort by the next column; turn the order round. Or click on its title"},
        {"/", "show only rows that contain some text; Enter keeps it, Esc takes it away"},
        {"Enter", "the row as a whole, with its stacks frame by frame; Esc closes it"},
        {"f", "follow the row: the cursor goes where it goes"},
        {"m", "mark this moment; a recording that goes on gets the mark too"},
        {"d", "what changed since the mark, and back"},
        {"Space", "stop the picture, and let it go on; the recording goes on anyway"},
        {"?   q", "this help; leave. A program that is watched runs on, recorded"},
    };
    paint_put(view, out, PAINT_TITLE, "Keys");
    putc('\n', out);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        fputs("  ", out);
        paint_cell(view, out, PAINT_FUNCTION, lines[i][0], 28, false);
        paint_put(view, out, PAINT_PLAIN, lines[i][1]);
        putc('\n', out);
    }
    fputs("\n  Live is what was allocated and not yet freed. Figures are those of 'heaptracer analyze', whose tables have the same names.\n", out);
}
