/* ledger: in births and ends of blocks as they are written, out the totals of the trace and, for the encoder, each living block's node. */
#ifndef HOST_TRACE_LEDGER_H
#define HOST_TRACE_LEDGER_H

#include <heaptracer/trace.h>

#include "host/base/map.h"
#include "host/base/vec.h"

/* A living block: 16 bytes, since there may be millions. */
struct ledger_block {
    uint32_t next; /* in its row, or in the list of unused ones; 0 ends it */
    uint32_t site;
    uint64_t size : 19; /* LEDGER_HUGE: see `huge` */
    uint64_t node : 20; /* of predict.h, in the segment that it was born in */
    uint64_t origin : 16;
    uint64_t low : 9; /* of the address */
};

/* Neighbours in memory. Most births are known to be new by `starts` alone. */
struct ledger_row {
    uint32_t first;  /* block */
    uint32_t starts; /* a bit for each 16 bytes: a block of an address that 16 divides begins there */
};

/* What its stack bore. At a new peak nothing is copied: a site remembers what it held then when it is first touched after it. */
struct ledger_site {
    uint64_t live_bytes, peak_bytes;
    uint64_t epoch; /* of peak_*: they hold if it is the ledger's */
    uint32_t live_count, peak_count;
};

/* Found by address in two steps that keep the target's own locality: a page is a MiB of one process, a row 512 bytes of it. */
enum {
    LEDGER_ROW_BYTES = 512,
    LEDGER_GRAIN = 16,
    LEDGER_PAGE_BITS = 20,
    LEDGER_PAGE_ROWS = (1 << LEDGER_PAGE_BITS) / LEDGER_ROW_BYTES,
    LEDGER_NEAR = 512,
    LEDGER_HUGE = (1 << 19) - 1
};

struct ledger {
    struct map pages; /* process and address -> struct ledger_row[LEDGER_PAGE_ROWS] */
    struct {
        uint64_t key;
        struct ledger_row *rows;
    } near[LEDGER_NEAR];             /* pages that were used lately */
    VEC(struct ledger_block) blocks; /* block 0 is none */
    uint32_t unused;
    VEC(struct ledger_site) sites; /* by stack */
    struct map huge; /* number of a block of LEDGER_HUGE bytes and more -> its size */
    uint64_t epoch;                /* grows with each new peak */
    uint64_t live_bytes, live_count;
    struct trace_totals totals;
};

void ledger_init(struct ledger *ledger);
void ledger_done(struct ledger *ledger);
/* Every living block, by process and address. */
typedef void (*ledger_see)(void *context, uint32_t process, ht_addr address, uint64_t size, const struct ledger_block *block);
void ledger_each(struct ledger *ledger, ledger_see see, void *context);
/* Fills peak and leaks. */
void ledger_sum(struct ledger *ledger);

struct ledger_row *ledger_find_page(struct ledger *ledger, uint64_t key, size_t near);

static inline uint64_t ledger_key(uint32_t process, ht_addr address)
{
    return (uint64_t)process << (64 - LEDGER_PAGE_BITS) | address >> LEDGER_PAGE_BITS;
}

static inline struct ledger_row *ledger_row(struct ledger *ledger, uint32_t process, ht_addr address)
{
    uint64_t key = ledger_key(process, address);
    struct ledger_row *rows = ledger->near[key % LEDGER_NEAR].rows;
    if (__builtin_expect(ledger->near[key % LEDGER_NEAR].key != key, 0))
        rows = ledger_find_page(ledger, key, key % LEDGER_NEAR);
    return rows + address / LEDGER_ROW_BYTES % LEDGER_PAGE_ROWS;
}

/* Where a block will be looked for, if its page was used lately: it is fetched meanwhile. NULL: not known. */
static __attribute__((always_inline)) inline const struct ledger_row *ledger_expect(const struct ledger *ledger, uint32_t process, ht_addr address)
{
    uint64_t key = ledger_key(process, address);
    if (ledger->near[key % LEDGER_NEAR].key != key)
        return NULL;
    const struct ledger_row *row = ledger->near[key % LEDGER_NEAR].rows + address / LEDGER_ROW_BYTES % LEDGER_PAGE_ROWS;
    __builtin_prefetch(row);
    return row;
}

