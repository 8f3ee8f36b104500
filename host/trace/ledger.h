/* ledger: in births and ends of blocks as they are written, out what lives, by address, and the sums of all and of each stack. */
#ifndef HOST_TRACE_LEDGER_H
#define HOST_TRACE_LEDGER_H

#include <heaptracer/trace.h>

#include "host/base/map.h"
#include "host/base/vec.h"
#include "tally.h"

/* A living block: 16 bytes, since there may be millions. */
struct ledger_block {
    uint32_t next; /* in its row, or in the list of unused ones; 0 ends it */
    uint32_t site;
    uint64_t size : 18; /* LEDGER_HUGE: see `huge` */
    uint64_t sampled : 1; /* it stands for its weight */
    uint64_t node : 20; /* of predict.h, in the segment that it was born in */
    uint64_t origin : 16;
    uint64_t low : 9; /* of the address */
};

/* Neighbours in memory. Most births are known to be new by `starts` alone. */
struct ledger_row {
    uint32_t first;  /* block */
    uint32_t starts; /* a bit for each 16 bytes: a block of an address that 16 divides begins there */
};

/* One line of cache: what each birth changes. At a new peak nothing is copied: a site remembers what it held then when it is first touched after it. */
struct ledger_site {
    struct tally live, peak, allocated;
    uint64_t own_peak_bytes;
    uint32_t epoch;  /* of `peak`: it holds if it is the ledger's */
    uint32_t number; /* order of appearance, from 1; 0: nothing happened here */
};

struct ledger_rare {
    struct tally left, temporary; /* left: living when their process ended */
    uint64_t refused;
    uint32_t source; /* of its last birth that has one */
};

enum ledger_way { LEDGER_BORN, LEDGER_INHERITED, LEDGER_RESTORED };

/* Found by address in two steps that keep the target's own locality: a page is a MiB of one process, a row 512 bytes of it. */
enum {
    LEDGER_ROW_BYTES = 512,
    LEDGER_GRAIN = 16,
    LEDGER_PAGE_BITS = 20,
    LEDGER_PAGE_ROWS = (1 << LEDGER_PAGE_BITS) / LEDGER_ROW_BYTES,
    LEDGER_NEAR = 512,
    LEDGER_HUGE = (1 << 18) - 1
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
    VEC(struct ledger_rare) rares; /* by stack; shorter than `sites` */
    struct map huge;               /* number of a block of LEDGER_HUGE bytes and more -> its size */
    uint32_t epoch;                /* grows with each new peak */
    uint32_t site_count;
    uint64_t sample_bytes; /* 0: nothing is sampled */
    struct tally live, peak, allocated, inherited, left, vanished;
    uint64_t peak_time_ns;
    struct trace_totals totals; /* what is no sum over blocks is counted here by the writer */
};

void ledger_init(struct ledger *ledger, uint64_t sample_bytes);
void ledger_done(struct ledger *ledger);
/* Where the blocks of heap `heap` are kept: an address in one heap may lie inside a block of another. Its own inverse. */
static inline ht_addr ledger_place(ht_addr address, uint32_t heap)
{
    return address ^ (uint64_t)heap << 48;
}
/* The process ended: its blocks are left. */
void ledger_leave(struct ledger *ledger, uint32_t process);
/* Every living block, by process and place. */
typedef void (*ledger_see)(void *context, uint32_t process, ht_addr place, uint64_t size, const struct ledger_block *block);
void ledger_each(struct ledger *ledger, ledger_see see, void *context);
/* Something else than a birth happened at this stack. */
struct ledger_rare *ledger_note(struct ledger *ledger, uint32_t stack);
struct ledger_site *ledger_site_new(struct ledger *ledger, uint32_t stack);

static inline struct tally ledger_weigh(const struct ledger *ledger, bool sampled, uint64_t size)
{
    return __builtin_expect(sampled, 0) ? tally_weigh(size, ledger->sample_bytes) : (struct tally){size, TALLY_ONE};
}

struct ledger_row *ledger_find_page(struct ledger *ledger, uint64_t key, size_t near);

static inline uint64_t ledger_key(uint32_t process, ht_addr place)
{
    return (uint64_t)process << (64 - LEDGER_PAGE_BITS) | place >> LEDGER_PAGE_BITS;
}

static inline struct ledger_row *ledger_row(struct ledger *ledger, uint32_t process, ht_addr place)
{
    uint64_t key = ledger_key(process, place);
    struct ledger_row *rows = ledger->near[key % LEDGER_NEAR].rows;
    if (__builtin_expect(ledger->near[key % LEDGER_NEAR].key != key, 0))
        rows = ledger_find_page(ledger, key, key % LEDGER_NEAR);
    return rows + place / LEDGER_ROW_BYTES % LEDGER_PAGE_ROWS;
}

