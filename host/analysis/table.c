/* table: in cells row by row, out the answer of an analysis: sorted, cut, with a note. */
#include <heaptracer/table.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/arena.h"
#include "host/base/memory.h"
#include "host/base/number.h"
#include "host/base/str.h"

struct table_text {
    struct arena arena;
};

void table_init(struct table *table, const char *name, const char *title, const char *about, enum table_shape shape, const struct column *columns,
                size_t column_count)
{
    *table = (struct table){
        .name = name, .title = title, .about = about, .shape = shape, .columns = columns, .column_count = column_count, .note = memory_copy_text("")};
    table->texts = memory_new(1, sizeof *table->texts);
}

static void table_grow(struct table *table)
{
    table->row_room = table->row_room + table->row_room / 2 + 16;
    table->cells = memory_resize(table->cells, table->row_room * table->column_count, sizeof *table->cells);
    if (table->shape == TABLE_TREE)
        table->parents = memory_resize(table->parents, table->row_room, sizeof *table->parents);
}

/* Text cells are never NULL, not even before they are filled. */
static void table_blank(const struct table *table, union cell *row)
{
    memset(row, 0, table->column_count * sizeof *row);
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].kind == COLUMN_TEXT)
            row[i].text = "";
}

union cell *table_row(struct table *table)
{
    return table_child(table, TABLE_NO_PARENT);
}

union cell *table_child(struct table *table, uint32_t parent)
{
    if (table->row_count == table->row_room)
        table_grow(table);
    if (table->shape == TABLE_TREE)
        table->parents[table->row_count] = parent;
    union cell *row = table_at(table, table->row_count++);
    table_blank(table, row);
    return row;
}

double table_real(const struct column *column, union cell cell)
{
    switch (column->kind) {
    case COLUMN_RATIO:
    case COLUMN_REAL:
        return cell.f;
    case COLUMN_SIGNED_BYTES:
    case COLUMN_SIGNED_COUNT:
        return (double)cell.i;
    case COLUMN_TEXT:
        return 0;
    default:
        return (double)cell.u;
    }
}

const char *table_text(struct table *table, const char *format, ...)
{
    struct str text = {0};
    va_list values;
    va_start(values, format);
    str_add_values(&text, format, values);
    va_end(values);
    const char *kept = arena_copy_text(&table->texts->arena, str_text(&text), text.count);
    str_done(&text);
    return kept;
}

void table_note(struct table *table, const char *format, ...)
{
    va_list values;
    struct str note = {0};
    va_start(values, format);
    str_add(&note, table->note);
    str_add(&note, *table->note ? "; " : "");
    str_add_values(&note, format, values);
    va_end(values);
    memory_free(table->note);
    table->note = memory_copy_text(str_text(&note));
    str_done(&note);
}

void table_add_column(struct table *table, const struct column *column)
{
    size_t old = table->column_count, count = old + 1;
    struct column *columns = memory_new(count, sizeof *columns);
    union cell *cells = memory_new(table->row_count * count + 1, sizeof *cells);
    memcpy(columns, table->columns, old * sizeof *columns);
    columns[old] = *column;
    for (size_t row = 0; row < table->row_count; row++)
        memcpy(cells + row * count, table_at(table, row), old * sizeof *cells);
    memory_free(table->cells);
    memory_free(table->own_columns);
    table->columns = table->own_columns = columns;
    table->column_count = count;
    table->cells = cells;
    table->row_room = table->row_count;
}

int table_find_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (!strcmp(table->columns[i].name, name))
            return (int)i;
    return -1;
}

static int cell_order(enum column_kind kind, union cell a, union cell b)
{
    switch (kind) {
    case COLUMN_TEXT:
        return strcmp(a.text, b.text);
    case COLUMN_RATIO:
    case COLUMN_REAL:
        return (a.f > b.f) - (a.f < b.f);
    case COLUMN_SIGNED_BYTES:
    case COLUMN_SIGNED_COUNT:
        return (a.i > b.i) - (a.i < b.i);
    default:
        return (a.u > b.u) - (a.u < b.u);
    }
}

struct table_order {
    const struct table *table;
    size_t column;
    bool descending;
};

/* Equal rows keep their order, so that an answer is the same on every machine. */
static int row_order(const void *left, const void *right, void *context)
{
    const struct table_order *order = context;
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    int way = cell_order(order->table->columns[order->column].kind, table_at(order->table, a)[order->column], table_at(order->table, b)[order->column]);
    if (way)
        return order->descending ? -way : way;
    return (a > b) - (a < b);
}

void table_limit(struct table *table, size_t limit)
{
    char first[NUMBER_ROOM], all[NUMBER_ROOM];
    if (!limit || table->row_count <= limit)
        return;
    table_note(table, "the first %s of %s rows", number_count(first, limit), number_count(all, table->row_count));
    table->row_count = limit;
}

/* A tree keeps its rows: their order is that of parents before children. */
void table_sort(struct table *table, size_t column, bool descending, size_t limit)
{
    if (table->shape == TABLE_TREE || column >= table->column_count || !table->row_count)
        return;
    size_t *rows = memory_new(table->row_count, sizeof *rows);
    for (size_t i = 0; i < table->row_count; i++)
        rows[i] = i;
    struct table_order order = {table, column, descending};
    qsort_r(rows, table->row_count, sizeof *rows, row_order, &order);
    size_t row_bytes = table->column_count * sizeof *table->cells;
    union cell *cells = memory_new(table->row_count, row_bytes);
    for (size_t i = 0; i < table->row_count; i++)
        memcpy(cells + i * table->column_count, table_at(table, rows[i]), row_bytes);
    memory_free(table->cells);
    memory_free(rows);
    table->cells = cells;
    table->row_room = table->row_count;
    table_limit(table, limit);
}

void table_done(struct table *table)
{
    memory_free(table->cells);
    memory_free(table->parents);
    memory_free(table->note);
    memory_free(table->own_columns);
    if (table->texts)
        arena_done(&table->texts->arena);
    memory_free(table->texts);
    *table = (struct table){0};
}
