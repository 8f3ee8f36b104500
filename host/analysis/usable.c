/* usable: in births, out one row per site: what the allocator gave beyond what was asked for. */
#include "host/base/vec.h"
#include "waste.h"

enum { STACK, WASTE };

static const struct column columns[] = {
    {"stack", "Site", "", "the call stack that allocated", COLUMN_STACK},
    WASTE_COLUMN_LIST,
};

struct usable {
    VEC(struct waste) sites;
};

static void *usable_begin(const struct model *model)
{
    (void)model;
    return memory_new(1, sizeof(struct usable));
}

static void usable_see(void *state, const struct changes *changes)
{
    struct usable *usable = state;
    for (size_t i = 0; i < changes->made_count; i++) {
        const struct change *change = changes->made[i];
        vec_extend(&usable->sites, change->block.site + 1);
        waste_add(usable->sites.at + change->block.site, change);
    }
}

static void usable_end(void *state)
{
    struct usable *usable = state;
    vec_done(&usable->sites);
    memory_free(usable);
}

static void usable_answer(const void *state, const struct model *model, struct table *table)
{
    const struct usable *usable = state;
    uint64_t unknown = 0;
    size_t count;
    const struct site *sites = model_sites(model, &count);
    for (size_t i = 0; i < usable->sites.count; i++) {
        unknown += usable->sites.at[i].unknown;
        if (!usable->sites.at[i].asked.count)
            continue;
        union cell *row = table_row(table);
        row[STACK].u = sites[i].stack;
        waste_cells(usable->sites.at + i, row + WASTE);
    }
    table_sort(table, WASTE + WASTE_BYTES, true, 0);
    waste_note(table, unknown);
}

const struct analysis analysis_usable = {
    .name = "usable",
    .title = "Waste by site",
    .about = "One row per call stack: bytes that the allocator gave beyond what was asked for, over all blocks ever made. Its own headers come on top.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = usable_begin,
    .see = usable_see,
    .end = usable_end,
    .answer = usable_answer,
};
