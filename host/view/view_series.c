/* view_series: in rows over time, out a bar chart of the first value, a line of bars for each other one, and the rows, thinned to a page. */
#include "view_text.h"

#include <math.h>
#include <string.h>

#include "cell.h"
#include "host/base/number.h"
#include "host/base/str.h"
#include "host/base/utf8.h"
#include "paint.h"

enum { SERIES_HEIGHT = 8, SERIES_CHART_MOST = 100, SERIES_ROWS = 20 };

static const char *const bars_unicode[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const bars_ascii[] = {" ", ".", ".", ":", ":", "|", "|", "#", "#"};

struct series {
    FILE *out;
    const struct view *view;
    const struct table *table;
    size_t width;   /* bars of a chart */
    double *values; /* the largest of the rows that fall on each bar */
    double most;
};

static bool is_number(const struct column *column)
{
    return cell_is_right(column) && column->kind != COLUMN_ADDRESS && strcmp(column->unit, "id"); /* an id is a name */
}

/* Rows fall on bars by their time, so that a pause is as long as it was; a bar without a row keeps the value before it. */
static void values_gather(struct series *series, size_t column)
{
    const struct table *table = series->table;
    const struct column *columns = table->columns;
    double first = table_real(&columns[0], table_at(table, 0)[0]), last = table_real(&columns[0], table_at(table, table->row_count - 1)[0]);
    for (size_t i = 0; i < series->width; i++)
        series->values[i] = NAN;
    for (size_t row = 0; row < table->row_count; row++) {
        double time = table_real(&columns[0], table_at(table, row)[0]), value = table_real(&columns[column], table_at(table, row)[column]);
        size_t bar = last > first ? (size_t)((time - first) / (last - first) * (double)(series->width - 1)) : 0;
        if (bar < series->width && !(series->values[bar] >= value))
            series->values[bar] = value;
    }
    series->most = 0;
    for (size_t i = 0; i < series->width; i++) {
        if (isnan(series->values[i]))
            series->values[i] = i ? series->values[i - 1] : 0;
        series->most = fmax(series->most, series->values[i]);
    }
}

/* Eighths of a line that bar `i` fills in line `level` (0 is the lowest) of a chart of `height` lines. */
static unsigned bar_part(const struct series *series, size_t i, unsigned level, unsigned height)
{
    double full = series->most > 0 && series->values[i] > 0 ? series->values[i] / series->most * height * 8 : 0;
    double part = full - level * 8.0;
    if (part <= 0)
        return 0;
    return part >= 8 ? 8 : (unsigned)ceil(part);
}

static void bars_put(struct series *series, unsigned level, unsigned height)
{
    const char *const *bars = series->view->has_unicode ? bars_unicode : bars_ascii;
    struct str line = {0};
    size_t width = series->width;
    while (width && !bar_part(series, width - 1, level, height))
        width--;
    for (size_t i = 0; i < width; i++)
        str_add(&line, bars[bar_part(series, i, level, height)]);
    paint_put(series->view, series->out, PAINT_BAR, str_text(&line));
    putc('\n', series->out);
    str_done(&line);
}

static union cell cell_of_real(const struct column *column, double value)
{
    if (column->kind == COLUMN_RATIO || column->kind == COLUMN_REAL)
        return (union cell){.f = value};
    if (column->kind == COLUMN_SIGNED_BYTES || column->kind == COLUMN_SIGNED_COUNT)
        return (union cell){.i = (int64_t)value};
    return (union cell){.u = (uint64_t)value};
}

static void chart_put(struct series *series, const struct column *column, size_t margin)
{
    struct str label = {0};
    for (unsigned level = SERIES_HEIGHT; level-- > 0;) {
        str_clear(&label);
        if (level == SERIES_HEIGHT - 1)
            cell_text(&label, series->view, column, cell_of_real(column, series->most));
        else if (level == SERIES_HEIGHT / 2 - 1)
            str_add(&label, column->title);
        else if (!level)
            str_add(&label, "0");
        paint_cell(series->view, series->out, PAINT_DIM, str_text(&label), margin, true);
        fputs(series->view->has_unicode ? " ▕" : " |", series->out);
        bars_put(series, level, SERIES_HEIGHT);
    }
    str_done(&label);
}

static void line_put(struct series *series, const struct column *column, size_t margin)
{
    paint_cell(series->view, series->out, PAINT_DIM, column->title, margin, true);
    fputs(series->view->has_unicode ? " ▕" : " |", series->out);
    bars_put(series, 0, 1);
}

static void axis_put(struct series *series, size_t margin)
{
    const struct table *table = series->table;
    struct str first = {0}, last = {0};
    cell_text(&first, series->view, &table->columns[0], table_at(table, 0)[0]);
    cell_text(&last, series->view, &table->columns[0], table_at(table, table->row_count - 1)[0]);
    fprintf(series->out, "%*s", (int)margin + 2, "");
    size_t used = utf8_columns(str_text(&first)) + utf8_columns(str_text(&last));
    paint_put(series->view, series->out, PAINT_DIM, str_text(&first));
    fprintf(series->out, "%*s", series->width > used ? (int)(series->width - used) : 1, "");
    paint_put(series->view, series->out, PAINT_DIM, str_text(&last));
    putc('\n', series->out);
    str_done(&first);
    str_done(&last);
}

static size_t margin_find(const struct series *series)
{
    size_t margin = 12;
    for (size_t i = 1; i < series->table->column_count; i++) {
        size_t columns = utf8_columns(series->table->columns[i].title);
        margin = columns > margin ? columns : margin;
    }
    return margin < series->view->width / 3 ? margin : series->view->width / 3;
}

static void charts_put(struct series *series)
{
    const struct table *table = series->table;
    size_t margin = margin_find(series), room = series->view->width - margin - 3;
    bool is_first = true;
    series->width = room < SERIES_CHART_MOST ? room : SERIES_CHART_MOST;
    series->values = memory_new(series->width, sizeof *series->values);
    for (size_t column = 1; column < table->column_count; column++) {
        if (!is_number(&table->columns[column]))
            continue;
        values_gather(series, column);
        if (is_first) {
            chart_put(series, &table->columns[column], margin);
            axis_put(series, margin);
        } else {
            line_put(series, &table->columns[column], margin);
        }
        is_first = false;
    }
    memory_free(series->values);
}

/* The rows, thinned evenly, first and last among them. */
static void rows_put(const struct series *series)
{
    const struct table *table = series->table;
    struct view view = *series->view;
    struct table few = *table;
    size_t most = view.row_limit > 1 ? view.row_limit : SERIES_ROWS, row_bytes = table->column_count * sizeof *table->cells;
    view.row_limit = 0;
    if (table->row_count > most) {
        few.cells = memory_new(most, row_bytes);
        few.row_count = most;
        for (size_t i = 0; i < most; i++)
            memcpy(table_at(&few, i), table_at(table, i * (table->row_count - 1) / (most - 1)), row_bytes);
    }
    view_rows(series->out, &view, &few);
    if (few.cells != table->cells) {
        struct str text = {0};
        char count[NUMBER_ROOM];
        str_add_format(&text, "  %zu of %s rows, evenly spread: see --limit", most, number_count(count, table->row_count));
        paint_put(series->view, series->out, PAINT_DIM, str_text(&text));
        putc('\n', series->out);
        str_done(&text);
        memory_free(few.cells);
    }
}

static void one_put(FILE *out, const struct view *view, const struct table *table)
{
    struct series series = {.out = out, .view = view, .table = table};
    charts_put(&series);
    rows_put(&series);
}

/* A series whose second column is an id tells of several things: the rows of each make a series of its own, under what the third column says; the first
 * few are shown. */
static bool is_of_several(const struct table *table)
{
    return table->column_count > 2 && !strcmp(table->columns[1].unit, "id");
}

enum { SERIES_MOST = 8 };

static bool is_told(const uint64_t *ids, size_t count, uint64_t id)
{
    for (size_t i = 0; i < count; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static void several_put(FILE *out, const struct view *view, const struct table *table, size_t first)
{
    struct table part = *table;
    size_t row_bytes = table->column_count * sizeof *table->cells;
    struct str name = {0};
    part.cells = memory_new(table->row_count, row_bytes);
    part.row_count = 0;
    for (size_t i = first; i < table->row_count; i++)
        if (table_at(table, i)[1].u == table_at(table, first)[1].u)
            memcpy(table_at(&part, part.row_count++), table_at(table, i), row_bytes);
    cell_text(&name, view, &table->columns[2], table_at(table, first)[2]);
    fputs("  ", out);
    paint_put(view, out, PAINT_TITLE, str_text(&name));
    putc('\n', out);
    one_put(out, view, &part);
    memory_free(part.cells);
    str_done(&name);
}

void view_series(FILE *out, const struct view *view, const struct table *table)
{
    if (!is_of_several(table)) {
        one_put(out, view, table);
        return;
    }
    uint64_t ids[SERIES_MOST];
    size_t told = 0;
    for (size_t row = 0; row < table->row_count && told < SERIES_MOST; row++)
        if (!is_told(ids, told, table_at(table, row)[1].u)) {
            ids[told++] = table_at(table, row)[1].u;
            several_put(out, view, table, row);
        }
}
