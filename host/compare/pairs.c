/* pairs: in the tables that one analysis made of several traces, out what each column is for in a comparison, and which rows belong together. */
#include "pairs.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

enum { SERIES_ROWS = 24 };

static bool is_stack(const struct column *column)
{
    return column->kind == COLUMN_STACK || column->kind == COLUMN_FRAME;
}

static bool is_number(const struct column *column)
{
    return column->kind != COLUMN_TEXT && !is_stack(column) && column->kind != COLUMN_ADDRESS;
}

static bool ends_with(const char *name, const char *end)
{
    size_t count = strlen(name), end_count = strlen(end);
    return count >= end_count && !strcmp(name + count - end_count, end);
}

static bool is_interval(const char *name)
{
    return ends_with(name, "low_bytes") || ends_with(name, "high_bytes");
}

/* Where a call stands moves with every change of its file. */
static bool is_label(const struct column *column)
{
    return column->kind == COLUMN_TEXT && !strcmp(column->name, "source");
}

/* How a process ended is what happened to it, not who it is. */
static bool is_name(const struct column *column)
{
    return is_stack(column) || (column->kind == COLUMN_TEXT && strcmp(column->name, "end") && !is_label(column));
}

static bool has_name(const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (is_name(&table->columns[i]))
            return true;
    return false;
}

static bool is_list(const struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (pairs->tables[i]->row_count > 1)
            return true;
    return false;
}

/* What a moment has, unlike what happens in a row of a series, does not depend on how long the row is. */
static bool is_state(const struct column *column)
{
    return column->kind == COLUMN_REAL || !strncmp(column->name, "live", strlen("live")) || !strncmp(column->name, "peak", strlen("peak"));
}

static enum pairs_role role_find(const struct pairs *pairs, size_t i, bool named)
{
    const struct column *column = &pairs->after->columns[i];
    if (is_name(column) || is_label(column))
        return is_label(column) ? PAIRS_ROLE_LABEL : PAIRS_ROLE_KEY;
    if (!is_number(column) || is_interval(column->name) || (column->unit && !strcmp(column->unit, "id")))
        return PAIRS_ROLE_NONE;
    if (pairs->is_resampled)
        return is_state(column) ? PAIRS_ROLE_AMOUNT : PAIRS_ROLE_NONE;
    bool is_class = !i || !strncmp(column->name, "to_", strlen("to_"));
    return !named && is_class && is_list(pairs) ? PAIRS_ROLE_KEY : PAIRS_ROLE_AMOUNT;
}

static void places_find(struct pairs *pairs)
{
    for (size_t trace = 0; trace < pairs->count; trace++)
        for (size_t i = 0; i < pairs->after->column_count; i++)
            vec_push(&pairs->places, table_find_column(pairs->tables[trace], pairs->after->columns[i].name));
}

static size_t interval_find(const struct pairs *pairs, const char *which)
{
    char name[128];
    const char *lead = pairs->after->columns[pairs->lead].name;
    size_t prefix = strlen(lead) >= strlen("bytes") ? strlen(lead) - strlen("bytes") : 0;
    snprintf(name, sizeof name, "%.*s%s", (int)prefix, lead, which);
    int found = ends_with(lead, "bytes") ? table_find_column(pairs->after, name) : -1;
    return found < 0 ? SIZE_MAX : (size_t)found;
}

void pairs_init(struct pairs *pairs, const struct table *const *tables, size_t count, struct same *same)
{
    *pairs = (struct pairs){.tables = tables, .count = count, .after = tables[count - 1], .same = same, .lead = SIZE_MAX, .low = SIZE_MAX, .high = SIZE_MAX};
    bool named = has_name(pairs->after);
    places_find(pairs);
    pairs->is_resampled = pairs->after->shape == TABLE_SERIES && !named;
    for (size_t i = 0; i < pairs->after->column_count; i++) {
        vec_push(&pairs->roles, role_find(pairs, i, named));
        if (pairs->lead == SIZE_MAX && pairs->roles.at[i] == PAIRS_ROLE_AMOUNT)
            pairs->lead = i;
    }
    if (pairs->lead == SIZE_MAX)
        return;
    pairs->low = interval_find(pairs, "low_bytes");
    pairs->high = interval_find(pairs, "high_bytes");
}

