/* ledger: blocks in rows of their neighbours; the peak's sites by epochs: a site remembers what it held at a peak when it is first touched after it. */
#include "ledger.h"

#include <stdlib.h>

enum { LEDGER_HUGE = 0xFFFFFFFFu };

void ledger_init(struct ledger *ledger)
{
    *ledger = (struct ledger){.block_count = 1};
    for (int i = 0; i < LEDGER_NEAR; i++)
        ledger->near[i].key = UINT64_MAX;
}

static inline struct ledger_block *ledger_at(const struct ledger *ledger, uint32_t number)
{
    return ledger->chunks.at[number >> LEDGER_CHUNK_BITS] + (number & ((1u << LEDGER_CHUNK_BITS) - 1));
}

static uint32_t *ledger_find_page(struct ledger *ledger, uint64_t key)
{
    uint64_t *place = map_put(&ledger->pages, key, NULL);
    if (!*place)
        *place = (uint64_t)(uintptr_t)memory_new(LEDGER_PAGE_ROWS, sizeof(uint32_t));
    return (uint32_t *)(uintptr_t)*place;
}

static inline uint32_t *ledger_row(struct ledger *ledger, uint32_t process, ht_addr address)
{
    uint64_t key = (uint64_t)process << (64 - LEDGER_PAGE_BITS) | address >> LEDGER_PAGE_BITS;
    size_t near = (size_t)(address >> LEDGER_PAGE_BITS ^ process) % LEDGER_NEAR;
    if (ledger->near[near].key != key) {
        ledger->near[near].rows = ledger_find_page(ledger, key);
        ledger->near[near].key = key;
    }
    return ledger->near[near].rows + (address >> LEDGER_ROW_BITS) % LEDGER_PAGE_ROWS;
}

/* The link that leads to the block, or to 0 at the row's end. */
static inline uint32_t *ledger_link(const struct ledger *ledger, uint32_t *row, ht_addr address)
{
    uint32_t *link = row;
    while (*link) {
        struct ledger_block *block = ledger_at(ledger, *link);
        if (block->address_low == (uint8_t)address)
            break;
        link = &block->next;
    }
    return link;
}

static uint32_t ledger_new_block(struct ledger *ledger)
{
    uint32_t number = ledger->unused;
    if (number) {
        ledger->unused = ledger_at(ledger, number)->next;
        return number;
    }
    number = ledger->block_count++;
    if (number >> LEDGER_CHUNK_BITS >= ledger->chunks.count)
        vec_push(&ledger->chunks, memory_new(1u << LEDGER_CHUNK_BITS, sizeof(struct ledger_block)));
    return number;
}

static inline struct ledger_site *ledger_touch(struct ledger *ledger, uint32_t stack)
{
    if (stack >= ledger->sites.count)
        vec_extend(&ledger->sites, stack + (size_t)1);
    struct ledger_site *site = ledger->sites.at + stack;
    if (site->epoch != ledger->epoch) {
        site->epoch = ledger->epoch;
        site->peak_bytes = site->live_bytes;
        site->peak_count = site->live_count;
    }
    return site;
}

/* Takes the block out of its row and all sums; its size. */
static uint64_t ledger_remove(struct ledger *ledger, uint32_t *link)
{
    uint32_t number = *link;
    struct ledger_block *block = ledger_at(ledger, number);
    uint64_t size = block->size;
    if (size == LEDGER_HUGE)
        map_remove(&ledger->huge, number, &size);
    *link = block->next;
    block->next = ledger->unused;
    ledger->unused = number;
    struct ledger_site *site = ledger_touch(ledger, block->site);
    site->live_bytes -= size;
    site->live_count--;
    ledger->live_bytes -= size;
    ledger->live_count--;
    return size;
}

void ledger_birth(struct ledger *ledger, uint32_t process, ht_addr address, uint64_t size, uint32_t stack, uint64_t time_ns, uint32_t node, uint16_t origin)
{
    uint32_t *row = ledger_row(ledger, process, address), *link = ledger_link(ledger, row, address);
    if (*link)
        ledger_remove(ledger, link);
    uint32_t number = ledger_new_block(ledger);
    *ledger_at(ledger, number) = (struct ledger_block){*row, size < LEDGER_HUGE ? (uint32_t)size : LEDGER_HUGE, stack, node, origin, (uint8_t)address};
    *row = number;
    if (size >= LEDGER_HUGE)
        *map_put(&ledger->huge, number, NULL) = size;
    struct ledger_site *site = ledger_touch(ledger, stack);
    site->live_bytes += size;
    site->live_count++;
    ledger->live_bytes += size;
    ledger->live_count++;
    if (ledger->live_bytes > ledger->totals.peak_bytes) {
        ledger->totals.peak_bytes = ledger->live_bytes;
        ledger->totals.peak_count = ledger->live_count;
        ledger->totals.peak_time_ns = time_ns;
        ledger->epoch++;
    }
}

bool ledger_end(struct ledger *ledger, uint32_t process, ht_addr address, struct ledger_block *block, uint64_t *size)
{
    uint32_t *link = ledger_link(ledger, ledger_row(ledger, process, address), address);
    if (!*link)
        return false;
    *block = *ledger_at(ledger, *link);
    *size = ledger_remove(ledger, link);
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* The row's blocks lie in the order of their births; they are told in that of their addresses. */
static void ledger_each_of_row(struct ledger *ledger, uint32_t first, uint64_t page, uint32_t row, ledger_see see, void *context)
{
    uint32_t at[1 << LEDGER_ROW_BITS] = {0};
    for (uint32_t number = first; number; number = ledger_at(ledger, number)->next)
        at[ledger_at(ledger, number)->address_low] = number;
    ht_addr start = page << LEDGER_PAGE_BITS | (uint64_t)row << LEDGER_ROW_BITS;
    for (uint32_t low = 0; low < 1 << LEDGER_ROW_BITS; low++) {
        const struct ledger_block *block = at[low] ? ledger_at(ledger, at[low]) : NULL;
        uint64_t size = block ? block->size : 0;
        if (block && size == LEDGER_HUGE && map_get(&ledger->huge, at[low]))
            size = *map_get(&ledger->huge, at[low]);
        if (block)
            see(context, (uint32_t)(page >> (64 - LEDGER_PAGE_BITS)), start | low, size, block);
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
        const uint32_t *rows = (const uint32_t *)(uintptr_t)*map_get(&ledger->pages, keys.at[i]);
        for (uint32_t row = 0; row < LEDGER_PAGE_ROWS; row++)
            if (rows[row])
                ledger_each_of_row(ledger, rows[row], keys.at[i], row, see, context);
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
    for (size_t i = 0; i < ledger->chunks.count; i++)
        memory_free(ledger->chunks.at[i]);
    vec_done(&ledger->chunks);
    vec_done(&ledger->sites);
    map_done(&ledger->huge);
    *ledger = (struct ledger){0};
}
