/* verdict: in a pair of rows, out what the amounts were before, and what became of them. */
#include "verdict.h"

#include <string.h>

static double value_of(const struct pairs *pairs, size_t pair, size_t trace, size_t column)
{
    return table_real(&pairs->after->columns[column], pairs_cell(pairs, pair, trace, column));
}

/* How many of the BEFORE traces had less; of those that had the same, the earlier ones count. */
static size_t rank_of(const struct pairs *pairs, size_t pair, size_t trace, size_t column)
{
    double value = value_of(pairs, pair, trace, column);
    size_t rank = 0;
    for (size_t i = 0; i + 1 < pairs->count; i++) {
        double other = value_of(pairs, pair, i, column);
        rank += other < value || (other == value && i < trace);
    }
    return rank;
}

union cell verdict_before(const struct pairs *pairs, size_t pair, size_t column)
{
    size_t befores = pairs->count - 1, trace = 0;
    while (trace + 1 < befores && rank_of(pairs, pair, trace, column) != (befores - 1) / 2)
        trace++;
    return pairs_cell(pairs, pair, trace, column);
}

/* What the BEFORE traces had. */
struct range {
    double least, most;
};

static struct range range_of(const struct pairs *pairs, size_t pair, size_t column)
{
    double first = value_of(pairs, pair, 0, column);
    struct range range = {first, first};
    for (size_t i = 1; i + 1 < pairs->count; i++) {
        double value = value_of(pairs, pair, i, column);
        range.least = value < range.least ? value : range.least;
        range.most = value > range.most ? value : range.most;
    }
    return range;
}

static bool is_unchanged(struct range range, double after)
{
    return range.least == after && range.most == after;
}

static bool intervals_touch(const struct pairs *pairs, size_t pair)
{
    if (pairs->low == SIZE_MAX || pairs->high == SIZE_MAX)
        return false;
    for (size_t i = 0; i + 1 < pairs->count; i++)
        if (pairs_cell(pairs, pair, i, pairs->low).u <= pairs_after(pairs, pair, pairs->high).u &&
            pairs_after(pairs, pair, pairs->low).u <= pairs_cell(pairs, pair, i, pairs->high).u)
            return true;
    return false;
}

static bool was_there(const struct pairs *pairs, size_t pair)
{
    for (size_t i = 0; i + 1 < pairs->count; i++)
        if (pairs_row(pairs, pair, i) != PAIRS_NO_ROW)
            return true;
    return false;
}

const char *verdict_text(const struct pairs *pairs, size_t pair)
{
    bool is_there = pairs_row(pairs, pair, pairs->count - 1) != PAIRS_NO_ROW;
    if (pairs->lead == SIZE_MAX)
        return !was_there(pairs, pair) ? "new" : is_there ? "same" : "gone";
    struct range range = range_of(pairs, pair, pairs->lead);
    double after = value_of(pairs, pair, pairs->count - 1, pairs->lead);
    if (is_unchanged(range, after))
        return "same";
    if ((pairs->count > 2 && range.least <= after && after <= range.most) || intervals_touch(pairs, pair))
        return "noise";
    if (!was_there(pairs, pair))
        return "new";
    return !is_there ? "gone" : after > range.most ? "grew" : "shrank";
}

/* Times are never the same twice, and shares and means follow from other amounts. */
static bool makes_a_difference(enum column_kind kind)
{
    return kind != COLUMN_RATIO && kind != COLUMN_REAL && kind != COLUMN_TIME && kind != COLUMN_DURATION;
}

bool verdict_differs(const struct pairs *pairs, size_t pair)
{
    for (size_t i = 0; i < pairs->roles.count; i++)
        if (pairs->roles.at[i] == PAIRS_ROLE_AMOUNT && makes_a_difference(pairs->after->columns[i].kind) &&
            !is_unchanged(range_of(pairs, pair, i), value_of(pairs, pair, pairs->count - 1, i)))
            return true;
    return strcmp(verdict_text(pairs, pair), "same");
}

double verdict_change(const struct pairs *pairs, size_t pair)
{
    if (pairs->lead == SIZE_MAX)
        return 0;
    const struct column *column = &pairs->after->columns[pairs->lead];
    double change = table_real(column, pairs_after(pairs, pair, pairs->lead)) - table_real(column, verdict_before(pairs, pair, pairs->lead));
    return change < 0 ? -change : change;
}
