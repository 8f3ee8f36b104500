/* temporary: in frees, out one row per site: blocks that lived only a moment. */
#include "answer.h"

#include "host/base/vec.h"

enum { AGES = 3 };
static const uint64_t ages_ns[AGES] = {1000000, 10000000, 100000000};

enum { STACK, COUNT, BYTES, SHARE, AGE_COUNT, AGE_BYTES = AGE_COUNT + AGES, ALLOCATIONS = AGE_BYTES + AGES };

static const struct column columns[] = {
    [STACK] = {"stack", "Site", "", "the call stack that allocated", COLUMN_STACK},
    [COUNT] = {"count", "Temporary", "", "blocks freed by the thread that made them before its next allocation or realloc", COLUMN_COUNT},
    [BYTES] = {"bytes", "Temporary bytes", "", "their bytes as asked for", COLUMN_BYTES},
    [SHARE] = {"share", "Share", "", "count / allocations of the site", COLUMN_RATIO},
    [AGE_COUNT] = {"under_1ms", "< 1 ms", "", "blocks of the site that were freed (not resized) less than 1 ms after their birth, by any thread", COLUMN_COUNT},
    [AGE_COUNT + 1] = {"under_10ms", "< 10 ms", "", "the same for 10 ms: those of 1 ms are among them", COLUMN_COUNT},
    [AGE_COUNT + 2] = {"under_100ms", "< 100 ms", "", "the same for 100 ms", COLUMN_COUNT},
    [AGE_BYTES] = {"under_1ms_bytes", "< 1 ms bytes", "", "bytes of under_1ms", COLUMN_BYTES},
    [AGE_BYTES + 1] = {"under_10ms_bytes", "< 10 ms bytes", "", "bytes of under_10ms", COLUMN_BYTES},
    [AGE_BYTES + 2] = {"under_100ms_bytes", "< 100 ms bytes", "", "bytes of under_100ms", COLUMN_BYTES},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "births and successful reallocs of the site", COLUMN_COUNT},
};

/* [a]: older than age a - 1, younger than age a. */
struct short_lived {
    struct tally under[AGES];
};

struct temporary {
    VEC(struct short_lived) sites;
};

static void *temporary_begin(const struct model *model)
{
    (void)model;
    return memory_new(1, sizeof(struct temporary));
}

static void temporary_see(void *state, const struct changes *changes)
{
    struct temporary *temporary = state;
    for (size_t i = 0; i < changes->freed_count; i++) {
        const struct change *change = changes->freed[i];
        uint64_t age = age_ns(change->block.birth_ns, change->time_ns);
        if (age >= ages_ns[AGES - 1])
            continue;
        vec_extend(&temporary->sites, change->block.site + 1);
        tally_add(temporary->sites.at[change->block.site].under + (age >= ages_ns[0]) + (age >= ages_ns[1]), change->amount);
    }
}

static void temporary_end(void *state)
{
    struct temporary *temporary = state;
    vec_done(&temporary->sites);
    memory_free(temporary);
}

static void temporary_row(const struct site *site, const struct short_lived *ages, struct table *table)
{
    union cell *row = table_row(table);
    struct tally under = {0};
    row[STACK].u = site->stack;
    row[COUNT].u = tally_count(site->temporary);
    row[BYTES].u = site->temporary.bytes;
    row[SHARE].f = ratio((double)site->temporary.count, (double)site->account.allocated.count);
    row[ALLOCATIONS].u = tally_count(site->account.allocated);
    for (int i = 0; i < AGES; i++) {
        tally_add(&under, ages->under[i]);
        row[AGE_COUNT + i].u = tally_count(under);
        row[AGE_BYTES + i].u = under.bytes;
    }
}

static void temporary_answer(const void *state, const struct model *model, struct table *table)
{
    const struct temporary *temporary = state;
    size_t count;
    const struct site *sites = model_sites(model, &count);
    for (size_t i = 0; i < count; i++) {
        struct short_lived ages = i < temporary->sites.count ? temporary->sites.at[i] : (struct short_lived){0};
        if (sites[i].temporary.count || ages.under[0].count || ages.under[1].count || ages.under[2].count)
            temporary_row(sites + i, &ages, table);
    }
    table_sort(table, COUNT, true, 0);
}

const struct analysis analysis_temporary = {
    .name = "temporary",
    .title = "Temporary blocks",
    .about = "One row per call stack whose blocks lived only a moment: a buffer on the stack, or one that is kept, would save these calls. "
             "Ages are no finer than the trace's clock.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = temporary_begin,
    .see = temporary_see,
    .end = temporary_end,
    .answer = temporary_answer,
};
