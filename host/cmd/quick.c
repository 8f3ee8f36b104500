/* quick: the columns of each table that follow from the totals alone. */
#include "quick.h"

#include <string.h>

#include <heaptracer/analysis.h>

#include "host/base/opt.h"

enum { SUMMARY, LEAKS, PEAK, HOTSPOTS, TEMPORARY, TABLES };

static const char *const tables[TABLES + 1] = {"summary", "leaks", "peak", "hotspots", "temporary", NULL};

/* Of those that keep more than sums; NULL: all columns. Shares of leaks are not known where some of them are older than the recording. */
static const char *columns_held(const struct trace_totals *totals, int number)
{
    return number == LEAKS ? (totals->inherited ? "stack,bytes,count" : "stack,bytes,count,share") : number == TEMPORARY ? "stack,count,bytes,share,allocations" : NULL;
}

static int table_number(const char *name)
{
    int number = 0;
    while (tables[number] && strcmp(tables[number], name))
        number++;
    return number;
}

/* Columns that the totals cannot tell in this trace. */
static const char *columns_unsure(const struct trace_totals *totals, int number)
{
    bool is_mixed = totals->live_count && totals->live_count != totals->leaked_count;
    if (number == SUMMARY && totals->maps)
        return "mapped_peak_bytes";
    if (number == HOTSPOTS && (totals->inherited || totals->vanished || is_mixed))
        return "freed_bytes,frees,live_bytes,live_count";
    return "";
}

bool quick_columns(const struct trace_totals *totals, const char *table, struct str *columns)
{
    int number = table_number(table);
    if (!totals->complete || !totals->has_sites || number == TABLES || (number == TEMPORARY && totals->vague))
        return false;
    const char *held = columns_held(totals, number);
    str_add(columns, held ? held : "");
    if (held)
        return true;
    const struct analysis *analysis = analysis_find(table);
    for (size_t i = 0; i < analysis->column_count - analysis->sampled_column_count; i++) {
        const char *name = analysis->columns[i].name;
        if (!opt_has_word(columns_unsure(totals, number), ',', name, strlen(name)))
            str_add_format(columns, "%s%s", columns->count ? "," : "", name);
    }
    return true;
}

static size_t rows_in_all(const struct trace_totals *totals, int number)
{
    const uint64_t counts[TABLES] = {1, totals->leaked_sites, totals->peak_sites, totals->allocated_sites, totals->temporary_sites};
    return (size_t)counts[number];
}

static bool columns_known(const char *held, const char *table, const char *wanted)
{
    const struct analysis *analysis = analysis_find(table);
    const char *word;
    size_t count;
    for (size_t i = 0; !wanted && i < analysis->column_count - analysis->sampled_column_count; i++)
        if (!opt_has_word(held, ',', analysis->columns[i].name, strlen(analysis->columns[i].name)))
            return false;
    while (opt_next_word(&wanted, ',', &word, &count))
        if (!opt_has_word(held, ',', word, count))
            return false;
    return true;
}

bool quick_knows(const struct trace_totals *totals, const char *table, const char *columns, size_t rows)
{
    struct str held = {0};
    bool known = quick_columns(totals, table, &held) && columns_known(str_text(&held), table, columns);
    str_done(&held);
    if (!known || (rows && rows <= TRACE_TOP_SITES))
        return known;
    return table_number(table) != TEMPORARY && rows_in_all(totals, table_number(table)) <= TRACE_TOP_SITES;
}

/* Behind the first TRACE_TOP_SITES of its own measure stand sites that are there for another one. */
void quick_cut(const struct trace_totals *totals, struct table *table)
{
    size_t all = rows_in_all(totals, table_number(table->name));
    if (table->row_count > TRACE_TOP_SITES)
        table->row_count = TRACE_TOP_SITES;
    table->more_rows = all > table->row_count ? all - table->row_count : 0;
}
