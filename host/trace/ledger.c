/* ledger: here what is not on the shortest way. */
#include "ledger.h"

#include <stdlib.h>

void ledger_init(struct ledger *ledger, uint64_t sample_bytes)
{
    *ledger = (struct ledger){.sample_bytes = sample_bytes};
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

/* A site that lies in two lines costs twice as much. */
static void ledger_more_sites(struct ledger *ledger, size_t count)
{
    if (count > ledger->sites.room) {
        struct ledger_site *longer = memory_new_lines(count * 2, sizeof *longer);
        for (size_t i = 0; i < ledger->sites.count; i++)
            longer[i] = ledger->sites.at[i];
        memory_free(ledger->sites.at);
        ledger->sites.at = longer;
        ledger->sites.room = count * 2;
    }
    ledger->sites.count = count;
}

struct ledger_site *ledger_site_new(struct ledger *ledger, uint32_t stack)
{
    if (stack >= ledger->sites.count)
        ledger_more_sites(ledger, stack + (size_t)1);
    if (stack && !ledger->sites.at[stack].number)
        ledger->sites.at[stack].number = ++ledger->site_count;
    return ledger->sites.at + stack;
}

struct ledger_rare *ledger_note(struct ledger *ledger, uint32_t stack)
{
    ledger_site_new(ledger, stack);
    if (stack >= ledger->rares.count)
        vec_extend(&ledger->rares, stack + (size_t)1);
    return ledger->rares.at + stack;
}

void ledger_vanish(struct ledger *ledger, struct ledger_row *row, uint32_t *link, ht_addr place)
{
    struct tally amount;
    ledger_remove(ledger, row, link, place, &amount);
    tally_add(&ledger->vanished, amount);
}

/* The blocks of a page are left, and the page with them. */
static void ledger_leave_page(struct ledger *ledger, uint64_t key)
{
    uint64_t value = 0;
    map_remove(&ledger->pages, key, &value);
    struct ledger_row *rows = (struct ledger_row *)(uintptr_t)value;
    for (uint32_t row = 0; row < LEDGER_PAGE_ROWS; row++)
        while (rows[row].first) {
            uint32_t stack = ledger->blocks.at[rows[row].first].site;
            struct tally amount;
            ledger_remove(ledger, rows + row, &rows[row].first, 0, &amount);
            tally_add(&ledger_note(ledger, stack)->left, amount);
            tally_add(&ledger->left, amount);
        }
    memory_free(rows);
}

void ledger_leave(struct ledger *ledger, uint32_t process)
{
    VEC(uint64_t) keys = {0};
    for (size_t i = 0; i < ledger->pages.room; i++)
        if (ledger->pages.at[i].key && ledger->pages.at[i].key >> (64 - LEDGER_PAGE_BITS) == process % (1u << LEDGER_PAGE_BITS))
            vec_push(&keys, ledger->pages.at[i].key);
    for (size_t i = 0; i < keys.count; i++)
        ledger_leave_page(ledger, keys.at[i]);
    for (int i = 0; i < LEDGER_NEAR; i++)
        ledger->near[i].key = UINT64_MAX;
    vec_done(&keys);
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
    vec_done(&ledger->rares);
    map_done(&ledger->huge);
    *ledger = (struct ledger){0};
}