bool pairs_have_key(const struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->roles.count; i++)
        if (pairs->roles.at[i] == PAIRS_ROLE_KEY)
            return true;
    return false;
}

static union cell cell_blank(const struct column *column)
{
    return column->kind == COLUMN_TEXT ? (union cell){.text = ""} : (union cell){0};
}

static union cell cell_of_row(const struct pairs *pairs, size_t trace, size_t row, size_t column)
{
    int place = pairs->places.at[trace * pairs->after->column_count + column];
    if (place < 0)
        return cell_blank(&pairs->after->columns[column]);
    union cell cell = table_at(pairs->tables[trace], row)[place];
    if (is_stack(&pairs->after->columns[column]))
        cell.u = same_id(pairs->same, (unsigned)trace, (uint32_t)cell.u);
    return cell;
}

static uint64_t row_key(const struct pairs *pairs, size_t trace, size_t row)
{
    uint64_t key = 0;
    for (size_t i = 0; i < pairs->roles.count; i++) {
        const struct column *column = &pairs->after->columns[i];
        if (pairs->roles.at[i] != PAIRS_ROLE_KEY)
            continue;
        union cell cell = cell_of_row(pairs, trace, row, i);
        uint64_t part = column->kind == COLUMN_TEXT ? XXH3_64bits(cell.text, strlen(cell.text)) : is_stack(column) ? same_key(pairs->same, (uint32_t)cell.u) : cell.u;
        key = XXH3_64bits_withSeed(&part, sizeof part, key);
    }
    return key;
}

static int64_t *pair_new(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        vec_push(&pairs->rows, PAIRS_NO_ROW);
    return pairs->rows.at + pairs->count * pairs->pair_count++;
}

/* Of rows with the same key, the n-th of each trace are a pair. */
static void rows_pair(struct pairs *pairs, size_t trace)
{
    struct map seen = {0};
    for (size_t row = 0; row < pairs->tables[trace]->row_count; row++) {
        uint64_t key = row_key(pairs, trace, row), number = (*map_put(&seen, key, NULL))++;
        uint64_t *place = map_put(&pairs->by_key, XXH3_64bits_withSeed(&number, sizeof number, key), NULL);
        if (!*place) {
            pair_new(pairs);
            *place = pairs->pair_count;
        }
        pairs->rows.at[(*place - 1) * pairs->count + trace] = (int64_t)row;
    }
    map_done(&seen);
}

static void shares_pair(struct pairs *pairs)
{
    size_t slots = SERIES_ROWS;
    for (size_t i = 0; i < pairs->count; i++)
        slots = pairs->tables[i]->row_count < slots ? pairs->tables[i]->row_count : slots;
    for (size_t slot = 0; slot < slots; slot++) {
        int64_t *rows = pair_new(pairs);
        for (size_t i = 0; i < pairs->count; i++)
            rows[i] = (int64_t)((slot * 2 + 1) * pairs->tables[i]->row_count / (2 * slots));
    }
}

void pairs_find(struct pairs *pairs)
{
    if (pairs->is_resampled) {
        shares_pair(pairs);
        return;
    }
    for (size_t i = pairs->count; i-- > 0;)
        rows_pair(pairs, i);
}

union cell pairs_cell(const struct pairs *pairs, size_t pair, size_t trace, size_t column)
{
    int64_t row = pairs_row(pairs, pair, trace);
    return row == PAIRS_NO_ROW ? cell_blank(&pairs->after->columns[column]) : cell_of_row(pairs, trace, (size_t)row, column);
}

union cell pairs_after(const struct pairs *pairs, size_t pair, size_t column)
{
    return pairs_cell(pairs, pair, pairs->count - 1, column);
}

void pairs_done(struct pairs *pairs)
{
    vec_done(&pairs->roles);
    vec_done(&pairs->places);
    vec_done(&pairs->rows);
    map_done(&pairs->by_key);
}
