/* view_rows: in a table of rows, out aligned columns; the stack comes last and takes what is left of the line, or a line of its own. */
#include "view_text.h"

#include <string.h>

#include "cell.h"
#include "host/base/number.h"
#include "host/base/str.h"
#include "host/base/utf8.h"
#include "paint.h"

enum { ROWS_INDENT = 2, ROWS_GAP = 2, ROWS_TEXT_LEAST = 17, ROWS_TEXT_MOST = 60, ROWS_STACK_LEAST = 36, ROWS_CARD_COLUMNS = 5 };

struct rows_layout {
    VEC(size_t) widths;  /* by column; 0: not in the line */
    int stack;           /* the first STACK column, or -1 */
    size_t last;         /* column that ends the line: it is not padded; else the count */
    size_t used;         /* columns of the page before the stack */
    size_t row_count;    /* rows that are printed */
    bool has_stack_line; /* the stack stands on a line of its own */
    bool has_left_out;
};

static bool is_stack(const struct table *table, size_t column)
{
    return table->columns[column].kind == COLUMN_STACK;
}

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void widths_measure(const struct view *view, const struct table *table, struct rows_layout *layout)
{
    struct str text = {0};
    for (size_t column = 0; column < table->column_count; column++) {
        if (is_stack(table, column))
            continue;
        layout->widths.at[column] = utf8_columns(table->columns[column].title);
        for (size_t row = 0; row < layout->row_count; row++) {
            cell_text(&text, view, &table->columns[column], table_at(table, row)[column]);
            layout->widths.at[column] = largest(layout->widths.at[column], utf8_columns(str_text(&text)));
        }
    }
    str_done(&text);
}

static size_t widths_sum(const struct table *table, const struct rows_layout *layout)
{
    size_t sum = ROWS_INDENT;
    for (size_t column = 0; column < table->column_count; column++)
        if (layout->widths.at[column])
            sum += layout->widths.at[column] + ROWS_GAP;
    return sum;
}

/* Texts give way first, the widest of them; then the columns on the right go. */
static void widths_shrink(const struct view *view, const struct table *table, struct rows_layout *layout)
{
    size_t *widths = layout->widths.at;
    for (;;) {
        size_t sum = widths_sum(table, layout), widest = table->column_count, last = table->column_count;
        for (size_t column = 0; column < table->column_count; column++) {
            if (!cell_is_right(&table->columns[column]) && widths[column] > ROWS_TEXT_LEAST && (widest == table->column_count || widths[column] > widths[widest]))
                widest = column;
            if (widths[column])
                last = column;
        }
        if (sum <= view->width + ROWS_GAP && (widest == table->column_count || widths[widest] <= ROWS_TEXT_MOST || layout->stack < 0))
            return;
        if (widest < table->column_count) {
            widths[widest]--;
        } else {
            if (last == table->column_count)
                return;
            widths[last] = 0;
            layout->has_left_out = true;
        }
    }
}

static void layout_make(const struct view *view, const struct table *table, struct rows_layout *layout)
{
    layout->stack = -1;
    layout->row_count = view->row_limit && view->row_limit < table->row_count ? view->row_limit : table->row_count;
    vec_extend(&layout->widths, table->column_count);
    for (size_t column = table->column_count; column-- > 0;)
        if (is_stack(table, column))
            layout->stack = (int)column;
    widths_measure(view, table, layout);
    widths_shrink(view, table, layout);
    layout->used = widths_sum(table, layout);
    layout->has_stack_line = layout->stack >= 0 && layout->used + ROWS_STACK_LEAST > view->width;
    layout->last = table->column_count;
    for (size_t column = 0; column < table->column_count; column++)
        if (layout->widths.at[column] && (layout->stack < 0 || layout->has_stack_line))
            layout->last = column;
}

