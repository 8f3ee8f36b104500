/* grid: in any table, out its rows in a window of the screen. */
#include "grid.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/utf8.h"
#include "host/view/cell.h"

enum { GRID_GAP = 2, GRID_TEXT_MOST = 30, GRID_STACK_LEAST = 30, GRID_MEASURED = 200 };

static bool column_is_name(const struct column *column)
{
    return column->kind == COLUMN_TEXT || column->kind == COLUMN_STACK || column->kind == COLUMN_FRAME || column->kind == COLUMN_ADDRESS || !strcmp(column->unit, "id");
}

uint64_t grid_key(const struct table *table, size_t row)
{
    uint64_t key = 0xcbf29ce484222325u;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!column_is_name(table->columns + i))
            continue;
        union cell cell = table_at(table, row)[i];
        if (table->columns[i].kind == COLUMN_TEXT)
            for (const char *at = cell.text; *at; at++)
                key = (key ^ (unsigned char)*at) * 0x100000001b3u;
        else
            key = (key ^ cell.u) * 0x9E3779B97F4A7C15u;
    }
    return key;
}

static int stack_column(const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].kind == COLUMN_STACK)
            return (int)i;
    return -1;
}

/* A stack as one line of the page. */
static void stack_text(struct str *out, const struct view *view, uint32_t stack, size_t room)
{
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    if (!stream)
        return;
    struct view plain = *view;
    plain.has_colour = false;
    cell_put_stack(stream, &plain, stack, room);
    fclose(stream);
    str_clear(out);
    str_add(out, text);
    free(text);
}

static bool row_fits(const struct grid *grid, const struct view *view, const struct table *table, size_t row, struct str *text)
{
    enum { WHOLE = 2000 };
    const char *wanted = str_text(&grid->filter);
    for (size_t i = 0; i < table->column_count; i++) {
        union cell cell = table_at(table, row)[i];
        if (table->columns[i].kind == COLUMN_STACK)
            stack_text(text, view, (uint32_t)cell.u, WHOLE);
        else
            cell_text(text, view, table->columns + i, cell);
        if (strcasestr(str_text(text), wanted))
            return true;
    }
    return false;
}

struct grid_order {
    const struct table *table;
    size_t column;
    int sign;
};

static int row_order(const void *left, const void *right, void *context)
{
    const struct grid_order *order = context;
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    const struct column *column = order->table->columns + order->column;
    union cell x = table_at(order->table, a)[order->column], y = table_at(order->table, b)[order->column];
    int by = 0;
    if (column->kind == COLUMN_TEXT) {
        by = -strcasecmp(x.text, y.text);
    } else {
        double p = table_real(column, x), q = table_real(column, y);
        by = (p > q) - (p < q);
    }
    by *= order->sign;
    return by ? by : (a > b) - (a < b);
}

void grid_take(struct grid *grid, const struct view *view, const struct table *table)
{
    struct str text = {0};
    int column = grid->sort ? table_find_column(table, grid->sort) : -1;
    grid->rows.count = 0;
    for (size_t i = 0; i < table->row_count; i++)
        if (!grid->filter.count || row_fits(grid, view, table, i, &text))
            vec_push(&grid->rows, i);
    if (column >= 0)
        qsort_r(grid->rows.at, grid->rows.count, sizeof *grid->rows.at, row_order, &(struct grid_order){table, (size_t)column, grid->is_ascending ? 1 : -1});
    for (size_t i = 0, j = grid->rows.count; column < 0 && grid->is_ascending && i + 1 < j; i++) {
        size_t row = grid->rows.at[i];
        grid->rows.at[i] = grid->rows.at[--j];
        grid->rows.at[j] = row;
    }
    for (size_t i = 0; grid->follows && i < grid->rows.count; i++)
        if (grid_key(table, grid->rows.at[i]) == grid->chosen)
            grid->cursor = i;
    if (grid->cursor >= grid->rows.count)
        grid->cursor = grid->rows.count ? grid->rows.count - 1 : 0;
    if (grid->rows.count && !grid->follows)
        grid->chosen = grid_key(table, grid->rows.at[grid->cursor]);
    str_done(&text);
}

