/* usable_sizes: in births, out one row per power-of-two class of sizes: what the allocator gave beyond what was asked for. */
#include "host/base/memory.h"
#include "size_class.h"
#include "waste.h"

enum { FROM, TO, WASTE };

static const struct column columns[] = {
    {"from_bytes", "From", "", "smallest size of the class: a power of two", COLUMN_BYTES},
    {"to_bytes", "To", "", "largest size of the class", COLUMN_BYTES},
    WASTE_COLUMN_LIST,
};

struct usable_sizes {
    struct waste classes[SIZE_CLASSES];
};

static void *usable_sizes_begin(const struct model *model)
{
    (void)model;
    return memory_new(1, sizeof(struct usable_sizes));
}

static void usable_sizes_see(void *state, const struct changes *changes)
{
    struct usable_sizes *sizes = state;
    for (size_t i = 0; i < changes->made_count; i++)
        waste_add(sizes->classes + size_class(changes->made[i]->block.size), changes->made[i]);
}

static void usable_sizes_answer(const void *state, const struct model *model, struct table *table)
{
    (void)model;
    const struct usable_sizes *sizes = state;
    uint64_t unknown = 0;
    for (unsigned i = 0; i < SIZE_CLASSES; i++) {
        unknown += sizes->classes[i].unknown;
        if (!sizes->classes[i].asked.count)
            continue;
        union cell *row = table_row(table);
        row[FROM].u = size_class_from(i);
        row[TO].u = size_class_to(i);
        waste_cells(sizes->classes + i, row + WASTE);
    }
    waste_note(table, unknown);
}

const struct analysis analysis_usable_sizes = {
    .name = "usable_sizes",
    .title = "Waste by size",
    .about = "One row per class of sizes asked for: bytes that the allocator gave beyond them, over all blocks ever made.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = usable_sizes_begin,
    .see = usable_sizes_see,
    .end = memory_free,
    .answer = usable_sizes_answer,
};
