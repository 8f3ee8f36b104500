/* analysis: in analysis.def, out the list of all analyses and their answers. */
#include <heaptracer/analysis.h>

#include <string.h>

#include "host/base/map.h"

#define ANALYSIS(name) extern const struct analysis analysis_##name;
#include "analysis.def"
#undef ANALYSIS

const struct analysis *const *analysis_list(void)
{
    static const struct analysis *const list[] = {
#define ANALYSIS(name) &analysis_##name,
#include "analysis.def"
#undef ANALYSIS
        NULL,
    };
    return list;
}

const struct analysis *analysis_find(const char *name)
{
    for (const struct analysis *const *at = analysis_list(); *at; at++)
        if (!strcmp((*at)->name, name))
            return *at;
    return NULL;
}

static const struct column source_column = {
    "source", "Source", "", "where the program's HT_MALLOC call stands: file:line, function and variable, the last one known at the stack; empty: none", COLUMN_TEXT};

static const char *source_text(const struct model *model, struct table *table, uint64_t number)
{
    size_t count;
    const struct source *sources = model_sources(model, &count);
    if (!number || number >= count)
        return "";
    const struct source *source = sources + number;
    return table_text(table, "%s:%u%s%s%s%s", source->file, source->line, *source->function ? " " : "", source->function, *source->variable ? " " : "",
                      source->variable);
}

/* Sources by stack; false: no site has one. */
static bool sources_find(const struct model *model, struct map *by_stack)
{
    size_t count;
    const struct site *sites = model_sites(model, &count);
    for (size_t i = 0; i < count; i++)
        if (sites[i].source)
            *map_put(by_stack, sites[i].stack, NULL) = sites[i].source;
    return map_count(by_stack) != 0;
}

static bool has_stacks(const struct table *table)
{
    int stack = table_find_column(table, "stack");
    return stack >= 0 && table->shape == TABLE_ROWS && table->columns[stack].kind == COLUMN_STACK;
}

void analysis_add_source(struct table *table)
{
    if (!has_stacks(table) || table_find_column(table, source_column.name) >= 0)
        return;
    table_add_column(table, &source_column);
    for (size_t row = 0; row < table->row_count; row++)
        table_at(table, row)[table->column_count - 1].text = "";
}

/* Rows about one stack get its source, in traces that have some. */
static void sources_add(const struct model *model, struct table *table)
{
    struct map by_stack = {0};
    size_t count;
    model_sources(model, &count);
    if (count > 1 && has_stacks(table) && sources_find(model, &by_stack)) {
        int stack = table_find_column(table, "stack");
        analysis_add_source(table);
        for (size_t row = 0; row < table->row_count; row++) {
            const uint64_t *number = map_get(&by_stack, table_at(table, row)[stack].u);
            table_at(table, row)[table->column_count - 1].text = source_text(model, table, number ? *number : 0);
        }
    }
    map_done(&by_stack);
}

void analysis_answer(const struct analysis *analysis, const void *state, const struct model *model, struct table *table)
{
    bool sampled = model_sample_bytes(model) != 0;
    size_t columns = analysis->column_count - (sampled ? 0 : analysis->sampled_column_count);
    table_init(table, analysis->name, analysis->title, analysis->about, analysis->shape, analysis->columns, columns);
    analysis->answer(state, model, table);
    sources_add(model, table);
    if (sampled && analysis->sampled_column_count)
        table_note(table, "sampled: a mean distance of %llu bytes; a site that is not listed may still have up to %llu bytes (95 %%)",
                   (unsigned long long)model_sample_bytes(model), 3 * (unsigned long long)model_sample_bytes(model));
}