static void widths_measure(struct grid *grid, const struct view *view, const struct table *table, size_t from, size_t to)
{
    struct str text = {0};
    for (size_t i = 0; i < table->column_count && i < GRID_COLUMNS; i++) {
        size_t width = utf8_columns(table->columns[i].title) + 1;
        for (size_t row = from; row < to && table->columns[i].kind != COLUMN_STACK; row++) {
            cell_text(&text, view, table->columns + i, table_at(table, grid->rows.at[row])[i]);
            width = utf8_columns(str_text(&text)) > width ? utf8_columns(str_text(&text)) : width;
        }
        if (!cell_is_right(table->columns + i) && width > GRID_TEXT_MOST)
            width = GRID_TEXT_MOST;
        grid->widths[i] = width;
    }
    str_done(&text);
}

/* Places of columns from the left; those that do not fit have no width. The stack comes last and takes what is left. */
static void widths_place(struct grid *grid, const struct table *table, size_t columns)
{
    int stack = stack_column(table);
    size_t room = stack >= 0 && columns > 2 * GRID_STACK_LEAST ? columns - GRID_STACK_LEAST : columns, at = 2, skip = grid->shift;
    bool is_full = false;
    for (size_t i = 0; i < table->column_count && i < GRID_COLUMNS; i++) {
        if (table->columns[i].kind == COLUMN_STACK)
            continue;
        bool is_skipped = skip > 0, is_anchor = i == 0 && cell_is_right(table->columns) == false; /* a name in front stays */
        skip -= is_skipped && !is_anchor;
        is_full = is_full || at + grid->widths[i] > room;
        if ((is_skipped && !is_anchor) || is_full) {
            grid->widths[i] = 0;
            continue;
        }
        grid->places[i] = at;
        at += grid->widths[i] + GRID_GAP;
    }
    for (size_t i = 0; i < table->column_count && i < GRID_COLUMNS; i++)
        if (table->columns[i].kind == COLUMN_STACK) {
            grid->places[i] = at;
            grid->widths[i] = (int)i == stack && columns > at ? columns - at : 0;
        }
}

static void head_show(const struct grid *grid, const struct view *view, const struct table *table, struct window window)
{
    screen_put(window.row, window.column, window.columns, TUI_HEAD, "");
    for (size_t i = 0; i < table->column_count && i < GRID_COLUMNS; i++) {
        const struct column *column = table->columns + i;
        struct str title = {0};
        if (!grid->widths[i])
            continue;
        bool is_sorted = grid->sort && !strcmp(grid->sort, column->name);
        const char *sign = !is_sorted ? "" : grid->is_ascending ? view->has_unicode ? "▲" : "^" : view->has_unicode ? "▼" : "v";
        str_add_format(&title, "%s%s", column->title, sign);
        size_t wanted = utf8_columns(str_text(&title)), pad = cell_is_right(column) && wanted < grid->widths[i] ? grid->widths[i] - wanted : 0;
        screen_put(window.row, window.column + grid->places[i] + pad, grid->widths[i] - pad, is_sorted ? TUI_TAB : TUI_HEAD, str_text(&title));
        str_done(&title);
    }
}

static enum tui_role cell_role(const struct column *column, union cell cell)
{
    if (column->kind == COLUMN_RATIO)
        return cell.f >= 0.1 ? TUI_HOT : TUI_PLAIN;
    if (column->kind == COLUMN_SIGNED_BYTES || column->kind == COLUMN_SIGNED_COUNT)
        return cell.i > 0 ? TUI_GREW : cell.i < 0 ? TUI_SHRANK : TUI_PLAIN;
    if (column->kind == COLUMN_TEXT && (!strcmp(cell.text, "critical") || !strcmp(cell.text, "broken")))
        return TUI_ALARM;
    return column->kind == COLUMN_STACK || column->kind == COLUMN_FRAME ? TUI_FUNCTION : TUI_PLAIN;
}

static void row_show(const struct grid *grid, const struct view *view, const struct table *table, struct window window, size_t number)
{
    size_t row = grid->rows.at[number], line = window.row + 1 + number - grid->top;
    bool is_cursor = number == grid->cursor, is_followed = is_cursor && grid->follows;
    struct str text = {0};
    if (is_cursor)
        screen_put(line, window.column, window.columns, TUI_CURSOR, is_followed ? "*" : ">");
    for (size_t i = 0; i < table->column_count && i < GRID_COLUMNS; i++) {
        const struct column *column = table->columns + i;
        union cell cell = table_at(table, row)[i];
        if (!grid->widths[i])
            continue;
        if (column->kind == COLUMN_STACK)
            stack_text(&text, view, (uint32_t)cell.u, grid->widths[i]);
        else
            cell_text(&text, view, column, cell);
        size_t wanted = utf8_columns(str_text(&text)), pad = cell_is_right(column) && wanted < grid->widths[i] ? grid->widths[i] - wanted : 0;
        enum tui_role role = is_cursor ? TUI_CURSOR : cell_role(column, cell);
        screen_put(line, window.column + grid->places[i] + pad, grid->widths[i] - pad, role, str_text(&text));
    }
    str_done(&text);
}

