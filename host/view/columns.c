/* columns: in a table and names of columns, out the same table with only these. */
#include "columns.h"

#include <string.h>

#include "host/base/nearest.h"
#include "host/base/str.h"
#include "host/base/vec.h"

static int column_unknown(const struct table *table, const char *name, size_t count, struct error *error)
{
    struct str names = {0}, typed = {0};
    str_add_bytes(&typed, name, count);
    struct nearest nearest = {.wanted = str_text(&typed)};
    for (size_t i = 0; i < table->column_count; i++) {
        nearest_offer(&nearest, table->columns[i].name);
        str_add_format(&names, "%s%s", i ? ", " : "", table->columns[i].name);
    }
    if (nearest.best)
        error_set(error, ERROR_USAGE, "table '%s' has no column '%s'; did you mean '%s'?", table->name, nearest.wanted, nearest.best);
    else
        error_set(error, ERROR_USAGE, "table '%s' has no column '%s'; it has %s", table->name, nearest.wanted, str_text(&names));
    str_done(&names);
    str_done(&typed);
    return -1;
}

int columns_find(const struct table *table, const char *name, size_t count, struct error *error)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strlen(table->columns[i].name) == count && !memcmp(table->columns[i].name, name, count))
            return (int)i;
    return column_unknown(table, name, count, error);
}

static void cells_copy(struct columns *columns, const struct table *source, const int *places)
{
    struct table *table = &columns->table;
    table->cells = memory_new(source->row_count * table->column_count + 1, sizeof *table->cells);
    columns->list = memory_new(table->column_count + 1, sizeof *columns->list);
    for (size_t i = 0; i < table->column_count; i++)
        columns->list[i] = source->columns[places[i]];
    table->columns = columns->list;
    for (size_t row = 0; row < source->row_count; row++)
        for (size_t i = 0; i < table->column_count; i++)
            table_at(table, row)[i] = table_at(source, row)[places[i]];
}

bool columns_take(struct columns *columns, const struct table *source, const char *names, struct error *error)
{
    VEC(int) places = {0};
    bool is_good = true;
    *columns = (struct columns){.table = *source};
    while (is_good && *names) {
        size_t count = strcspn(names, ",");
        int place = columns_find(source, names, count, error);
        vec_push(&places, place);
        is_good = place >= 0;
        names += count + (names[count] == ',');
    }
    columns->table.column_count = is_good ? places.count : 0;
    if (is_good)
        cells_copy(columns, source, places.at);
    vec_done(&places);
    return is_good;
}

void columns_done(struct columns *columns)
{
    if (columns->list)
        memory_free(columns->table.cells);
    memory_free(columns->list);
    *columns = (struct columns){0};
}
