/* compare: in the tables that one analysis made of several traces, out one table of what was, is, and the change. */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "host/base/arena.h"
#include "host/base/map.h"
#include "host/base/memory.h"
#include "host/base/vec.h"

enum role { ROLE_NONE, ROLE_KEY, ROLE_AMOUNT };
enum { SERIES_ROWS = 24, COLUMNS_AN_AMOUNT = 3, NO_ROW = -1 };

struct comparison_texts {
    struct arena arena;
};

/* Rows of the traces that belong together: by trace, NO_ROW where it has none. */
struct comparing {
    const struct table *const *tables;
    size_t count;                /* of tables; the last is AFTER */
    const struct table *after;
    struct same *same;
    VEC(enum role) roles;        /* by column of AFTER */
    size_t lead;                 /* the first amount, or SIZE_MAX */
    size_t low, high;            /* its interval, or SIZE_MAX */
    bool is_resampled;           /* a series without names: rows are shares of the run */
    VEC(int64_t) rows;           /* `count` a pair */
    size_t pair_count;
    struct map pairs;            /* key -> pair + 1 */
};

static bool is_number(const struct column *column)
{
    return column->kind != COLUMN_TEXT && column->kind != COLUMN_STACK && column->kind != COLUMN_FRAME && column->kind != COLUMN_ADDRESS;
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

/* How a process ended is what happened to it, not who it is. */
static bool is_name(const struct column *column)
{
    return column->kind == COLUMN_STACK || column->kind == COLUMN_FRAME || (column->kind == COLUMN_TEXT && strcmp(column->name, "end"));
}

static bool has_name(const struct table *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (is_name(&table->columns[i]))
            return true;
    return false;
}

static bool is_list(const struct comparing *comparing)
{
    for (size_t i = 0; i < comparing->count; i++)
        if (comparing->tables[i]->row_count > 1)
            return true;
    return false;
}

/* What a moment has, unlike what happens in a row of a series, does not depend on how long the row is. */
static bool is_state(const struct column *column)
{
    return column->kind == COLUMN_REAL || !strncmp(column->name, "live", strlen("live")) || !strncmp(column->name, "peak", strlen("peak"));
}

static enum role role_find(const struct comparing *comparing, size_t i, bool named)
{
    const struct column *column = &comparing->after->columns[i];
    if (is_name(column))
        return ROLE_KEY;
    if (!is_number(column) || is_interval(column->name) || (column->unit && !strcmp(column->unit, "id")))
        return ROLE_NONE;
    if (comparing->is_resampled)
        return is_state(column) ? ROLE_AMOUNT : ROLE_NONE;
    bool is_class = !i || !strncmp(column->name, "to_", strlen("to_"));
    return !named && is_class && is_list(comparing) ? ROLE_KEY : ROLE_AMOUNT;
}

static size_t interval_find(const struct comparing *comparing, const char *which)
{
    char name[128];
    const char *lead = comparing->after->columns[comparing->lead].name;
    size_t prefix = strlen(lead) >= strlen("bytes") ? strlen(lead) - strlen("bytes") : 0;
    snprintf(name, sizeof name, "%.*s%s", (int)prefix, lead, which);
    int found = ends_with(lead, "bytes") ? table_find_column(comparing->after, name) : -1;
    return found < 0 ? SIZE_MAX : (size_t)found;
}

static void roles_find(struct comparing *comparing)
{
    bool named = has_name(comparing->after);
    comparing->is_resampled = comparing->after->shape == TABLE_SERIES && !named;
    comparing->lead = comparing->low = comparing->high = SIZE_MAX;
    for (size_t i = 0; i < comparing->after->column_count; i++) {
        vec_push(&comparing->roles, role_find(comparing, i, named));
        if (comparing->lead == SIZE_MAX && comparing->roles.at[i] == ROLE_AMOUNT)
            comparing->lead = i;
    }
    if (comparing->lead == SIZE_MAX)
        return;
    comparing->low = interval_find(comparing, "low_bytes");
    comparing->high = interval_find(comparing, "high_bytes");
}

static uint64_t row_key(struct comparing *comparing, unsigned trace, size_t row)
{
    const union cell *cells = table_at(comparing->tables[trace], row);
    uint64_t key = 0;
    for (size_t i = 0; i < comparing->roles.count; i++) {
        const struct column *column = &comparing->after->columns[i];
        uint64_t part = cells[i].u;
        if (comparing->roles.at[i] != ROLE_KEY)
            continue;
        if (column->kind == COLUMN_TEXT)
            part = XXH3_64bits(cells[i].text, strlen(cells[i].text));
        else if (!is_number(column))
            part = same_key(comparing->same, same_id(comparing->same, trace, (uint32_t)cells[i].u));
        key = XXH3_64bits_withSeed(&part, sizeof part, key);
    }
    return key;
}

static int64_t *pair_new(struct comparing *comparing)
{
    for (size_t i = 0; i < comparing->count; i++)
        vec_push(&comparing->rows, NO_ROW);
    return comparing->rows.at + comparing->count * comparing->pair_count++;
}

/* Of rows with the same key, the n-th of each trace are a pair. */
static void rows_pair(struct comparing *comparing, unsigned trace)
{
    struct map seen = {0};
    for (size_t row = 0; row < comparing->tables[trace]->row_count; row++) {
        uint64_t key = row_key(comparing, trace, row), number = (*map_put(&seen, key, NULL))++;
        uint64_t *pair = map_put(&comparing->pairs, XXH3_64bits_withSeed(&number, sizeof number, key), NULL);
        if (!*pair) {
            pair_new(comparing);
            *pair = comparing->pair_count;
        }
        comparing->rows.at[(*pair - 1) * comparing->count + trace] = (int64_t)row;
    }
    map_done(&seen);
}

static void shares_pair(struct comparing *comparing)
{
    size_t slots = SERIES_ROWS;
    for (size_t i = 0; i < comparing->count; i++)
        slots = comparing->tables[i]->row_count < slots ? comparing->tables[i]->row_count : slots;
    for (size_t slot = 0; slot < slots; slot++) {
        int64_t *rows = pair_new(comparing);
        for (size_t i = 0; i < comparing->count; i++)
            rows[i] = (int64_t)((slot * 2 + 1) * comparing->tables[i]->row_count / (2 * slots));
    }
}

/* AFTER's rows come first, in its order, so that parents stand before their children. */
static void pairs_find(struct comparing *comparing)
{
    if (comparing->is_resampled) {
        shares_pair(comparing);
        return;
    }
    for (size_t i = comparing->count; i-- > 0;)
        rows_pair(comparing, (unsigned)i);
}

static union cell cell_of(const struct comparing *comparing, size_t pair, size_t trace, size_t column)
{
    int64_t row = comparing->rows.at[pair * comparing->count + trace];
    if (row == NO_ROW || column >= comparing->tables[trace]->column_count)
        return (union cell){0};
    return table_at(comparing->tables[trace], (size_t)row)[column];
}

static int value_order(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The BEFORE traces by order of the amount; the middle one is what it was. */
struct befores {
    double least, most;
    union cell middle;
};

static struct befores befores_of(const struct comparing *comparing, size_t pair, size_t column)
{
    const struct column *about = &comparing->after->columns[column];
    size_t count = comparing->count - 1;
    double *values = memory_new(count, sizeof *values);
    struct befores befores = {0};
    for (size_t i = 0; i < count; i++)
        values[i] = table_real(about, cell_of(comparing, pair, i, column));
    qsort(values, count, sizeof *values, value_order);
    befores.least = values[0];
    befores.most = values[count - 1];
    for (size_t i = 0; i < count; i++)
        if (table_real(about, cell_of(comparing, pair, i, column)) == values[(count - 1) / 2])
            befores.middle = cell_of(comparing, pair, i, column);
    memory_free(values);
    return befores;
}

static bool intervals_touch(const struct comparing *comparing, size_t pair)
{
    size_t after = comparing->count - 1;
    if (comparing->low == SIZE_MAX || comparing->high == SIZE_MAX)
        return false;
    for (size_t i = 0; i < after; i++)
        if (cell_of(comparing, pair, i, comparing->low).u <= cell_of(comparing, pair, after, comparing->high).u &&
            cell_of(comparing, pair, after, comparing->low).u <= cell_of(comparing, pair, i, comparing->high).u)
            return true;
    return false;
}

static bool was_there(const struct comparing *comparing, size_t pair)
{
    for (size_t i = 0; i + 1 < comparing->count; i++)
        if (comparing->rows.at[pair * comparing->count + i] != NO_ROW)
            return true;
    return false;
}

static const char *verdict_of(const struct comparing *comparing, size_t pair)
{
    size_t last = comparing->count - 1;
    if (comparing->lead == SIZE_MAX)
        return !was_there(comparing, pair) ? "new" : comparing->rows.at[pair * comparing->count + last] == NO_ROW ? "gone" : "same";
    struct befores befores = befores_of(comparing, pair, comparing->lead);
    double after = table_real(&comparing->after->columns[comparing->lead], cell_of(comparing, pair, last, comparing->lead));
    if (befores.least == after && befores.most == after)
        return "same";
    if ((comparing->count > 2 && befores.least <= after && after <= befores.most) || intervals_touch(comparing, pair))
        return "noise";
    if (!was_there(comparing, pair))
        return "new";
    if (comparing->rows.at[pair * comparing->count + last] == NO_ROW)
        return "gone";
    return after > befores.most ? "grew" : "shrank";
}

/* Times are never the same twice, and shares and means follow from other amounts. */
static bool makes_a_difference(enum column_kind kind)
{
    return kind != COLUMN_RATIO && kind != COLUMN_REAL && kind != COLUMN_TIME && kind != COLUMN_DURATION;
}

static bool pair_differs(const struct comparing *comparing, size_t pair)
{
    size_t last = comparing->count - 1;
    for (size_t i = 0; i < comparing->roles.count; i++) {
        if (comparing->roles.at[i] != ROLE_AMOUNT || !makes_a_difference(comparing->after->columns[i].kind))
            continue;
        struct befores befores = befores_of(comparing, pair, i);
        double after = table_real(&comparing->after->columns[i], cell_of(comparing, pair, last, i));
        if (befores.least != after || befores.most != after)
            return true;
    }
    return strcmp(verdict_of(comparing, pair), "same");
}

static double lead_change(const struct comparing *comparing, size_t pair)
{
    if (comparing->lead == SIZE_MAX)
        return 0;
    const struct column *column = &comparing->after->columns[comparing->lead];
    double change = table_real(column, cell_of(comparing, pair, comparing->count - 1, comparing->lead)) -
                    table_real(column, befores_of(comparing, pair, comparing->lead).middle);
    return change < 0 ? -change : change;
}

static enum column_kind change_kind(enum column_kind kind)
{
    if (kind == COLUMN_BYTES || kind == COLUMN_SIGNED_BYTES)
        return COLUMN_SIGNED_BYTES;
    return kind == COLUMN_COUNT || kind == COLUMN_SIGNED_COUNT ? COLUMN_SIGNED_COUNT : COLUMN_REAL;
}

static const char *text_make(struct arena *arena, const char *format, const char *text)
{
    char *made = NULL;
    int count = asprintf(&made, format, text);
    const char *kept = count < 0 ? "" : arena_copy_text(arena, made, (size_t)count);
    free(count < 0 ? NULL : made);
    return kept;
}

static bool is_time(enum column_kind kind)
{
    return kind == COLUMN_TIME || kind == COLUMN_DURATION;
}

static size_t columns_of_amount(struct comparison *comparison, size_t at, const struct column *column)
{
    struct arena *arena = &comparison->texts->arena;
    struct column *out = comparison->columns + at;
    const char *unit = is_time(column->kind) ? "s" : column->kind == COLUMN_RATIO ? "" : column->unit;
    out[0] = (struct column){text_make(arena, "%s_change", column->name), text_make(arena, "%s, change", column->title), unit,
                             text_make(arena, "%s_after - its value before", column->name), change_kind(column->kind)};
    out[1] = *column;
    out[1].name = text_make(arena, "%s_before", column->name);
    out[1].title = text_make(arena, "%s, before", column->title);
    out[2] = *column;
    out[2].name = text_make(arena, "%s_after", column->name);
    out[2].title = text_make(arena, "%s, after", column->title);
    return COLUMNS_AN_AMOUNT;
}

/* The verdict, what it is about, and the amounts; a tree is labelled by its first column, so there the verdict comes second. */
static size_t columns_make(struct comparison *comparison, const struct comparing *comparing)
{
    static const struct column verdict = {"verdict", "Verdict", "", "new, gone, grew, shrank, noise or same: of the first amount", COLUMN_TEXT};
    static const struct column share = {"run_share", "Run", "", "share of the run that was over", COLUMN_RATIO};
    size_t count = 0;
    comparison->columns = memory_new(2 + comparing->roles.count * COLUMNS_AN_AMOUNT, sizeof *comparison->columns);
    if (comparing->after->shape != TABLE_TREE)
        comparison->columns[count++] = verdict;
    if (comparing->is_resampled)
        comparison->columns[count++] = share;
    for (size_t i = 0; i < comparing->roles.count; i++)
        if (comparing->roles.at[i] == ROLE_KEY)
            comparison->columns[count++] = comparing->after->columns[i];
    if (comparing->after->shape == TABLE_TREE)
        comparison->columns[count++] = verdict;
    for (size_t i = 0; i < comparing->roles.count; i++)
        if (comparing->roles.at[i] == ROLE_AMOUNT)
            count += columns_of_amount(comparison, count, &comparing->after->columns[i]);
    return count;
}

/* Any trace that has the row tells its key; ids of stacks become those of all traces. Returns the place behind. */
static union cell *keys_put(struct comparison *comparison, const struct comparing *comparing, size_t pair, union cell *out)
{
    size_t trace = comparing->count - 1;
    while (trace && comparing->rows.at[pair * comparing->count + trace] == NO_ROW)
        trace--;
    if (comparing->is_resampled)
        (out++)->f = ((double)pair + 0.5) / (double)comparing->pair_count;
    for (size_t i = 0; i < comparing->roles.count; i++) {
        const struct column *column = &comparing->after->columns[i];
        union cell cell = cell_of(comparing, pair, trace, i);
        if (comparing->roles.at[i] != ROLE_KEY)
            continue;
        if (column->kind == COLUMN_TEXT)
            cell.text = table_text(&comparison->table, "%s", cell.text);
        else if (!is_number(column))
            cell.u = same_id(comparing->same, (unsigned)trace, (uint32_t)cell.u);
        *out++ = cell;
    }
    return out;
}

static union cell change_of(const struct column *column, union cell before, union cell after)
{
    double change = table_real(column, after) - table_real(column, before);
    if (change_kind(column->kind) != COLUMN_REAL)
        return (union cell){.u = after.u - before.u};
    return (union cell){.f = is_time(column->kind) ? change / 1e9 : change};
}

static void row_put(struct comparison *comparison, const struct comparing *comparing, size_t pair, union cell *out)
{
    bool is_tree = comparing->after->shape == TABLE_TREE;
    if (!is_tree)
        (out++)->text = verdict_of(comparing, pair);
    out = keys_put(comparison, comparing, pair, out);
    if (is_tree)
        (out++)->text = verdict_of(comparing, pair);
    for (size_t i = 0; i < comparing->roles.count; i++) {
        if (comparing->roles.at[i] != ROLE_AMOUNT)
            continue;
        out[1] = befores_of(comparing, pair, i).middle;
        out[2] = cell_of(comparing, pair, comparing->count - 1, i);
        out[0] = change_of(&comparing->after->columns[i], out[1], out[2]);
        out += COLUMNS_AN_AMOUNT;
    }
}

/* The pair of the parent row, or SIZE_MAX. */
static size_t parent_pair(const struct comparing *comparing, const size_t *const *pair_of_row, size_t pair)
{
    for (size_t i = comparing->count; i-- > 0;) {
        int64_t row = comparing->rows.at[pair * comparing->count + i];
        if (row != NO_ROW) {
            uint32_t parent = comparing->tables[i]->parents[row];
            return parent == TABLE_NO_PARENT ? SIZE_MAX : pair_of_row[i][parent];
        }
    }
    return SIZE_MAX;
}

static size_t **pairs_by_row(const struct comparing *comparing)
{
    size_t **pair_of_row = memory_new(comparing->count, sizeof *pair_of_row);
    for (size_t i = 0; i < comparing->count; i++) {
        pair_of_row[i] = memory_new(comparing->tables[i]->row_count + 1, sizeof **pair_of_row);
        for (size_t pair = 0; pair < comparing->pair_count; pair++)
            if (comparing->rows.at[pair * comparing->count + i] != NO_ROW)
                pair_of_row[i][comparing->rows.at[pair * comparing->count + i]] = pair;
    }
    return pair_of_row;
}

/* A branch stays when anything in it changed. */
static void tree_put(struct comparison *comparison, const struct comparing *comparing)
{
    size_t **pair_of_row = pairs_by_row(comparing), *parents = memory_new(comparing->pair_count + 1, sizeof *parents);
    uint32_t *rows = memory_new(comparing->pair_count + 1, sizeof *rows);
    bool *stays = memory_new(comparing->pair_count + 1, sizeof *stays);
    for (size_t pair = comparing->pair_count; pair-- > 0;) {
        parents[pair] = parent_pair(comparing, (const size_t *const *)pair_of_row, pair);
        stays[pair] |= pair_differs(comparing, pair);
        if (stays[pair] && parents[pair] != SIZE_MAX)
            stays[parents[pair]] = true;
    }
    for (size_t pair = 0; pair < comparing->pair_count; pair++)
        if (stays[pair]) {
            rows[pair] = (uint32_t)comparison->table.row_count;
            row_put(comparison, comparing, pair, table_child(&comparison->table, parents[pair] == SIZE_MAX ? TABLE_NO_PARENT : rows[parents[pair]]));
        }
    for (size_t i = 0; i < comparing->count; i++)
        memory_free(pair_of_row[i]);
    memory_free(pair_of_row);
    memory_free(parents);
    memory_free(rows);
    memory_free(stays);
}

struct ranked {
    double change;
    size_t pair;
};

static int ranked_order(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    if (left->change != right->change)
        return left->change < right->change ? 1 : -1;
    return (left->pair > right->pair) - (left->pair < right->pair);
}

/* Largest change first; a series keeps its order, and its rows. */
static void list_put(struct comparison *comparison, const struct comparing *comparing)
{
    bool is_series = comparing->after->shape == TABLE_SERIES;
    VEC(struct ranked) list = {0};
    for (size_t pair = 0; pair < comparing->pair_count; pair++)
        if (is_series || pair_differs(comparing, pair))
            vec_push(&list, ((struct ranked){lead_change(comparing, pair), pair}));
    if (!is_series && list.count)
        qsort(list.at, list.count, sizeof *list.at, ranked_order);
    for (size_t i = 0; i < list.count; i++)
        row_put(comparison, comparing, list.at[i].pair, table_row(&comparison->table));
    if (list.count < comparing->pair_count)
        table_note(&comparison->table, comparing->pair_count - list.count == 1 ? "%zu row is the same" : "%zu rows are the same", comparing->pair_count - list.count);
    vec_done(&list);
}

static bool has_key(const struct comparing *comparing)
{
    for (size_t i = 0; i < comparing->roles.count; i++)
        if (comparing->roles.at[i] == ROLE_KEY)
            return true;
    return false;
}

bool compare_tables(struct comparison *comparison, const struct table *const *tables, size_t count, struct same *same)
{
    struct comparing comparing = {.tables = tables, .count = count, .after = tables[count - 1], .same = same};
    roles_find(&comparing);
    bool can_be = comparing.after->shape != TABLE_MAP || has_key(&comparing);
    if (can_be) {
        *comparison = (struct comparison){.texts = memory_new(1, sizeof *comparison->texts)};
        enum table_shape shape = comparing.after->shape == TABLE_TREE ? TABLE_TREE : TABLE_ROWS;
        size_t column_count = columns_make(comparison, &comparing);
        table_init(&comparison->table, comparing.after->name, comparing.after->title, comparing.after->about, shape, comparison->columns, column_count);
        pairs_find(&comparing);
        (shape == TABLE_TREE ? tree_put : list_put)(comparison, &comparing);
    }
    vec_done(&comparing.roles);
    vec_done(&comparing.rows);
    map_done(&comparing.pairs);
    return can_be;
}

void comparison_done(struct comparison *comparison)
{
    table_done(&comparison->table);
    arena_done(&comparison->texts->arena);
    memory_free(comparison->texts);
    memory_free(comparison->columns);
}
