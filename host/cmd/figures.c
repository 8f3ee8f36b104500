/* figures: in the tables of a trace, out a table of one row. */
#include "figures.h"

#include <string.h>

#include "leak_rows.h"
#include "replaying.h"

const struct figure_rule figure_rules[FIGURES] = {
#define FIGURE(name, kind, title, table, column, how, who, who_column, grows, about) {#name, title, table, column, FIGURE_##how, who, who_column, grows, about},
#include "figure.def"
#undef FIGURE
};

static const struct figure_rule replayed_rules[FIGURES] = {
    [FIGURE_peak] = {.title = "peak of taken memory", .table = "replay", .column = "peak_taken_bytes", .how = FIGURE_SUM, .who = "peak", .who_column = "bytes"},
    [FIGURE_arena] = {.title = "smallest arena", .table = "replay", .column = "smallest_bytes", .how = FIGURE_SUM},
    [FIGURE_fragmentation] = {.title = "fragmentation", .table = "replay", .column = "fragmentation_end", .how = FIGURE_MOST},
    [FIGURE_refused] = {.title = "refused requests", .table = "replay", .column = "refusals", .how = FIGURE_SUM, .who = "replay_refusals", .who_column = "refusals"},
};

const struct figure_rule *figure_rule(enum figure figure, bool is_replayed)
{
    return is_replayed && replayed_rules[figure].table ? replayed_rules + figure : figure_rules + figure;
}

const struct column figure_columns[FIGURES] = {
#define FIGURE(name, kind, title, table, column, how, who, who_column, grows, about) {#name, title, "", about, COLUMN_##kind},
#include "figure.def"
#undef FIGURE
};

/* Of those that are taken in a way of their own. */
static const char *const own_tables[FIGURES][3] = {[FIGURE_leaks] = {"summary", "reach"}, [FIGURE_fragmentation] = {"regions", "fragmentation"}};

void table_want(struct wanted_tables *wanted, const char *name)
{
    for (size_t i = 0; i < wanted->names.count; i++)
        if (!strcmp(wanted->names.at[i], name))
            return;
    vec_push(&wanted->names, name);
}

static void name_want(struct wanted_tables *wanted, const char *name)
{
    if (name && !replaying_has_table(name))
        table_want(wanted, name);
}

void figure_want(struct wanted_tables *wanted, enum figure figure, bool is_replayed)
{
    const struct figure_rule *rule = figure_rule(figure, is_replayed);
    name_want(wanted, rule->table);
    name_want(wanted, rule->who);
    for (const char *const *at = own_tables[figure]; *at && !rule->table; at++)
        table_want(wanted, *at);
}

static bool is_answered(enum figure figure, const struct reading *reading, bool is_replayed)
{
    struct wanted_tables needed = {0};
    bool is_there = figure != FIGURE_arena || is_replayed;
    figure_want(&needed, figure, is_replayed);
    for (size_t i = 0; i < needed.names.count; i++)
        is_there &= reading_table(reading, needed.names.at[i]) != NULL;
    vec_done(&needed.names);
    return is_there;
}

static void cell_set(const struct column *column, union cell *cell, double value)
{
    if (column->kind == COLUMN_RATIO || column->kind == COLUMN_REAL)
        cell->f = value;
    else
        cell->u = (uint64_t)value;
}

static bool column_take(const struct table *table, const char *name, enum figure_how how, double *value)
{
    int at = name ? table_find_column(table, name) : -1;
    *value = how == FIGURE_ROWS ? (double)table->row_count : 0;
    for (size_t row = 0; at >= 0 && row < table->row_count; row++) {
        double cell = table_real(table->columns + at, table_at(table, row)[at]);
        if (how == FIGURE_SUM)
            *value += cell;
        else if (cell > *value)
            *value = cell;
    }
    return how == FIGURE_ROWS || (at >= 0 && table->row_count);
}

/* Of a heap that has nothing free and of one that tells nothing, the column is 0 alike. */
static bool tells_of_free(const struct reading *reading)
{
    double free_bytes;
    const struct table *regions = reading_table(reading, "regions");
    return column_take(regions, "free_bytes", FIGURE_MOST, &free_bytes) && free_bytes > 0;
}

/* Firmware's allocators tell; of a process what lies between its blocks does. */
static bool fragmentation_take(const struct reading *reading, double *value)
{
    if (tells_of_free(reading))
        return column_take(reading_table(reading, "regions"), "fragmentation", FIGURE_MOST, value);
    return column_take(reading_table(reading, "fragmentation"), "external", FIGURE_MOST, value);
}

static bool tells_of_stacks(const struct reading *reading)
{
    double bytes;
    return column_take(reading_table(reading, "tasks"), "stack_bytes", FIGURE_MOST, &bytes) && bytes > 0;
}

static double lost_bytes(const struct table *reach)
{
    int bytes = table_find_column(reach, "bytes"), confidence = table_find_column(reach, "confidence");
    double sum = 0;
    for (size_t row = 0; row < reach->row_count; row++)
        if (table_at(reach, row)[confidence].f > LEAK_SURE)
            sum += (double)table_at(reach, row)[bytes].u;
    return sum;
}

/* Whoever looked for leaks knows which blocks are lost; else all that was not freed counts. */
static bool leaks_take(struct figures *figures, const struct reading *reading, double *value)
{
    size_t looks;
    model_scans(pipeline_model(reading->pipeline), &looks);
    if (!looks)
        return column_take(reading_table(reading, "summary"), "leaked_bytes", FIGURE_MOST, value);
    figures->who[FIGURE_leaks] = reading_table(reading, "reach");
    *value = lost_bytes(figures->who[FIGURE_leaks]);
    return true;
}

static void figure_take(struct figures *figures, const struct reading *reading, enum figure figure, bool is_replayed, union cell *cell)
{
    const struct figure_rule *rule = figure_rule(figure, is_replayed);
    double value = 0;
    bool is_known = true;
    figures->who[figure] = rule->who ? reading_table(reading, rule->who) : NULL;
    if (figure == FIGURE_leaks)
        is_known = leaks_take(figures, reading, &value);
    else if (figure == FIGURE_fragmentation && !is_replayed)
        is_known = fragmentation_take(reading, &value);
    else if (figure == FIGURE_stack && !tells_of_stacks(reading))
        is_known = false;
    else
        is_known = column_take(reading_table(reading, rule->table), rule->column, rule->how, &value);
    figures->is_known[figure] = is_known;
    cell_set(figure_columns + figure, cell, value);
    if (!figures->who[figure])
        return;
    figures->who_stack[figure] = table_find_column(figures->who[figure], "stack");
    figures->who_amount[figure] = table_find_column(figures->who[figure], rule->who_column);
}

void figures_take(struct figures *figures, const struct reading *reading)
{
    *figures = (struct figures){0};
    table_init(&figures->table, "figures", "Figures", "What budgets are set for.", TABLE_ROWS, figure_columns, FIGURES);
    union cell *row = table_row(&figures->table);
    bool is_replayed = reading_table(reading, "replay") != NULL;
    for (enum figure figure = 0; figure < FIGURES; figure++)
        if (is_answered(figure, reading, is_replayed))
            figure_take(figures, reading, figure, is_replayed, row + figure);
}

double figures_value(const struct figures *figures, enum figure figure)
{
    return table_real(figure_columns + figure, table_at(&figures->table, 0)[figure]);
}

void figures_done(struct figures *figures)
{
    table_done(&figures->table);
}
