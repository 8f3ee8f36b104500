/* analysis: in analysis.def, out the list of all analyses and their answers. */
#include <heaptracer/analysis.h>

#include <string.h>

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

void analysis_answer(const struct analysis *analysis, const void *state, const struct model *model, struct table *table)
{
    bool sampled = model_sample_bytes(model) != 0;
    size_t columns = analysis->column_count - (sampled ? 0 : analysis->sampled_column_count);
    table_init(table, analysis->name, analysis->title, analysis->about, analysis->shape, analysis->columns, columns);
    analysis->answer(state, model, table);
    if (sampled && analysis->sampled_column_count)
        table_note(table, "sampled: a mean distance of %llu bytes; a site that is not listed may still have up to %llu bytes (95 %%)",
                   (unsigned long long)model_sample_bytes(model), 3 * (unsigned long long)model_sample_bytes(model));
}
