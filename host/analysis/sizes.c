/* sizes: in births and what is never freed, out one row per power-of-two class of sizes. */
#include "answer.h"
#include "host/base/memory.h"
#include "size_class.h"

enum { FROM, TO, ALLOCATIONS, ALLOCATED, SHARE, BYTES_SHARE, LEAKED_COUNT, LEAKED };

static const struct column columns[] = {
    [FROM] = {"from_bytes", "From", "", "smallest size of the class: a power of two", COLUMN_BYTES},
    [TO] = {"to_bytes", "To", "", "largest size of the class", COLUMN_BYTES},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births and successful reallocs that asked for a size in the class", COLUMN_COUNT},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes that they asked for", COLUMN_BYTES},
    [SHARE] = {"share", "Share", "", "allocations / all allocations", COLUMN_RATIO},
    [BYTES_SHARE] = {"bytes_share", "Share of bytes", "", "allocated_bytes / all allocated bytes", COLUMN_RATIO},
    [LEAKED_COUNT] = {"leaked_count", "Never freed", "", "blocks of the class that lived when their process ended or at the end of the range", COLUMN_COUNT},
    [LEAKED] = {"leaked_bytes", "Bytes never freed", "", "their bytes", COLUMN_BYTES},
};

struct sizes {
    const struct model *model;
    struct tally allocated[SIZE_CLASSES], leaked[SIZE_CLASSES];
};

static void *sizes_begin(const struct model *model)
{
    struct sizes *sizes = memory_new(1, sizeof *sizes);
    sizes->model = model;
    return sizes;
}

static void sizes_see(void *state, const struct changes *changes)
{
    struct sizes *sizes = state;
    for (size_t i = 0; i < changes->made_count; i++)
        tally_add(sizes->allocated + size_class(changes->made[i]->block.size), changes->made[i]->amount);
    for (size_t i = 0; i < changes->rare_count; i++)
        if (changes->rare[i]->kind == CHANGE_LEAVE)
            tally_add(sizes->leaked + size_class(changes->rare[i]->block.size), changes->rare[i]->amount);
}

static void sizes_visit(void *context, const struct block *block)
{
    struct sizes *sizes = context;
    tally_add(sizes->leaked + size_class(block->size), model_weigh(sizes->model, block));
}

static void sizes_row(const struct sizes *sizes, unsigned number, struct table *table)
{
    const struct account *all = &model_get_totals(sizes->model)->account;
    union cell *row = table_row(table);
    row[FROM].u = size_class_from(number);
    row[TO].u = size_class_to(number);
    row[ALLOCATIONS].u = tally_count(sizes->allocated[number]);
    row[ALLOCATED].u = sizes->allocated[number].bytes;
    row[SHARE].f = ratio((double)sizes->allocated[number].count, (double)all->allocated.count);
    row[BYTES_SHARE].f = ratio((double)sizes->allocated[number].bytes, (double)all->allocated.bytes);
    row[LEAKED_COUNT].u = tally_count(sizes->leaked[number]);
    row[LEAKED].u = sizes->leaked[number].bytes;
}

static void sizes_answer(const void *state, const struct model *model, struct table *table)
{
    struct sizes now = *(const struct sizes *)state;
    model_each_block(model, sizes_visit, &now);
    for (unsigned i = 0; i < SIZE_CLASSES; i++)
        if (now.allocated[i].count || now.leaked[i].count)
            sizes_row(&now, i, table);
}

const struct analysis analysis_sizes = {
    .name = "sizes",
    .title = "Sizes",
    .about = "Histogram of the sizes asked for, in classes of powers of two: [2^n, 2^(n+1)).",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = sizes_begin,
    .see = sizes_see,
    .end = memory_free,
    .answer = sizes_answer,
};
