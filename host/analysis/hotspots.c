/* hotspots: in the model's sites, out one row per site: who allocates most. */
#include "answer.h"

enum { STACK, ALLOCATED, ALLOCATIONS, SHARE, FREED, FREES, LIVE, LIVE_COUNT, PEAK, MEAN, REFUSED, LOW, HIGH };

static const struct column columns[] = {
    [STACK] = {"stack", "Site", "", "the call stack that allocated", COLUMN_STACK},
    [ALLOCATED] = {"allocated_bytes", "Allocated", "", "bytes asked for by the site's births and reallocs", COLUMN_BYTES},
    [ALLOCATIONS] = {"allocations", "Allocations", "", "the site's births and successful reallocs", COLUMN_COUNT},
    [SHARE] = {"share", "Share", "", "allocated_bytes / allocated bytes of all sites", COLUMN_RATIO},
    [FREED] = {"freed_bytes", "Freed", "", "bytes of the site's blocks that were freed or replaced by realloc", COLUMN_BYTES},
    [FREES] = {"frees", "Frees", "", "blocks of the site that were freed or replaced by realloc", COLUMN_COUNT},
    [LIVE] = {"live_bytes", "Live", "", "bytes of the site's blocks that live in running processes at the end of the range", COLUMN_BYTES},
    [LIVE_COUNT] = {"live_count", "Live blocks", "", "their blocks", COLUMN_COUNT},
    [PEAK] = {"peak_bytes", "Own peak", "", "the site's own highest live bytes, whenever that was", COLUMN_BYTES},
    [MEAN] = {"mean_bytes", "Mean size", "B", "allocated_bytes / allocations", COLUMN_REAL},
    [REFUSED] = {"refused", "Refused", "", "allocations of the site that failed", COLUMN_COUNT},
    [LOW] = {"allocated_low_bytes", "Allocated, low", "", "lower 95 % limit of allocated_bytes", COLUMN_BYTES},
    [HIGH] = {"allocated_high_bytes", "Allocated, high", "", "upper 95 % limit of allocated_bytes", COLUMN_BYTES},
};

static void hotspots_row(const struct model *model, const struct site *site, uint32_t number, struct table *table)
{
    union cell *row = table_row(table);
    const struct account *account = &site->account;
    row[STACK].u = site->stack;
    row[ALLOCATED].u = account->allocated.bytes;
    row[ALLOCATIONS].u = tally_count(account->allocated);
    row[SHARE].f = ratio((double)account->allocated.bytes, (double)model_get_totals(model)->account.allocated.bytes);
    row[FREED].u = account->freed.bytes;
    row[FREES].u = tally_count(account->freed);
    row[LIVE].u = account->live.bytes;
    row[LIVE_COUNT].u = tally_count(account->live);
    row[PEAK].u = account->peak.bytes;
    row[MEAN].f = ratio((double)account->allocated.bytes * TALLY_ONE, (double)account->allocated.count);
    row[REFUSED].u = site->refused;
    if (table->column_count > LOW) {
        struct spread spread = model_site_spread(model, number);
        answer_interval(row + LOW, &spread, account->allocated.bytes);
    }
}

static void hotspots_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    const struct site *sites = model_sites(model, &count);
    for (size_t i = 0; i < count; i++)
        if (sites[i].account.allocated.count || sites[i].account.freed.count || sites[i].account.live.count || sites[i].refused)
            hotspots_row(model, sites + i, (uint32_t)i, table);
    table_sort(table, ALLOCATED, true, 0);
}

const struct analysis analysis_hotspots = {
    .name = "hotspots",
    .title = "Hotspots",
    .about = "One row per call stack that allocated, most bytes first. A realloc belongs to the stack that called it: it frees a block of the old site.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .sampled_column_count = 2,
    .answer = hotspots_answer,
};