/* Where a block will be looked for, if its page was used lately: it is fetched meanwhile. NULL: not known. */
static __attribute__((always_inline)) inline const struct ledger_row *ledger_expect(const struct ledger *ledger, uint32_t process, ht_addr place)
{
    uint64_t key = ledger_key(process, place);
    if (ledger->near[key % LEDGER_NEAR].key != key)
        return NULL;
    const struct ledger_row *row = ledger->near[key % LEDGER_NEAR].rows + place / LEDGER_ROW_BYTES % LEDGER_PAGE_ROWS;
    __builtin_prefetch(row);
    return row;
}

/* Of a place that LEDGER_GRAIN divides; 0 of another. */
static inline uint32_t ledger_bit(ht_addr place)
{
    return (uint32_t)!(place % LEDGER_GRAIN) << place / LEDGER_GRAIN % (LEDGER_ROW_BYTES / LEDGER_GRAIN);
}

/* The link that leads to the block, or NULL. */
static inline uint32_t *ledger_link(const struct ledger *ledger, struct ledger_row *row, ht_addr place)
{
    uint32_t low = (uint32_t)place % LEDGER_ROW_BYTES;
    if (!(row->starts & ledger_bit(place)) && !(place % LEDGER_GRAIN))
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
    struct ledger_site *site = ledger->sites.at + stack;
    if (__builtin_expect(stack >= ledger->sites.count || !site->number, 0))
        site = ledger_site_new(ledger, stack);
    if (site->epoch != ledger->epoch) {
        site->epoch = ledger->epoch;
        site->peak = site->live;
    }
    return site;
}

/* Takes the block out of its row and all sums of what lives; its size. */
static inline uint64_t ledger_remove(struct ledger *ledger, struct ledger_row *row, uint32_t *link, ht_addr place, struct tally *amount)
{
    uint32_t number = *link;
    struct ledger_block *block = ledger->blocks.at + number;
    uint64_t size = block->size;
    if (__builtin_expect(size == LEDGER_HUGE, 0))
        map_remove(&ledger->huge, number, &size);
    *link = block->next;
    row->starts &= ~ledger_bit(place);
    block->next = ledger->unused;
    ledger->unused = number;
    *amount = ledger_weigh(ledger, block->sampled, size);
    tally_take(&ledger_touch(ledger, block->site)->live, *amount);
    tally_take(&ledger->live, *amount);
    return size;
}

static inline void ledger_count(struct ledger *ledger, const struct event *event, struct tally amount, enum ledger_way way)
{
    struct ledger_site *site = ledger_touch(ledger, event->stack);
    tally_add(&site->live, amount);
    tally_add(&ledger->live, amount);
    if (site->live.bytes > site->own_peak_bytes)
        site->own_peak_bytes = site->live.bytes;
    if (way == LEDGER_BORN) {
        tally_add(&site->allocated, amount);
        tally_add(&ledger->allocated, amount);
    } else if (way == LEDGER_INHERITED) {
        tally_add(&ledger->inherited, amount);
    }
    if (ledger->live.bytes <= ledger->peak.bytes)
        return;
    ledger->peak = ledger->live;
    ledger->peak_time_ns = event->time_ns;
    ledger->epoch++;
}

/* A block that is still there must have ended unseen. */
void ledger_vanish(struct ledger *ledger, struct ledger_row *row, uint32_t *link, ht_addr place);

static inline void ledger_birth(struct ledger *ledger, const struct event *event, uint32_t node, uint16_t origin, enum ledger_way way)
{
    ht_addr place = ledger_place(event->address, event->heap);
    uint64_t size = event->size;
    bool sampled = event->flags & EVENT_SAMPLED && ledger->sample_bytes;
    struct ledger_row *row = ledger_row(ledger, event->process, place);
    uint32_t *link = ledger_link(ledger, row, place);
    if (__builtin_expect(link != NULL, 0))
        ledger_vanish(ledger, row, link, place);
    uint32_t number = ledger_new_block(ledger);
    ledger->blocks.at[number] = (struct ledger_block){.next = row->first,
                                                      .site = event->stack,
                                                      .size = size < LEDGER_HUGE ? size : LEDGER_HUGE,
                                                      .sampled = sampled,
                                                      .node = node,
                                                      .origin = origin,
                                                      .low = place % LEDGER_ROW_BYTES};
    row->first = number;
    row->starts |= ledger_bit(place);
    if (__builtin_expect(size >= LEDGER_HUGE, 0))
        *map_put(&ledger->huge, number, NULL) = size;
    ledger_count(ledger, event, ledger_weigh(ledger, sampled, size), way);
}

/* False: no such block. */
static inline bool ledger_end(struct ledger *ledger, uint32_t process, ht_addr place, struct ledger_block *block, uint64_t *size)
{
    struct ledger_row *row = ledger_row(ledger, process, place);
    uint32_t *link = ledger_link(ledger, row, place);
    struct tally amount;
    if (!link)
        return false;
    *block = ledger->blocks.at[*link];
    *size = ledger_remove(ledger, row, link, place, &amount);
    return true;
}

#endif
