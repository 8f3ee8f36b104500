/* leaks: in the blocks that live at the end, and those that lived when their process ended, out one row per site. */
#include "answer.h"

#include "host/base/vec.h"

enum { STACK, BYTES, COUNT, SHARE, NEW_BYTES, NEW_COUNT, OLDEST, NEWEST, LARGEST, PROCESS, THREAD, THREADS, LOW, HIGH };

static const struct column columns[] = {
    [STACK] = {"stack", "Site", "", "the call stack that allocated", COLUMN_STACK},
    [BYTES] = {"bytes", "Never freed", "", "bytes of the site's blocks that lived when their process ended or at the end of the range", COLUMN_BYTES},
    [COUNT] = {"count", "Blocks", "", "those blocks", COLUMN_COUNT},
    [SHARE] = {"share", "Of allocations", "", "count / (the site's allocations in the range + those of `count` that are older)", COLUMN_RATIO},
    [NEW_BYTES] = {"new_bytes", "New", "", "of `bytes`: of blocks born in the range", COLUMN_BYTES},
    [NEW_COUNT] = {"new_count", "New blocks", "", "of `count`: blocks born in the range", COLUMN_COUNT},
    [OLDEST] = {"oldest_ns", "Oldest", "", "largest age of such a block: end of its process or of the range - birth (of its last realloc, if any)",
                COLUMN_DURATION},
    [NEWEST] = {"newest_ns", "Newest", "", "smallest such age", COLUMN_DURATION},
    [LARGEST] = {"largest_bytes", "Largest", "", "size of the largest such block", COLUMN_BYTES},
    [PROCESS] = {"process", "Process", "id", "id of the process of the oldest such block", COLUMN_COUNT},
    [THREAD] = {"thread", "Thread", "id", "id of the thread that made the oldest such block", COLUMN_COUNT},
    [THREADS] = {"one_thread", "One thread", "", "1 if one thread made all of them, else 0", COLUMN_COUNT},
    [LOW] = {"low_bytes", "Never freed, low", "", "lower 95 % limit of bytes", COLUMN_BYTES},
    [HIGH] = {"high_bytes", "Never freed, high", "", "upper 95 % limit of bytes", COLUMN_BYTES},
};

struct leak {
    struct tally all, fresh;
    uint64_t oldest_ns, newest_ns, largest;
    uint32_t process, thread;
    bool many_threads;
};

struct leaks {
    const struct model *model;
    VEC(struct leak) sites;
    VEC(struct spread) spreads; /* sampled traces only */
    uint64_t now_ns;            /* while answering */
};

static void leak_oldest(struct leak *leak, const struct block *block, uint64_t age)
{
    leak->oldest_ns = age;
    leak->process = block->process;
    leak->thread = block->thread;
}

static void leaks_add(struct leaks *leaks, const struct block *block, uint64_t now_ns)
{
    uint64_t age = age_ns(block->birth_ns, now_ns);
    struct tally amount = model_weigh(leaks->model, block);
    vec_extend(&leaks->sites, block->site + 1);
    struct leak *leak = leaks->sites.at + block->site;
    leak->many_threads |= leak->all.count && leak->thread != block->thread;
    if (!leak->all.count || age > leak->oldest_ns)
        leak_oldest(leak, block, age);
    if (!leak->all.count || age < leak->newest_ns)
        leak->newest_ns = age;
    if (block->size > leak->largest)
        leak->largest = block->size;
    tally_add(&leak->all, amount);
    if (!(block->flags & BLOCK_OLD))
        tally_add(&leak->fresh, amount);
    if (block->flags & BLOCK_SAMPLED) {
        vec_extend(&leaks->spreads, block->site + 1);
        model_spread_add(leaks->model, leaks->spreads.at + block->site, block);
    }
}

static void *leaks_begin(const struct model *model)
{
    struct leaks *leaks = memory_new(1, sizeof *leaks);
    leaks->model = model;
    return leaks;
}

static void leaks_see(void *state, const struct changes *changes)
{
    for (size_t i = 0; i < changes->rare_count; i++)
        if (changes->rare[i]->kind == CHANGE_LEAVE)
            leaks_add(state, &changes->rare[i]->block, changes->rare[i]->time_ns);
}

static void leaks_end(void *state)
{
    struct leaks *leaks = state;
    vec_done(&leaks->sites);
    vec_done(&leaks->spreads);
    memory_free(leaks);
}

static void leaks_visit(void *context, const struct block *block)
{
    struct leaks *leaks = context;
    leaks_add(leaks, block, leaks->now_ns);
}

static void leaks_row(const struct leaks *leaks, const struct site *site, uint32_t number, struct tally all, struct table *table)
{
    struct leak none_leaked = {0}, *leak = number < leaks->sites.count ? leaks->sites.at + number : &none_leaked;
    union cell *row = table_row(table);
    row[STACK].u = site->stack;
    row[BYTES].u = all.bytes;
    row[COUNT].u = tally_count(all);
    row[SHARE].f = ratio((double)all.count, (double)(site->account.allocated.count + leak->all.count - leak->fresh.count));
    row[NEW_BYTES].u = leak->fresh.bytes;
    row[NEW_COUNT].u = tally_count(leak->fresh);
    row[OLDEST].u = leak->oldest_ns;
    row[NEWEST].u = leak->newest_ns;
    row[LARGEST].u = leak->largest;
    row[PROCESS].u = leak->process;
    row[THREAD].u = leak->thread;
    row[THREADS].u = !leak->many_threads;
    if (table->column_count > LOW) {
        struct spread none = {0};
        answer_interval(row + LOW, number < leaks->spreads.count ? leaks->spreads.at + number : &none, all.bytes);
    }
}

static void leaks_copy(const struct leaks *from, struct leaks *to)
{
    *to = (struct leaks){.model = from->model, .now_ns = model_time(from->model)};
    vec_extend(&to->sites, from->sites.count);
    vec_extend(&to->spreads, from->spreads.count);
    for (size_t i = 0; i < from->sites.count; i++)
        to->sites.at[i] = from->sites.at[i];
    for (size_t i = 0; i < from->spreads.count; i++)
        to->spreads.at[i] = from->spreads.at[i];
}

/* Works on a copy, so that it can be asked again when more has happened. */
static void leaks_answer(const void *state, const struct model *model, struct table *table)
{
    struct leaks now;
    leaks_copy(state, &now);
    model_each_block(model, leaks_visit, &now);
    size_t count;
    const struct site *sites = model_sites(model, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct tally all = sites[i].left;
        tally_add(&all, sites[i].account.live);
        if (all.count)
            leaks_row(&now, sites + i, i, all, table);
    }
    table_sort(table, BYTES, true, 0);
    vec_done(&now.sites);
    vec_done(&now.spreads);
}

const struct analysis analysis_leaks = {
    .name = "leaks",
    .title = "Never freed",
    .about = "One row per call stack whose blocks were still live when their process ended, or at the end of the range. "
             "Not all of them are mistakes: many programs end without freeing.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .sampled_column_count = 2,
    .begin = leaks_begin,
    .see = leaks_see,
    .end = leaks_end,
    .answer = leaks_answer,
};
