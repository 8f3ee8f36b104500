/* gate: in "TABLE.COLUMN>VALUE" and tables, out whether a row goes beyond it. */
#include "gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/base/number.h"
#include "host/view/columns.h"

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

bool gate_parse(struct gate *gate, const char *text, struct error *error)
{
    static const char mend[] = "write TABLE, or TABLE.COLUMN>VALUE with one of > >= < <= =, like leaks.bytes>1M";
    text = word_unfold(text);
    size_t table = strcspn(text, ".<>="), column = 0, sign = 0;
    *gate = (struct gate){.value = ""};
    const char *rest = text + table;
    if (*rest == '.') {
        column = strcspn(++rest, "<>=");
        sign = strspn(rest + column, "<>=");
    }
    if (!table || table >= GATE_NAME_ROOM || column >= GATE_NAME_ROOM || (text[table] && (!column || !sign || sign > 2)))
        return error_set(error, ERROR_USAGE, "--fail-on: '%s' is no condition: %s", text, mend);
    memcpy(gate->table, text, table);
    memcpy(gate->column, rest, column);
    memcpy(gate->sign, rest + column, sign);
    gate->value = rest + column + sign;
    return true;
}

static bool percent_parse(const char *text, double *value, struct error *error)
{
    char *end;
    *value = strtod(text, &end);
    if (end != text && !strcmp(end, "%"))
        *value /= 100;
    else if (end == text || *end)
        return error_set(error, ERROR_USAGE, "--fail-on: '%s' is not a number, like 0.25 or 25%%", text);
    return true;
}

static bool value_parse(const struct column *column, const char *text, double *value, struct error *error)
{
    uint64_t whole = 0;
    bool is_good = true;
    switch (column->kind) {
    case COLUMN_BYTES:
    case COLUMN_SIGNED_BYTES:
        is_good = number_parse_size("--fail-on", text, &whole, error);
        break;
    case COLUMN_TIME:
    case COLUMN_DURATION:
        is_good = number_parse_time("--fail-on", text, &whole, error);
        break;
    case COLUMN_COUNT:
    case COLUMN_SIGNED_COUNT:
        is_good = number_parse_count("--fail-on", text, &whole, error);
        break;
    case COLUMN_RATIO:
    case COLUMN_REAL:
        return percent_parse(text, value, error);
    default:
        return error_set(error, ERROR_USAGE, "--fail-on: column '%s' holds no number", column->name);
    }
    *value = (double)whole;
    return is_good;
}

static bool is_beyond(const char *sign, double cell, double value)
{
    bool is_equal = cell == value;
    return (strchr(sign, '=') && is_equal) || (strchr(sign, '>') && cell > value) || (strchr(sign, '<') && cell < value);
}

bool gate_look(const struct gate *gate, const struct table *table, bool *has_found, struct error *error)
{
    double value = 0;
    if (strcmp(gate->table, table->name))
        return true;
    if (!*gate->column) {
        *has_found |= table->row_count > 0;
        return true;
    }
    int column = columns_find(table, gate->column, strlen(gate->column), error);
    if (column < 0 || !value_parse(&table->columns[column], gate->value, &value, error))
        return false;
    for (size_t row = 0; row < table->row_count; row++)
        *has_found |= is_beyond(gate->sign, table_real(&table->columns[column], table_at(table, row)[column]), value);
    return true;
}

bool gate_look_all(const struct opt_list *conditions, const struct table *table, bool *has_found, struct error *error)
{
    struct gate gate;
    for (size_t i = 0; i < conditions->count; i++)
        if (!gate_parse(&gate, conditions->at[i], error) || !gate_look(&gate, table, has_found, error))
            return false;
    return true;
}
