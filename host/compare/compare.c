/* compare: in the tables that one analysis made of several traces, out one table of what was, is, and the change. */
#include "compare.h"

#include <stdlib.h>

#include "host/base/memory.h"
#include "verdict.h"

enum { COLUMNS_AN_AMOUNT = 3 };

static bool is_time(enum column_kind kind)
{
    return kind == COLUMN_TIME || kind == COLUMN_DURATION;
}

static enum column_kind change_kind(enum column_kind kind)
{
    if (kind == COLUMN_BYTES || kind == COLUMN_SIGNED_BYTES)
        return COLUMN_SIGNED_BYTES;
    return kind == COLUMN_COUNT || kind == COLUMN_SIGNED_COUNT ? COLUMN_SIGNED_COUNT : COLUMN_REAL;
}

static void column_add(struct table *out, const struct column *column)
{
    out->own_columns[out->column_count++] = *column;
}

static void amount_columns_add(struct table *out, const struct column *column)
{
    struct column change = {.unit = is_time(column->kind) ? "s" : column->kind == COLUMN_RATIO ? "" : column->unit, .kind = change_kind(column->kind)};
    struct column before = *column, after = *column;
    change.name = table_text(out, "%s_change", column->name);
    change.title = table_text(out, "%s, change", column->title);
    change.about = table_text(out, "%s_after - its value before", column->name);
    before.name = table_text(out, "%s_before", column->name);
    before.title = table_text(out, "%s, before", column->title);
    after.name = table_text(out, "%s_after", column->name);
    after.title = table_text(out, "%s, after", column->title);
    column_add(out, &change);
    column_add(out, &before);
    column_add(out, &after);
}

/* The verdict, what it is about, and the amounts; a tree is labelled by its first column, so there the verdict comes second. */
static void columns_make(struct table *out, const struct pairs *pairs)
{
    static const struct column verdict = {"verdict", "Verdict", "", "new, gone, grew, shrank, noise or same: of the first amount", COLUMN_TEXT};
    static const struct column share = {"run_share", "Run", "", "share of the run that was over", COLUMN_RATIO};
    out->columns = out->own_columns = memory_new(2 + pairs->roles.count * COLUMNS_AN_AMOUNT, sizeof *out->own_columns);
    if (out->shape != TABLE_TREE)
        column_add(out, &verdict);
    if (pairs->is_resampled)
        column_add(out, &share);
    for (size_t i = 0; i < pairs->roles.count; i++)
        if (pairs->roles.at[i] == PAIRS_ROLE_KEY || pairs->roles.at[i] == PAIRS_ROLE_LABEL)
            column_add(out, &pairs->after->columns[i]);
    if (out->shape == TABLE_TREE)
        column_add(out, &verdict);
    for (size_t i = 0; i < pairs->roles.count; i++)
        if (pairs->roles.at[i] == PAIRS_ROLE_AMOUNT)
            amount_columns_add(out, &pairs->after->columns[i]);
}

/* Any trace that has the row tells its key and label. Returns the place behind. */
static union cell *keys_put(struct table *out, const struct pairs *pairs, size_t pair, union cell *cells)
{
    size_t trace = pairs->count - 1;
    while (trace && pairs_row(pairs, pair, trace) == PAIRS_NO_ROW)
        trace--;
    if (pairs->is_resampled)
        (cells++)->f = ((double)pair + 0.5) / (double)pairs->pair_count;
    for (size_t i = 0; i < pairs->roles.count; i++) {
        union cell cell = pairs_cell(pairs, pair, trace, i);
        if (pairs->roles.at[i] != PAIRS_ROLE_KEY && pairs->roles.at[i] != PAIRS_ROLE_LABEL)
            continue;
        if (pairs->after->columns[i].kind == COLUMN_TEXT)
            cell.text = table_text(out, "%s", cell.text);
        *cells++ = cell;
    }
    return cells;
}

static union cell change_of(const struct column *column, union cell before, union cell after)
{
    double change = table_real(column, after) - table_real(column, before);
    if (change_kind(column->kind) != COLUMN_REAL)
        return (union cell){.u = after.u - before.u};
    return (union cell){.f = is_time(column->kind) ? change / 1e9 : change};
}

