/* analysis: in changes and the model's state, out one table. The list is analysis.def; a new one is a new file and a line there.
 * Thread safety: as the model it looks at. */
#ifndef HEAPTRACER_ANALYSIS_H
#define HEAPTRACER_ANALYSIS_H

#include <heaptracer/model.h>
#include <heaptracer/table.h>

struct analysis {
    const char *name, *title;
    const char *about; /* what it answers, with its definitions */
    enum table_shape shape;
    bool is_rare; /* empty for most programs: not among all tables of a text page then */
    const struct column *columns;
    size_t column_count;
    size_t sampled_column_count; /* the last so many columns are intervals: only in answers about sampled traces */
    /* What it keeps of its own while it watches; all three NULL when the model's state is enough. `model` outlives the state. */
    void *(*begin)(const struct model *model);
    void (*see)(void *state, const struct changes *changes);
    void (*end)(void *state);
    /* Fills the initialised table, most important row first. May be asked at any time, any number of times. */
    void (*answer)(const void *state, const struct model *model, struct table *table);
};

/* All of them, in the order of analysis.def; NULL-terminated. */
const struct analysis *const *analysis_list(void);
const struct analysis *analysis_find(const char *name); /* or NULL */
/* The table of `analysis`, to be ended with table_done. */
void analysis_answer(const struct analysis *analysis, const void *state, const struct model *model, struct table *table);
/* Where rows are about stacks and the trace has no sources: their column all the same, empty, for those who ask for it. */
void analysis_add_source(struct table *table);

#endif
