/* realloc: in reallocs, out one row per site that calls it: what they copy and how blocks grow. */
#include "chains.h"

#include <math.h>

#include "answer.h"

enum { STACK, RESIZES, MOVED, IN_PLACE, MOVED_SHARE, COPIED, GREW, SHRANK, GROWTH, LONGEST, FAILED };

static const struct column columns[] = {
    [STACK] = {"stack", "Site", "", "the call stack that called realloc", COLUMN_STACK},
    [RESIZES] = {"resizes", "Reallocs", "", "successful reallocs of known blocks", COLUMN_COUNT},
    [MOVED] = {"moved", "Moved", "", "of them, those that returned another address", COLUMN_COUNT},
    [IN_PLACE] = {"in_place", "In place", "", "resizes - moved", COLUMN_COUNT},
    [MOVED_SHARE] = {"moved_share", "Moved share", "", "moved / resizes", COLUMN_RATIO},
    [COPIED] = {"copied_bytes", "Copied", "", "sum over the moved ones of min(old size, new size)", COLUMN_BYTES},
    [GREW] = {"grew", "Grew", "", "reallocs to a larger size", COLUMN_COUNT},
    [SHRANK] = {"shrank", "Shrank", "", "reallocs to a smaller size", COLUMN_COUNT},
    [GROWTH] = {"growth_factor", "Growth factor", "x",
                "geometric mean of new size / old size over those that grew from a size above 0; 0 if none "
                "did",
                COLUMN_REAL},
    [LONGEST] = {"longest_chain", "Longest chain", "", "most reallocs that one block had behind it", COLUMN_COUNT},
    [FAILED] = {"failed", "Failed", "", "reallocs that failed: the old block lived on", COLUMN_COUNT},
};

void *chains_begin(const struct model *model)
{
    (void)model;
    return memory_new(1, sizeof(struct chains));
}

static void chain_growth(struct chain *chain, const struct change *change)
{
    uint64_t from = change->old.size, to = change->block.size, count = change->amount.count;
    chain->grew += to > from ? count : 0;
    chain->shrank += to < from ? count : 0;
    if (!from || to <= from)
        return;
    chain->growths += count;
    chain->grown_bytes += to - from;
    chain->grown_from += from;
    chain->largest = to > chain->largest ? to : chain->largest;
    chain->growth_log2 += log2((double)to / (double)from) * (double)count;
}

static void chain_resize(struct chain *chain, const struct change *change)
{
    uint64_t least = change->old.size < change->block.size ? change->old.size : change->block.size;
    chain->first_ns = chain->resizes ? chain->first_ns : change->time_ns;
    chain->last_ns = change->time_ns;
    chain->resizes += change->amount.count;
    if (change->old.address != change->block.address) {
        chain->moved += change->amount.count;
        chain->copied_bytes += change->block.flags & BLOCK_SAMPLED ? (uint64_t)((double)least * (double)change->amount.count / TALLY_ONE) : least;
    }
    if (change->block.resizes > chain->longest)
        chain->longest = change->block.resizes;
    chain_growth(chain, change);
}

void chains_see(void *state, const struct changes *changes)
{
    struct chains *chains = state;
    for (size_t i = 0; i < changes->rare_count; i++) {
        const struct change *change = changes->rare[i];
        if (change->kind != CHANGE_RESIZE && change->kind != CHANGE_RESTORE)
            continue;
        vec_extend(&chains->sites, change->site + 1);
        if (change->kind == CHANGE_RESIZE)
            chain_resize(chains->sites.at + change->site, change);
        else if (!change->address && change->old_address)
            chains->sites.at[change->site].failed += change->amount.count;
    }
}

void chains_end(void *state)
{
    struct chains *chains = state;
    vec_done(&chains->sites);
    memory_free(chains);
}

static void realloc_row(const struct site *site, const struct chain *chain, struct table *table)
{
    union cell *row = table_row(table);
    row[STACK].u = site->stack;
    row[RESIZES].u = tally_count((struct tally){0, chain->resizes});
    row[MOVED].u = tally_count((struct tally){0, chain->moved});
    row[IN_PLACE].u = row[RESIZES].u - row[MOVED].u;
    row[MOVED_SHARE].f = ratio((double)chain->moved, (double)chain->resizes);
    row[COPIED].u = chain->copied_bytes;
    row[GREW].u = tally_count((struct tally){0, chain->grew});
    row[SHRANK].u = tally_count((struct tally){0, chain->shrank});
    row[GROWTH].f = chain->growths ? exp2(chain->growth_log2 / (double)chain->growths) : 0;
    row[LONGEST].u = chain->longest;
    row[FAILED].u = tally_count((struct tally){0, chain->failed});
}

static void realloc_answer(const void *state, const struct model *model, struct table *table)
{
    const struct chains *chains = state;
    size_t count;
    const struct site *sites = model_sites(model, &count);
    for (size_t i = 0; i < chains->sites.count; i++)
        if (chains->sites.at[i].resizes || chains->sites.at[i].failed)
            realloc_row(sites + i, chains->sites.at + i, table);
    table_sort(table, COPIED, true, 0);
}

const struct analysis analysis_realloc = {
    .name = "realloc",
    .title = "Reallocs",
    .about = "One row per call stack that calls realloc on a block: how often the block moves, what that copies, and how it grows.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .begin = chains_begin,
    .see = chains_see,
    .end = chains_end,
    .answer = realloc_answer,
};