static void row_put(struct table *out, const struct pairs *pairs, size_t pair, union cell *cells)
{
    bool is_tree = out->shape == TABLE_TREE;
    if (!is_tree)
        (cells++)->text = verdict_text(pairs, pair);
    cells = keys_put(out, pairs, pair, cells);
    if (is_tree)
        (cells++)->text = verdict_text(pairs, pair);
    for (size_t i = 0; i < pairs->roles.count; i++) {
        if (pairs->roles.at[i] != PAIRS_ROLE_AMOUNT)
            continue;
        cells[1] = verdict_before(pairs, pair, i);
        cells[2] = pairs_after(pairs, pair, i);
        cells[0] = change_of(&pairs->after->columns[i], cells[1], cells[2]);
        cells += COLUMNS_AN_AMOUNT;
    }
}

/* The pair of the parent row, or SIZE_MAX. */
static size_t parent_pair(const struct pairs *pairs, const size_t *const *pair_of_row, size_t pair)
{
    for (size_t i = pairs->count; i-- > 0;) {
        int64_t row = pairs_row(pairs, pair, i);
        if (row != PAIRS_NO_ROW) {
            uint32_t parent = pairs->tables[i]->parents[row];
            return parent == TABLE_NO_PARENT ? SIZE_MAX : pair_of_row[i][parent];
        }
    }
    return SIZE_MAX;
}

static size_t **pairs_by_row(const struct pairs *pairs)
{
    size_t **pair_of_row = memory_new(pairs->count, sizeof *pair_of_row);
    for (size_t i = 0; i < pairs->count; i++) {
        pair_of_row[i] = memory_new(pairs->tables[i]->row_count + 1, sizeof **pair_of_row);
        for (size_t pair = 0; pair < pairs->pair_count; pair++)
            if (pairs_row(pairs, pair, i) != PAIRS_NO_ROW)
                pair_of_row[i][pairs_row(pairs, pair, i)] = pair;
    }
    return pair_of_row;
}

/* A branch stays when anything in it changed. */
static void tree_put(struct table *out, const struct pairs *pairs)
{
    size_t **pair_of_row = pairs_by_row(pairs), *parents = memory_new(pairs->pair_count + 1, sizeof *parents);
    uint32_t *rows = memory_new(pairs->pair_count + 1, sizeof *rows);
    bool *stays = memory_new(pairs->pair_count + 1, sizeof *stays);
    for (size_t pair = pairs->pair_count; pair-- > 0;) {
        parents[pair] = parent_pair(pairs, (const size_t *const *)pair_of_row, pair);
        stays[pair] |= verdict_differs(pairs, pair);
        if (stays[pair] && parents[pair] != SIZE_MAX)
            stays[parents[pair]] = true;
    }
    for (size_t pair = 0; pair < pairs->pair_count; pair++)
        if (stays[pair]) {
            rows[pair] = (uint32_t)out->row_count;
            row_put(out, pairs, pair, table_child(out, parents[pair] == SIZE_MAX ? TABLE_NO_PARENT : rows[parents[pair]]));
        }
    for (size_t i = 0; i < pairs->count; i++)
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
static void list_put(struct table *out, const struct pairs *pairs)
{
    bool is_series = pairs->after->shape == TABLE_SERIES;
    VEC(struct ranked) list = {0};
    for (size_t pair = 0; pair < pairs->pair_count; pair++)
        if (is_series || verdict_differs(pairs, pair))
            vec_push(&list, ((struct ranked){verdict_change(pairs, pair), pair}));
    if (!is_series && list.count)
        qsort(list.at, list.count, sizeof *list.at, ranked_order);
    for (size_t i = 0; i < list.count; i++)
        row_put(out, pairs, list.at[i].pair, table_row(out));
    if (list.count < pairs->pair_count)
        table_note(out, pairs->pair_count - list.count == 1 ? "%zu row is the same" : "%zu rows are the same", pairs->pair_count - list.count);
    vec_done(&list);
}

bool compare_tables(struct table *comparison, const struct table *const *tables, size_t count, struct same *same)
{
    struct pairs pairs;
    const struct table *after = tables[count - 1];
    bool is_tree = after->shape == TABLE_TREE;
    pairs_init(&pairs, tables, count, same);
    bool can_be = after->shape != TABLE_MAP || pairs_have_key(&pairs);
    if (can_be) {
        table_init(comparison, after->name, after->title, after->about, is_tree ? TABLE_TREE : TABLE_ROWS, NULL, 0);
        columns_make(comparison, &pairs);
        pairs_find(&pairs);
        (is_tree ? tree_put : list_put)(comparison, &pairs);
    }
    pairs_done(&pairs);
    return can_be;
}