static void titles_put(FILE *out, const struct view *view, const struct table *table, const struct rows_layout *layout)
{
    size_t gap = ROWS_INDENT;
    for (size_t column = 0; column < table->column_count; column++) {
        if (!layout->widths.at[column])
            continue;
        fprintf(out, "%*s", (int)gap, "");
        size_t wanted = utf8_columns(table->columns[column].title), width = layout->widths.at[column];
        width = column == layout->last && wanted < width && !cell_is_right(&table->columns[column]) ? wanted : width;
        paint_cell(view, out, PAINT_DIM, table->columns[column].title, width, cell_is_right(&table->columns[column]));
        gap = ROWS_GAP;
    }
    if (layout->stack >= 0 && !layout->has_stack_line && view->stacks == VIEW_STACKS_SHORT) {
        fprintf(out, "%*s", (int)(layout->used > ROWS_INDENT ? ROWS_GAP : ROWS_INDENT), "");
        paint_put(view, out, PAINT_DIM, table->columns[layout->stack].title);
    }
    putc('\n', out);
}

static enum paint_role cell_role(const struct column *column, union cell cell)
{
    if (column->kind == COLUMN_RATIO)
        return cell.f >= 0.1 ? PAINT_HOT : PAINT_PLAIN;
    return column->kind == COLUMN_FRAME ? PAINT_FUNCTION : PAINT_PLAIN;
}

static size_t stacks_count(const struct table *table)
{
    size_t count = 0;
    for (size_t column = 0; column < table->column_count; column++)
        count += is_stack(table, column);
    return count;
}

/* Of several stacks each has its title, and those that are none are left out. */
static void stacks_put(FILE *out, const struct view *view, const struct table *table, const struct rows_layout *layout, const union cell *row)
{
    static const char indent[] = "      ";
    bool is_one = stacks_count(table) == 1;
    for (size_t column = 0; column < table->column_count; column++) {
        bool is_first = (int)column == layout->stack;
        if (!is_stack(table, column) || (is_first && !layout->has_stack_line && view->stacks == VIEW_STACKS_SHORT) || (!is_one && !row[column].u))
            continue;
        if (!is_one || !is_first) {
            fprintf(out, "    ");
            paint_put(view, out, PAINT_DIM, table->columns[column].title);
            putc('\n', out);
        }
        if (view->stacks == VIEW_STACKS_FULL) {
            cell_put_frames(out, view, (uint32_t)row[column].u, indent);
        } else {
            fputs(indent, out);
            cell_put_stack(out, view, (uint32_t)row[column].u, view->width - strlen(indent));
            putc('\n', out);
        }
    }
}

static void row_put(FILE *out, const struct view *view, const struct table *table, const struct rows_layout *layout, size_t number)
{
    const union cell *row = table_at(table, number);
    struct str text = {0};
    size_t gap = ROWS_INDENT;
    for (size_t column = 0; column < table->column_count; column++) {
        if (!layout->widths.at[column])
            continue;
        cell_text(&text, view, &table->columns[column], row[column]);
        fprintf(out, "%*s", (int)gap, "");
        size_t wanted = utf8_columns(str_text(&text)), width = layout->widths.at[column];
        if (column == layout->last && !cell_is_right(&table->columns[column]) && wanted < width)
            width = wanted;
        paint_cell(view, out, cell_role(&table->columns[column], row[column]), str_text(&text), width, cell_is_right(&table->columns[column]));
        gap = ROWS_GAP;
    }
    if (layout->stack >= 0 && !layout->has_stack_line && view->stacks == VIEW_STACKS_SHORT) {
        fprintf(out, "%*s", (int)(layout->used > ROWS_INDENT ? ROWS_GAP : ROWS_INDENT), "");
        cell_put_stack(out, view, (uint32_t)row[layout->stack].u, view->width - layout->used);
    }
    putc('\n', out);
    stacks_put(out, view, table, layout, row);
    str_done(&text);
}