/* Of an address that LEDGER_GRAIN divides; 0 of another. */
static inline uint32_t ledger_bit(ht_addr address)
{
    return (uint32_t)!(address % LEDGER_GRAIN) << address / LEDGER_GRAIN % (LEDGER_ROW_BYTES / LEDGER_GRAIN);
}

/* The link that leads to the block, or NULL. */
static inline uint32_t *ledger_link(const struct ledger *ledger, struct ledger_row *row, ht_addr address)
{
    uint32_t low = (uint32_t)address % LEDGER_ROW_BYTES;
    if (!(row->starts & ledger_bit(address)) && !(address % LEDGER_GRAIN))
        return NULL;
    for (uint32_t *link = &row->first; *link; link = &ledger->blocks.at[*link].next)
        if (ledger->blocks.at[*link].low == low)
            return link;
    return NULL;
}

static inline uint32_t ledger_new_block(struct ledger *ledger)
{
    uint32_t number = ledger->unused;
    if (__builtin_expect(number != 0, 1)) {
        ledger->unused = ledger->blocks.at[number].next;
        return number;
    }
    number = (uint32_t)ledger->blocks.count;
    vec_push(&ledger->blocks, ((struct ledger_block){0}));
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
static inline uint64_t ledger_remove(struct ledger *ledger, struct ledger_row *row, uint32_t *link, ht_addr address)
{
    uint32_t number = *link;
    struct ledger_block *block = ledger->blocks.at + number;
    uint64_t size = block->size;
    if (__builtin_expect(size == LEDGER_HUGE, 0))
        map_remove(&ledger->huge, number, &size);
    *link = block->next;
    row->starts &= ~ledger_bit(address);
    block->next = ledger->unused;
    ledger->unused = number;
    struct ledger_site *site = ledger_touch(ledger, block->site);
    site->live_bytes -= size;
    site->live_count--;
    ledger->live_bytes -= size;
    ledger->live_count--;
    return size;
}

static inline void ledger_birth(struct ledger *ledger, const struct event *event, uint32_t node, uint16_t origin)
{
    ht_addr address = event->address;
    uint64_t size = event->size;
    struct ledger_row *row = ledger_row(ledger, event->process, address);
    uint32_t *link = ledger_link(ledger, row, address);
    if (__builtin_expect(link != NULL, 0))
        ledger_remove(ledger, row, link, address);
    uint32_t number = ledger_new_block(ledger);
    ledger->blocks.at[number] = (struct ledger_block){.next = row->first,
                                                      .site = event->stack,
                                                      .size = size < LEDGER_HUGE ? size : LEDGER_HUGE,
                                                      .node = node,
                                                      .origin = origin,
                                                      .low = address % LEDGER_ROW_BYTES};
    row->first = number;
    row->starts |= ledger_bit(address);
    if (__builtin_expect(size >= LEDGER_HUGE, 0))
        *map_put(&ledger->huge, number, NULL) = size;
    struct ledger_site *site = ledger_touch(ledger, event->stack);
    site->live_bytes += size;
    site->live_count++;
    ledger->live_bytes += size;
    ledger->live_count++;
    if (ledger->live_bytes > ledger->totals.peak_bytes) {
        ledger->totals.peak_bytes = ledger->live_bytes;
        ledger->totals.peak_count = ledger->live_count;
        ledger->totals.peak_time_ns = event->time_ns;
        ledger->epoch++;
    }
}

/* False: no such block. */
static inline bool ledger_end(struct ledger *ledger, uint32_t process, ht_addr address, struct ledger_block *block, uint64_t *size)
{
    struct ledger_row *row = ledger_row(ledger, process, address);
    uint32_t *link = ledger_link(ledger, row, address);
    if (!link)
        return false;
    *block = ledger->blocks.at[*link];
    *size = ledger_remove(ledger, row, link, address);
    return true;
}

#endif
