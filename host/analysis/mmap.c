/* mmap: in page maps that come, out one row per site that asks for them. */
#include "answer.h"

#include "host/base/vec.h"

enum { STACK, COUNT, BYTES, LIVE_COUNT, LIVE, LARGEST };

static const struct column columns[] = {
    [STACK] = {"stack", "Site", "", "the call stack that mapped pages", COLUMN_STACK},
    [COUNT] = {"count", "Maps", "", "mmap, mremap and sbrk calls that brought pages", COLUMN_COUNT},
    [BYTES] = {"bytes", "Mapped", "", "bytes that they brought", COLUMN_BYTES},
    [LIVE_COUNT] = {"live_count", "Live ranges", "",
                    "ranges of them that are mapped in running processes at the end of the range; a hole makes two "
                    "of one",
                    COLUMN_COUNT},
    [LIVE] = {"live_bytes", "Live", "", "bytes of those ranges", COLUMN_BYTES},
    [LARGEST] = {"largest_bytes", "Largest", "", "largest single map", COLUMN_BYTES},
};

struct mapped {
    uint64_t count, bytes, live_count, live_bytes, largest;
};

struct maps {
    VEC(struct mapped) sites;
};

static void *mmap_begin(const struct model *model)
{
    (void)model;
    return memory_new(1, sizeof(struct maps));
}

static void mmap_see(void *state, const struct changes *changes)
{
    struct maps *maps = state;
    for (size_t i = 0; i < changes->rare_count; i++) {
        const struct change *change = changes->rare[i];
        if (change->kind != CHANGE_MAP)
            continue;
        vec_extend(&maps->sites, change->site + 1);
        struct mapped *mapped = maps->sites.at + change->site;
        mapped->count++;
        mapped->bytes += change->size;
        if (change->size > mapped->largest)
            mapped->largest = change->size;
    }
}

static void mmap_end(void *state)
{
    struct maps *maps = state;
    vec_done(&maps->sites);
    memory_free(maps);
}

static void mmap_visit(void *context, const struct page_range *range)
{
    struct maps *now = context;
    vec_extend(&now->sites, range->site + 1);
    now->sites.at[range->site].live_count++;
    now->sites.at[range->site].live_bytes += range->end - range->start;
}

static void mmap_row(const struct site *site, const struct mapped *mapped, struct table *table)
{
    union cell *row = table_row(table);
    row[STACK].u = site->stack;
    row[COUNT].u = mapped->count;
    row[BYTES].u = mapped->bytes;
    row[LIVE_COUNT].u = mapped->live_count;
    row[LIVE].u = mapped->live_bytes;
    row[LARGEST].u = mapped->largest;
}

static void mmap_answer(const void *state, const struct model *model, struct table *table)
{
    const struct maps *maps = state;
    struct maps now = {0};
    size_t count;
    const struct site *sites = model_sites(model, &count);
    vec_extend(&now.sites, maps->sites.count);
    for (size_t i = 0; i < maps->sites.count; i++)
        now.sites.at[i] = maps->sites.at[i];
    model_each_pages(model, mmap_visit, &now);
    for (size_t i = 0; i < now.sites.count; i++)
        if (now.sites.at[i].count || now.sites.at[i].live_count)
            mmap_row(sites + i, now.sites.at + i, table);
    vec_done(&now.sites);
    table_sort(table, BYTES, true, 0);
}

const struct analysis analysis_mmap = {
    .name = "mmap",
    .title = "Page maps by site",
    .about = "One row per call stack that maps pages itself. Empty unless page maps were recorded.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = mmap_begin,
    .see = mmap_see,
    .end = mmap_end,
    .answer = mmap_answer,
};