/* Columns of the page that one title and value of a card take, so that several stand side by side. */
static size_t card_widths(const struct view *view, const struct table *table, size_t *title, size_t *value)
{
    struct str text = {0};
    *title = *value = 0;
    for (size_t column = 0; column < table->column_count; column++) {
        if (is_stack(table, column))
            continue;
        *title = largest(*title, utf8_columns(table->columns[column].title));
        cell_text(&text, view, &table->columns[column], table_at(table, 0)[column]);
        *value = largest(*value, utf8_columns(str_text(&text)));
    }
    str_done(&text);
    return ROWS_INDENT + *title + ROWS_GAP + *value + ROWS_GAP;
}

/* `value` 0: as wide as the value is. */
static void card_cell_put(FILE *out, const struct view *view, const struct table *table, size_t column, size_t title, size_t value)
{
    struct str text = {0};
    union cell cell = table_at(table, 0)[column];
    cell_text(&text, view, &table->columns[column], cell);
    fprintf(out, "%*s", ROWS_INDENT, "");
    paint_cell(view, out, PAINT_DIM, table->columns[column].title, title, false);
    fprintf(out, "%*s", ROWS_GAP, "");
    value = value ? value : utf8_columns(str_text(&text));
    paint_cell(view, out, cell_role(&table->columns[column], cell), str_text(&text), value, cell_is_right(&table->columns[column]));
    str_done(&text);
}

/* One row of many columns reads better as a card: titles beside their values, as many side by side as fit, read downwards. */
static void card_put(FILE *out, const struct view *view, const struct table *table)
{
    size_t title, value, across = view->width / card_widths(view, table, &title, &value);
    VEC(size_t) shown = {0};
    for (size_t column = 0; column < table->column_count; column++)
        if (!is_stack(table, column))
            vec_push(&shown, column);
    across = across ? across : 1;
    size_t height = (shown.count + across - 1) / across;
    for (size_t line = 0; line < height; line++) {
        for (size_t i = line; i < shown.count; i += height) {
            bool is_last = i + height >= shown.count;
            card_cell_put(out, view, table, shown.at[i], title, is_last && !cell_is_right(&table->columns[shown.at[i]]) ? 0 : value);
            fprintf(out, "%*s", is_last ? 0 : ROWS_GAP, "");
        }
        putc('\n', out);
    }
    struct rows_layout stacks = {.stack = -1};
    stacks_put(out, view, table, &stacks, table_at(table, 0));
    vec_done(&shown);
}

static void left_out_put(FILE *out, const struct view *view, const struct table *table, const struct rows_layout *layout)
{
    size_t more = table->row_count - layout->row_count + table->more_rows;
    if (more) {
        struct str text = {0};
        char count[NUMBER_ROOM];
        str_add_format(&text, "  %s more row%s", number_count(count, more), more == 1 ? "" : "s");
        paint_put(view, out, PAINT_DIM, str_text(&text));
        putc('\n', out);
        str_done(&text);
    }
    if (layout->has_left_out) {
        paint_put(view, out, PAINT_NOTE, "  too narrow for:");
        for (size_t column = 0; column < table->column_count; column++)
            if (!layout->widths.at[column] && !is_stack(table, column)) {
                putc(' ', out);
                paint_put(view, out, PAINT_NOTE, table->columns[column].name);
            }
        putc('\n', out);
    }
}

void view_rows(FILE *out, const struct view *view, const struct table *table)
{
    struct rows_layout layout = {0};
    if (table->row_count == 1 && table->shape == TABLE_ROWS && table->column_count > ROWS_CARD_COLUMNS) {
        card_put(out, view, table);
        return;
    }
    layout_make(view, table, &layout);
    titles_put(out, view, table, &layout);
    for (size_t row = 0; row < layout.row_count; row++)
        row_put(out, view, table, &layout, row);
    left_out_put(out, view, table, &layout);
    vec_done(&layout.widths);
}
