/* totals: sums, and of the sites the first ones by each measure. */
#include "totals.h"

#include <stdlib.h>

/* What sites are chosen by. A site that has nothing of it is not in the list. */
enum { BY_ALLOCATED, BY_BLOCKS, BY_PEAK, BY_LEAKED, BY_TEMPORARY, MEASURES };

struct candidate {
    uint64_t value;
    uint32_t number, stack; /* equal values: the lower number first */
};

struct chosen {
    struct candidate at[TRACE_TOP_SITES];
    int count;
};

static bool candidate_is_before(const struct candidate *a, const struct candidate *b)
{
    return a->value != b->value ? a->value > b->value : a->number < b->number;
}

static void chosen_offer(struct chosen *chosen, struct candidate candidate)
{
    bool full = chosen->count == TRACE_TOP_SITES;
    if (full && !candidate_is_before(&candidate, chosen->at + TRACE_TOP_SITES - 1))
        return;
    int at = full ? TRACE_TOP_SITES - 1 : chosen->count++;
    for (; at && candidate_is_before(&candidate, chosen->at + at - 1); at--)
        chosen->at[at] = chosen->at[at - 1];
    chosen->at[at] = candidate;
}

static struct trace_site_total site_total(const struct ledger *ledger, uint32_t stack)
{
    const struct ledger_site *site = ledger->sites.at + stack;
    struct ledger_rare rare = stack < ledger->rares.count ? ledger->rares.at[stack] : (struct ledger_rare){0};
    tally_add(&rare.left, site->live);
    return (struct trace_site_total){.stack = stack,
                                     .source = rare.source,
                                     .allocated = site->allocated,
                                     .peak = site->epoch == ledger->epoch ? site->peak : site->live,
                                     .leaked = rare.left,
                                     .temporary = rare.temporary,
                                     .own_peak_bytes = site->own_peak_bytes,
                                     .refused = rare.refused};
}

static void sites_measure(struct ledger *ledger, struct chosen *chosen)
{
    struct trace_totals *totals = &ledger->totals;
    for (uint32_t i = 0; i < ledger->sites.count; i++) {
        struct trace_site_total site = site_total(ledger, i);
        const uint64_t values[MEASURES] = {site.allocated.bytes, site.allocated.count, site.peak.bytes, site.leaked.bytes, site.temporary.count};
        const bool counts[MEASURES] = {site.allocated.count | site.leaked.count | site.refused, site.allocated.count, site.peak.count, site.leaked.count,
                                       site.temporary.count};
        totals->allocated_sites += counts[BY_ALLOCATED];
        totals->peak_sites += counts[BY_PEAK];
        totals->leaked_sites += counts[BY_LEAKED];
        totals->temporary_sites += counts[BY_TEMPORARY];
        for (int measure = 0; measure < MEASURES; measure++)
            if (counts[measure])
                chosen_offer(chosen + measure, (struct candidate){values[measure], ledger->sites.at[i].number, i});
    }
}

static int compare_numbers(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    return left->number < right->number ? -1 : left->number > right->number;
}

static void sites_choose(struct ledger *ledger)
{
    struct chosen *chosen = memory_new(MEASURES, sizeof *chosen);
    struct candidate all[TRACE_SITES_MOST];
    size_t count = 0;
    sites_measure(ledger, chosen);
    for (int measure = 0; measure < MEASURES; measure++)
        for (int i = 0; i < chosen[measure].count; i++)
            all[count++] = chosen[measure].at[i];
    qsort(all, count, sizeof *all, compare_numbers);
    for (size_t i = 0; i < count; i++)
        if (!i || all[i].stack != all[i - 1].stack)
            ledger->totals.site[ledger->totals.site_count++] = site_total(ledger, all[i].stack);
    memory_free(chosen);
}

void totals_sum(struct ledger *ledger, uint64_t tick_ns)
{
    struct trace_totals *totals = &ledger->totals;
    struct tally leaked = ledger->left, freed = ledger->allocated;
    tally_add(&leaked, ledger->live);
    tally_add(&freed, ledger->inherited);
    tally_take(&freed, leaked);
    tally_take(&freed, ledger->vanished);
    totals->allocations = tally_count(ledger->allocated);
    totals->allocated_bytes = ledger->allocated.bytes;
    totals->frees = tally_count(freed);
    totals->freed_bytes = freed.bytes;
    totals->peak_bytes = ledger->peak.bytes;
    totals->peak_count = tally_count(ledger->peak);
    totals->peak_time_ns = ledger->peak_time_ns / tick_ns * tick_ns;
    totals->leaked_bytes = leaked.bytes;
    totals->leaked_count = tally_count(leaked);
    totals->live_bytes = ledger->live.bytes;
    totals->live_count = tally_count(ledger->live);
    totals->vanished = tally_count(ledger->vanished);
    totals->inherited = tally_count(ledger->inherited);
    totals->sites = ledger->site_count;
    totals->has_sites = true;
    sites_choose(ledger);
}
