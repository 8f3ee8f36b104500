/* ledger: linear probing on 20-byte slots; the peak's sites by epochs: a site remembers what it held at a peak when it is first touched after it. */
#include "ledger.h"

#include <stdlib.h>

enum { LEDGER_HUGE = 0xFFFFFFFFu };

static uint64_t slot_address(const struct ledger_slot *slot)
{
    return (uint64_t)slot->address_high << 32 | slot->address_low;
}

static inline size_t slot_home(const struct ledger_space *space, uint64_t address)
{
    uint64_t hash = (address >> 3) * 0x9E3779B97F4A7C15u;
    return (size_t)((unsigned __int128)hash * space->room >> 64);
}

static inline bool slot_is(const struct ledger_slot *slot, uint64_t address)
{
    return slot->address_low == (uint32_t)address && slot->address_high == (uint16_t)(address >> 32);
}

static inline bool slot_is_free(const struct ledger_slot *slot)
{
    return !slot->address_low && !slot->address_high;
}

static inline size_t slot_next(const struct ledger_space *space, size_t at)
{
    return at + 1 == space->room ? 0 : at + 1;
}

static size_t slot_find(const struct ledger_space *space, uint64_t address)
{
    size_t at = slot_home(space, address);
    while (!slot_is_free(space->slots + at) && !slot_is(space->slots + at, address))
        at = slot_next(space, at);
    return at;
}

static void space_grow(struct ledger_space *space)
{
    struct ledger_space old = *space;
    space->room = old.room ? old.room + old.room / 2 : 256;
    space->slots = memory_new(space->room, sizeof *space->slots);
    for (size_t i = 0; i < old.room; i++)
        if (!slot_is_free(old.slots + i))
            space->slots[slot_find(space, slot_address(old.slots + i))] = old.slots[i];
    memory_free(old.slots);
}

static void space_close_hole(struct ledger_space *space, size_t hole)
{
    for (size_t at = slot_next(space, hole); !slot_is_free(space->slots + at); at = slot_next(space, at)) {
        size_t home = slot_home(space, slot_address(space->slots + at));
        size_t from_home = at >= home ? at - home : at + space->room - home, from_hole = at >= hole ? at - hole : at + space->room - hole;
        if (from_home >= from_hole) {
            space->slots[hole] = space->slots[at];
            hole = at;
        }
    }
    space->slots[hole] = (struct ledger_slot){0};
}

static struct ledger_space *ledger_space(struct ledger *ledger, uint32_t process, uint32_t high)
{
    if (ledger->last_space < ledger->spaces.count) {
        struct ledger_space *last = ledger->spaces.at + ledger->last_space;
        if (last->process == process && last->high == high)
            return last;
    }
    size_t i = 0;
    while (i < ledger->spaces.count && (ledger->spaces.at[i].process != process || ledger->spaces.at[i].high != high))
        i++;
    if (i == ledger->spaces.count) {
        struct ledger_space space = {.process = process, .high = high};
        space_grow(&space);
        vec_push(&ledger->spaces, space);
    }
    ledger->last_space = i;
    return ledger->spaces.at + i;
}

static struct ledger_site *ledger_touch(struct ledger *ledger, uint32_t stack)
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

static void ledger_remove(struct ledger *ledger, const struct ledger_slot *slot, uint64_t size)
{
    struct ledger_site *site = ledger_touch(ledger, slot->site);
    site->live_bytes -= size;
    site->live_count--;
    ledger->live_bytes -= size;
    ledger->live_count--;
}

static uint64_t ledger_size(struct ledger *ledger, const struct ledger_slot *slot, uint64_t address)
{
    uint64_t size = slot->size;
    if (size == LEDGER_HUGE)
        map_remove(&ledger->huge, address, &size);
    return size;
}

void ledger_birth(struct ledger *ledger, uint32_t process, ht_addr address, uint64_t size, uint32_t stack, uint64_t time_ns, uint32_t node, uint16_t origin)
{
    struct ledger_space *space = ledger_space(ledger, process, (uint32_t)(address >> 48));
    if (space->count * 6 >= space->room * 5)
        space_grow(space);
    struct ledger_slot *slot = space->slots + slot_find(space, address);
    if (slot_is_free(slot))
        space->count++;
    else
        ledger_remove(ledger, slot, ledger_size(ledger, slot, address));
    *slot = (struct ledger_slot){(uint32_t)address, (uint16_t)(address >> 32), origin, size < LEDGER_HUGE ? (uint32_t)size : LEDGER_HUGE, stack, node};
    if (size >= LEDGER_HUGE)
        *map_put(&ledger->huge, address, NULL) = size;
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

bool ledger_end(struct ledger *ledger, uint32_t process, ht_addr address, struct ledger_slot *slot, uint64_t *size)
{
    struct ledger_space *space = ledger_space(ledger, process, (uint32_t)(address >> 48));
    size_t at = slot_find(space, address);
    if (slot_is_free(space->slots + at))
        return false;
    *slot = space->slots[at];
    *size = ledger_size(ledger, slot, address);
    space->count--;
    space_close_hole(space, at);
    ledger_remove(ledger, slot, *size);
    return true;
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
    for (size_t i = 0; i < ledger->spaces.count; i++)
        memory_free(ledger->spaces.at[i].slots);
    vec_done(&ledger->spaces);
    vec_done(&ledger->sites);
    map_done(&ledger->huge);
    *ledger = (struct ledger){0};
}