void grid_show(struct grid *grid, const struct view *view, const struct table *table, struct window window)
{
    size_t rows = window.rows > 1 ? window.rows - 1 : 0;
    grid->shown_rows = rows;
    if (grid->cursor < grid->top)
        grid->top = grid->cursor;
    if (rows && grid->cursor >= grid->top + rows)
        grid->top = grid->cursor - rows + 1;
    if (grid->top + rows > grid->rows.count)
        grid->top = grid->rows.count > rows ? grid->rows.count - rows : 0;
    size_t end = grid->top + rows < grid->rows.count ? grid->top + rows : grid->rows.count;
    widths_measure(grid, view, table, grid->top, end);
    widths_place(grid, table, window.columns);
    head_show(grid, view, table, window);
    for (size_t i = grid->top; i < end; i++)
        row_show(grid, view, table, window, i);
}

static void cursor_move(struct grid *grid, const struct table *table, long by)
{
    long last = grid->rows.count ? (long)grid->rows.count - 1 : 0, to = (long)grid->cursor + by;
    grid->cursor = (size_t)(to < 0 ? 0 : to > last ? last : to);
    if (grid->rows.count)
        grid->chosen = grid_key(table, grid->rows.at[grid->cursor]);
}

/* The next column that has a number or a name; behind the last the table's own order. */
static void sort_next(struct grid *grid, const struct table *table)
{
    size_t next = grid->sort ? (size_t)(table_find_column(table, grid->sort) + 1) : 0;
    while (next < table->column_count && table->columns[next].kind == COLUMN_STACK)
        next++;
    grid->sort = next < table->column_count ? table->columns[next].name : NULL;
    grid->is_ascending = grid->sort && !cell_is_right(table->columns + next);
}

static void click(struct grid *grid, const struct table *table, const struct screen_event *event, struct window window)
{
    if (event->row == window.row) {
        for (size_t i = 0; i < table->column_count && i < GRID_COLUMNS; i++) {
            size_t from = window.column + grid->places[i];
            if (!grid->widths[i] || table->columns[i].kind == COLUMN_STACK || event->column < from || event->column >= from + grid->widths[i])
                continue;
            grid->is_ascending = grid->sort && !strcmp(grid->sort, table->columns[i].name) ? !grid->is_ascending : !cell_is_right(table->columns + i);
            grid->sort = table->columns[i].name;
        }
    } else if (event->row > window.row) {
        cursor_move(grid, table, (long)(grid->top + event->row - window.row - 1) - (long)grid->cursor);
    }
}

bool grid_press(struct grid *grid, const struct table *table, const struct screen_event *event, struct window window)
{
    long page = grid->shown_rows > 1 ? (long)grid->shown_rows - 1 : 1, all = (long)grid->rows.count;
    const struct {
        int key;
        long by;
    } moves[] = {{SCREEN_UP, -1},       {'k', -1},        {SCREEN_WHEEL_UP, -3}, {SCREEN_DOWN, 1},         {'j', 1},        {SCREEN_WHEEL_DOWN, 3},
                 {SCREEN_PAGE_UP, -page}, {SCREEN_HOME, -all}, {'g', -all},       {SCREEN_PAGE_DOWN, page}, {SCREEN_END, all}, {'G', all}};
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (moves[i].key == event->key) {
            cursor_move(grid, table, moves[i].by);
            return true;
        }
    if (event->key == SCREEN_LEFT || event->key == 'h')
        grid->shift -= grid->shift > 0;
    else if (event->key == SCREEN_RIGHT || event->key == 'l')
        grid->shift += grid->shift + 2 < table->column_count;
    else if (event->key == 's')
        sort_next(grid, table);
    else if (event->key == 'r')
        grid->is_ascending = !grid->is_ascending;
    else if (event->key == 'f')
        grid->follows = !grid->follows;
    else if (event->key == SCREEN_CLICK)
        click(grid, table, event, window);
    else
        return false;
    return true;
}

bool grid_chosen(const struct grid *grid, size_t *row)
{
    if (!grid->rows.count)
        return false;
    *row = grid->rows.at[grid->cursor];
    return true;
}

void grid_done(struct grid *grid)
{
    vec_done(&grid->rows);
    str_done(&grid->filter);
}
