/* ledger: here what is not on the shortest way. */
#include "ledger.h"

#include <stdlib.h>

void ledger_init(struct ledger *ledger)
{
    *ledger = (struct ledger){0};
    vec_push(&ledger->blocks, ((struct ledger_block){0}));
    for (int i = 0; i < LEDGER_NEAR; i++)
        ledger->near[i].key = UINT64_MAX;
}

struct ledger_row *ledger_find_page(struct ledger *ledger, uint64_t key, size_t near)
{
    uint64_t *place = map_put(&ledger->pages, key, NULL);
    if (!*place)
        *place = (uint64_t)(uintptr_t)memory_new(LEDGER_PAGE_ROWS, sizeof(struct ledger_row));
    ledger->near[near].key = key;
    return ledger->near[near].rows = (struct ledger_row *)(uintptr_t)*place;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The row's blocks lie in the order of their births, the last first; they are told in that of their addresses. */
static void ledger_each_of_row(struct ledger *ledger, uint32_t first, uint64_t page, uint32_t row, ledger_see see, void *context)
{
    uint32_t sorted[LEDGER_ROW_BYTES], at = LEDGER_ROW_BYTES;
    const struct ledger_block *blocks = ledger->blocks.at;
    for (uint32_t number = first; number; number = blocks[number].next) {
        uint32_t to = --at;
        for (; to + 1 < LEDGER_ROW_BYTES && blocks[sorted[to + 1]].low < blocks[number].low; to++)
            sorted[to] = sorted[to + 1];
        sorted[to] = number;
    }
    ht_addr start = page << LEDGER_PAGE_BITS | (uint64_t)row * LEDGER_ROW_BYTES;
    for (; at < LEDGER_ROW_BYTES; at++) {
        const struct ledger_block *block = blocks + sorted[at];
        uint64_t size = block->size, *huge = size == LEDGER_HUGE ? map_get(&ledger->huge, sorted[at]) : NULL;
        see(context, (uint32_t)(page >> (64 - LEDGER_PAGE_BITS)), start | block->low, huge ? *huge : size, block);
    }
}

void ledger_each(struct ledger *ledger, ledger_see see, void *context)
{
    VEC(uint64_t) keys = {0};
    for (size_t i = 0; i < ledger->pages.room; i++)
        if (ledger->pages.at[i].key)
            vec_push(&keys, ledger->pages.at[i].key);
    if (keys.count)
        qsort(keys.at, keys.count, sizeof *keys.at, compare_keys);
    for (size_t i = 0; i < keys.count; i++) {
        const struct ledger_row *rows = (const struct ledger_row *)(uintptr_t)*map_get(&ledger->pages, keys.at[i]);
        for (uint32_t row = 0; row < LEDGER_PAGE_ROWS; row++)
            if (rows[row].first)
                ledger_each_of_row(ledger, rows[row].first, keys.at[i], row, see, context);
    }
    vec_done(&keys);
}

static void top_add(struct trace_site_total *top, struct trace_site_total total)
{
    if (!total.bytes || total.bytes <= top[TRACE_TOP_SITES - 1].bytes)
        return;
    size_t at = TRACE_TOP_SITES - 1;
    for (; at && top[at - 1].bytes < total.bytes; at--)
        top[at] = top[at - 1];
    top[at] = total;
}

void ledger_sum(struct ledger *ledger)
{
    struct trace_totals *totals = &ledger->totals;
    totals->leaked_bytes = ledger->live_bytes;
    totals->leaked_count = ledger->live_count;
    for (size_t i = 1; i < ledger->sites.count; i++) {
        const struct ledger_site *site = ledger->sites.at + i;
        bool touched = site->epoch == ledger->epoch;
        top_add(totals->peak_sites,
                (struct trace_site_total){(uint32_t)i, touched ? site->peak_bytes : site->live_bytes, touched ? site->peak_count : site->live_count});
        top_add(totals->leaked_sites, (struct trace_site_total){(uint32_t)i, site->live_bytes, site->live_count});
    }
}

void ledger_done(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->pages.room; i++)
        if (ledger->pages.at[i].key)
            memory_free((void *)(uintptr_t)ledger->pages.at[i].value);
    if (ledger->pages.has_zero)
        memory_free((void *)(uintptr_t)ledger->pages.zero_value);
    map_done(&ledger->pages);
    vec_done(&ledger->blocks);
    vec_done(&ledger->sites);
    map_done(&ledger->huge);
    *ledger = (struct ledger){0};
}
