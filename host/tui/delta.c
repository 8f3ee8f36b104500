/* delta: rows of two answers belong together when they name the same stack, texts, addresses and ids. */
#include "delta.h"

#include <string.h>

#include "grid.h"
#include "host/base/map.h"

static union cell cell_copy(struct table *to, const struct column *column, union cell cell)
{
    if (column->kind == COLUMN_TEXT)
        cell.text = table_text(to, "%s", cell.text);
    return cell;
}

void delta_keep(struct table *kept, const struct table *table)
{
    struct column *columns = memory_new(table->column_count, sizeof *columns);
    memcpy(columns, table->columns, table->column_count * sizeof *columns);
    table_init(kept, table->name, table->title, table->about, TABLE_ROWS, columns, table->column_count);
    kept->own_columns = columns;
    for (size_t i = 0; i < table->row_count; i++) {
        union cell *row = table_row(kept);
        for (size_t j = 0; j < table->column_count; j++)
            row[j] = cell_copy(kept, columns + j, table_at(table, i)[j]);
    }
}

enum delta_part { DELTA_NOTHING, DELTA_NAME, DELTA_AMOUNT };

static enum delta_part delta_part(const struct column *column)
{
    switch (column->kind) {
    case COLUMN_TEXT:
    case COLUMN_STACK:
    case COLUMN_FRAME:
    case COLUMN_ADDRESS:
        return DELTA_NAME;
    case COLUMN_BYTES:
    case COLUMN_COUNT:
        return strcmp(column->unit, "id") ? DELTA_AMOUNT : DELTA_NAME;
    default:
        return DELTA_NOTHING;
    }
}

/* `places`: of each column of the result in the tables. */
static struct column *delta_columns(const struct table *table, size_t *places, size_t *count)
{
    struct column *columns = memory_new(table->column_count + 1, sizeof *columns);
    *count = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (delta_part(table->columns + i) == DELTA_NOTHING)
            continue;
        columns[*count] = table->columns[i];
        if (delta_part(table->columns + i) == DELTA_AMOUNT)
            columns[*count].kind = table->columns[i].kind == COLUMN_BYTES ? COLUMN_SIGNED_BYTES : COLUMN_SIGNED_COUNT;
        places[(*count)++] = i;
    }
    return columns;
}

/* `now` or `then` NULL: there is no such row. */
static void row_add(struct table *delta, const size_t *places, const struct table *like, const union cell *now, const union cell *then)
{
    bool differs = false;
    for (size_t i = 0; i < delta->column_count && !differs; i++)
        if (delta_part(like->columns + places[i]) == DELTA_AMOUNT)
            differs = (now ? now[places[i]].u : 0) != (then ? then[places[i]].u : 0);
    if (!differs)
        return;
    union cell *row = table_row(delta);
    for (size_t i = 0; i < delta->column_count; i++) {
        const struct column *column = like->columns + places[i];
        union cell cell = (now ? now : then)[places[i]];
        if (delta_part(column) == DELTA_AMOUNT)
            row[i].i = (int64_t)((now ? now[places[i]].u : 0) - (then ? then[places[i]].u : 0));
        else
            row[i] = cell_copy(delta, column, cell);
    }
}

void delta_make(struct table *delta, const struct table *now, const struct table *then)
{
    size_t *places = memory_new(now->column_count + 1, sizeof *places), count;
    struct column *columns = delta_columns(now, places, &count);
    struct map old = {0};
    table_init(delta, now->name, now->title, now->about, TABLE_ROWS, columns, count);
    delta->own_columns = columns;
    bool is_alike = now->column_count == then->column_count;
    for (size_t i = 0; is_alike && i < then->row_count; i++)
        *map_put(&old, grid_key(then, i), NULL) = i + 1;
    for (size_t i = 0; i < now->row_count; i++) {
        uint64_t row = 0, key = grid_key(now, i);
        map_remove(&old, key, &row);
        row_add(delta, places, now, table_at(now, i), row ? table_at(then, row - 1) : NULL);
    }
    for (size_t i = 0; is_alike && i < then->row_count; i++)
        if (map_remove(&old, grid_key(then, i), NULL))
            row_add(delta, places, now, NULL, table_at(then, i));
    map_done(&old);
    memory_free(places);
}
