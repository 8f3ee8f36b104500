/* gate: in "TABLE.COLUMN>VALUE" and tables, out whether a row goes beyond it. */
#include "gate.h"

#include <string.h>

#include "host/base/number.h"
#include "columns.h"

/* What has a word of its own. */
static const struct {
    const char *word, *condition;
} gate_words[] = {{"leak", "reach.confidence>80%"}, {"possible", "reach.confidence>50%"}, {"error", "faults"}};

static const char *word_unfold(const char *text)
{
    for (size_t i = 0; i < sizeof gate_words / sizeof *gate_words; i++)
        if (!strcmp(gate_words[i].word, text))
            return gate_words[i].condition;
    return text;
}

static bool name_take(char *name, const char *text, size_t count)
{
    if (count >= GATE_NAME_ROOM)
        return false;
    memcpy(name, text, count);
    return true;
}

/* "[ROW]" behind the table's name, which may be missing. */
static bool row_take(struct gate *gate, const char **rest)
{
    if (**rest != '[')
        return true;
    size_t count = strcspn(*rest + 1, "]");
    const char *end = *rest + 1 + count;
    if (*end != ']' || !count || !name_take(gate->row, *rest + 1, count))
        return false;
    *rest = end + 1;
    return true;
}

static bool column_take(struct gate *gate, const char *rest)
{
    size_t column = strcspn(++rest, "<>="), sign = strspn(rest + column, "<>=");
    gate->value = rest + column + sign;
    return column && sign && sign <= 2 && name_take(gate->column, rest, column) && name_take(gate->sign, rest + column, sign);
}

bool gate_parse(struct gate *gate, const char *place, const char *text, struct error *error)
{
    *gate = (struct gate){.place = place, .value = ""};
    text = word_unfold(text);
    size_t table = strcspn(text, ".[<>=");
    const char *rest = text + table;
    if (table && name_take(gate->table, text, table) && row_take(gate, &rest) && (!*rest || (*rest == '.' && column_take(gate, rest))))
        return true;
    return error_set(error, ERROR_USAGE, "%s: '%s' is no condition: write TABLE, or TABLE.COLUMN>VALUE with one of > >= < <= =, like leaks.bytes>1M", place, text);
}

static bool value_parse(const char *place, const struct column *column, const char *text, double *value, struct error *error)
{
    uint64_t whole = 0;
    bool is_good = true;
    switch (column->kind) {
    case COLUMN_BYTES:
    case COLUMN_SIGNED_BYTES:
        is_good = number_parse_size(place, text, &whole, error);
        break;
    case COLUMN_TIME:
    case COLUMN_DURATION:
        is_good = number_parse_time(place, text, &whole, error);
        break;
    case COLUMN_COUNT:
    case COLUMN_SIGNED_COUNT:
        is_good = number_parse_count(place, text, &whole, error);
        break;
    case COLUMN_RATIO:
    case COLUMN_REAL:
        return number_parse_share(place, text, value, error);
    default:
        return error_set(error, ERROR_USAGE, "%s: column '%s' holds no number", place, column->name);
    }
    *value = (double)whole;
    return is_good;
}

static bool is_beyond(const char *sign, double cell, double value)
{
    bool is_equal = cell == value;
    return (strchr(sign, '=') && is_equal) || (strchr(sign, '>') && cell > value) || (strchr(sign, '<') && cell < value);
}

static bool is_meant(const struct gate *gate, const struct table *table, size_t row)
{
    bool is_named = !*gate->row;
    for (size_t i = 0; i < table->column_count && !is_named; i++)
        is_named = table->columns[i].kind == COLUMN_TEXT && !strcmp(table_at(table, row)[i].text, gate->row);
    return is_named;
}

/* Is `cell` further beyond than `other`? */
static bool is_further(const struct gate *gate, double threshold, double cell, double other)
{
    if (*gate->sign == '=')
        return cell == threshold && other != threshold;
    return *gate->sign == '<' ? cell < other : cell > other;
}

static void extreme_find(const struct gate *gate, const struct table *table, struct gate_extreme *found)
{
    for (size_t row = 0; row < table->row_count; row++) {
        if (!is_meant(gate, table, row))
            continue;
        double value = *gate->column ? table_real(&table->columns[found->column], table_at(table, row)[found->column]) : 1;
        if (!found->has_row || is_further(gate, found->threshold, value, found->value)) {
            found->row = row;
            found->value = value;
        }
        found->has_row = true;
    }
}

bool gate_extreme(const struct gate *gate, const struct table *table, const char *slack, struct gate_extreme *found, struct error *error)
{
    double least = 0;
    *found = (struct gate_extreme){0};
    if (*gate->column) {
        struct error unknown = {0};
        int column = columns_find(table, gate->column, strlen(gate->column), &unknown);
        if (column < 0)
            return error_set(error, ERROR_USAGE, "%s: %s", gate->place, unknown.text);
        if (!value_parse(gate->place, &table->columns[column], gate->value, &found->threshold, error) ||
            (slack && !value_parse(gate->place, &table->columns[column], slack, &least, error)))
            return false;
        found->column = (size_t)column;
    }
    extreme_find(gate, table, found);
    found->is_beyond = found->has_row && (!*gate->column || is_beyond(gate->sign, found->value, *gate->sign == '<' ? found->threshold + least : found->threshold - least));
    return true;
}

bool gate_look(const struct gate *gate, const struct table *table, bool *has_found, struct error *error)
{
    struct gate_extreme found;
    if (strcmp(gate->table, table->name))
        return true;
    bool is_good = gate_extreme(gate, table, NULL, &found, error);
    *has_found |= is_good && found.is_beyond;
    return is_good;
}

bool gate_look_all(const struct opt_list *conditions, const struct table *table, bool *has_found, struct error *error)
{
    struct gate gate;
    for (size_t i = 0; i < conditions->count; i++)
        if (!gate_parse(&gate, "--fail-on", conditions->at[i], error) || !gate_look(&gate, table, has_found, error))
            return false;
    return true;
}
