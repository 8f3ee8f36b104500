/* peak: in what each site held when all heaps together held most, out one row per site. The rows' bytes add up to the peak. */
#include "answer.h"

enum { STACK, BYTES, COUNT, SHARE, OWN_PEAK, LOW, HIGH };

static const struct column columns[] = {
    [STACK] = {"stack", "Site", "", "the call stack that allocated", COLUMN_STACK},
    [BYTES] = {"bytes", "At peak", "", "bytes of the site's blocks that were live at the global peak", COLUMN_BYTES},
    [COUNT] = {"count", "Blocks", "", "those blocks", COLUMN_COUNT},
    [SHARE] = {"share", "Share", "", "bytes / peak_bytes of the summary", COLUMN_RATIO},
    [OWN_PEAK] = {"own_peak_bytes", "Own peak", "", "the site's own highest live bytes, whenever that was", COLUMN_BYTES},
    [LOW] = {"low_bytes", "At peak, low", "", "lower 95 % limit of bytes", COLUMN_BYTES},
    [HIGH] = {"high_bytes", "At peak, high", "", "upper 95 % limit of bytes", COLUMN_BYTES},
};

static void peak_row(const struct model *model, const struct site *site, uint32_t number, struct tally held, struct table *table)
{
    union cell *row = table_row(table);
    row[STACK].u = site->stack;
    row[BYTES].u = held.bytes;
    row[COUNT].u = tally_count(held);
    row[SHARE].f = ratio((double)held.bytes, (double)model_get_totals(model)->account.peak.bytes);
    row[OWN_PEAK].u = site->account.peak.bytes;
    if (table->column_count > LOW) {
        struct spread spread = model_site_peak_spread(model, number);
        answer_interval(row + LOW, &spread, held.bytes);
    }
}

static void peak_answer(const void *state, const struct model *model, struct table *table)
{
    (void)state;
    size_t count;
    const struct site *sites = model_sites(model, &count);
    for (uint32_t i = 0; i < count; i++) {
        struct tally held = model_site_at_peak(model, i);
        if (held.count)
            peak_row(model, sites + i, i, held, table);
    }
    table_sort(table, BYTES, true, 0);
}

const struct analysis analysis_peak = {
    .name = "peak",
    .title = "Peak",
    .about = "Who held the memory at the global peak: the first moment when the live bytes of all heaps of all processes were highest. Exact, not "
             "sampled in time.",
    .columns = columns,
    .column_count = COLUMN_COUNT_OF(columns),
    .sampled_column_count = 2,
    .answer = peak_answer,
};
