/* common_sizes: in births, out the exact sizes that were asked for most often. Small sizes are counted in an array, larger ones in a map of bounded room. */
#include "answer.h"
#include "host/base/map.h"
#include "host/base/memory.h"

enum { COMMON_DIRECT = 32768, COMMON_LARGE = 65536, COMMON_ROWS = 200 };
enum { SIZE, ALLOCATIONS, ALLOCATED, SHARE };

static const struct column columns[] = {
    [SIZE] = {"size_bytes", "Size", "", "the size asked for", COLUMN_BYTES},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births and successful reallocs that asked for exactly this size", COLUMN_COUNT},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes that they asked for", COLUMN_BYTES},
    [SHARE] = {"share", "Share", "", "allocations / all allocations", COLUMN_RATIO},
};

struct common_sizes {
    uint64_t counts[COMMON_DIRECT]; /* in units of TALLY_ONE, as all counts */
    struct map large;
    uint64_t left_out;
};

static void *common_sizes_begin(const struct model *model)
{
    (void)model;
    return memory_new(1, sizeof(struct common_sizes));
}

static void common_sizes_large(struct common_sizes *sizes, uint64_t size, uint64_t count)
{
    uint64_t *known = map_count(&sizes->large) < COMMON_LARGE ? map_put(&sizes->large, size, NULL) : map_get(&sizes->large, size);
    *(known ? known : &sizes->left_out) += count;
}

static void common_sizes_see(void *state, const struct changes *changes)
{
    struct common_sizes *sizes = state;
    for (size_t i = 0; i < changes->made_count; i++) {
        const struct change *change = changes->made[i];
        if (change->block.size < COMMON_DIRECT)
            sizes->counts[change->block.size] += change->amount.count;
        else
            common_sizes_large(sizes, change->block.size, change->amount.count);
    }
}

static void common_sizes_end(void *state)
{
    struct common_sizes *sizes = state;
    map_done(&sizes->large);
    memory_free(sizes);
}

static void common_sizes_row(const struct model *model, uint64_t size, uint64_t count, struct table *table)
{
    union cell *row = table_row(table);
    row[SIZE].u = size;
    row[ALLOCATIONS].u = tally_count((struct tally){0, count});
    row[ALLOCATED].u = row[ALLOCATIONS].u * size;
    row[SHARE].f = ratio((double)count, (double)model_get_totals(model)->account.allocated.count);
}

static void common_sizes_answer(const void *state, const struct model *model, struct table *table)
{
    const struct common_sizes *sizes = state;
    for (size_t i = 0; i < COMMON_DIRECT; i++)
        if (sizes->counts[i])
            common_sizes_row(model, i, sizes->counts[i], table);
    for (size_t i = 0; i < sizes->large.room; i++)
        if (sizes->large.at[i].key)
            common_sizes_row(model, sizes->large.at[i].key, sizes->large.at[i].value, table);
    table_sort(table, ALLOCATIONS, true, COMMON_ROWS);
    if (sizes->left_out)
        table_note(table, "%llu allocations of further large sizes are not listed", (unsigned long long)tally_count((struct tally){0, sizes->left_out}));
}

const struct analysis analysis_common_sizes = {
    .name = "common_sizes",
    .title = "Most common sizes",
    .about = "The exact sizes that were asked for most often.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = common_sizes_begin,
    .see = common_sizes_see,
    .end = common_sizes_end,
    .answer = common_sizes_answer,
};
