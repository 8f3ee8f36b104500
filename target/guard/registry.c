/* registry: in blocks that begin and end, out all that live, to be looked at without a lock. */
#include "registry.h"

#include "target/process/port_process.h"

#include <stddef.h>

enum {
    LISTS = 8,
    SLOTS = sizeof(void *) == 8 ? 1 << 24 : 1 << 20,
    BUSY = 1,
    ENDED = 2, /* with BUSY */
    FREE = 4,  /* the slot holds the next free one << 8 */
    MARKS = 15,
};

/* In a slot's address, so that it is no pointer to the block: it would keep it alive for those who look for leaks. */
static const uint64_t HIDDEN = (uint64_t)1 << 63;

static uint64_t *slots;
static uint32_t used = 1, cursor, next_list;
static uint64_t lists[LISTS] __attribute__((aligned(64))); /* changes << 32 | first free slot */
static __thread uint32_t own_list __attribute__((tls_model("initial-exec")));

bool registry_begin(void)
{
    slots = ht__port_pages(SLOTS * sizeof *slots);
    return slots != NULL;
}

static uint64_t *list_of_thread(void)
{
    if (!own_list)
        own_list = __atomic_add_fetch(&next_list, 1, __ATOMIC_RELAXED) % LISTS + 1;
    return &lists[own_list - 1];
}

static uint32_t slot_take(uint64_t *list)
{
    uint64_t head = __atomic_load_n(list, __ATOMIC_ACQUIRE);
    while ((uint32_t)head) {
        uint64_t next = __atomic_load_n(&slots[(uint32_t)head], __ATOMIC_RELAXED) >> 8 & UINT32_MAX;
        if (__atomic_compare_exchange_n(list, &head, ((head >> 32) + 1) << 32 | next, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return (uint32_t)head;
    }
    if (__atomic_load_n(&used, __ATOMIC_RELAXED) >= SLOTS)
        return 0;
    uint32_t fresh = __atomic_fetch_add(&used, 1, __ATOMIC_RELAXED);
    return fresh < SLOTS ? fresh : 0;
}

/* The slot is nobody's: it was marked as free. */
static void slot_give(uint32_t index)
{
    uint64_t *list = list_of_thread(), head = __atomic_load_n(list, __ATOMIC_RELAXED);
    do
        __atomic_store_n(&slots[index], (head & UINT32_MAX) << 8 | FREE, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(list, &head, ((head >> 32) + 1) << 32 | index, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
}

uint32_t registry_reserve(void)
{
    return slot_take(list_of_thread());
}

void registry_put(uint32_t index, const void *block)
{
    if (index)
        __atomic_store_n(&slots[index], (uint64_t)(uintptr_t)block | HIDDEN, __ATOMIC_RELEASE);
}

bool registry_take_out(uint32_t index, const void *block)
{
    uint64_t address = (uint64_t)(uintptr_t)block | HIDDEN;
    if (!index || index >= SLOTS)
        return true;
    if (!__atomic_compare_exchange_n(&slots[index], &address, FREE, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return false;
    slot_give(index);
    return true;
}

bool registry_remove(uint32_t index, const void *block)
{
    uint64_t address = (uint64_t)(uintptr_t)block | HIDDEN;
    while (!registry_take_out(index, block)) {
        uint64_t busy = address | BUSY;
        if (__atomic_compare_exchange_n(&slots[index], &busy, address | BUSY | ENDED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return false;
        if (busy != address) /* it was not looked at only just now: it is not there */
            return true;
    }
    return true;
}

static void look_at(const struct registry_look *look, uint32_t index)
{
    uint64_t address = __atomic_load_n(&slots[index], __ATOMIC_RELAXED);
    if (!address || address & MARKS || !__atomic_compare_exchange_n(&slots[index], &address, address | BUSY, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return;
    void *block = (void *)(uintptr_t)(address & ~HIDDEN);
    look->see(block, index, look->context);
    uint64_t busy = address | BUSY;
    if (__atomic_compare_exchange_n(&slots[index], &busy, address, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return;
    slot_give(index);
    look->ended(block);
}

static uint32_t slots_used(void)
{
    uint32_t count = __atomic_load_n(&used, __ATOMIC_RELAXED);
    return count < SLOTS ? count : SLOTS;
}

void registry_slice(const struct registry_look *look, uint32_t count)
{
    uint32_t end = slots_used(), from = __atomic_fetch_add(&cursor, count, __ATOMIC_RELAXED);
    if (from >= end) {
        __atomic_store_n(&cursor, 0, __ATOMIC_RELAXED);
        return;
    }
    for (uint32_t i = from ? from : 1; i < end && i < from + count; i++)
        look_at(look, i);
}

void registry_each(const struct registry_look *look)
{
    uint32_t end = slots_used();
    for (uint32_t i = 1; i < end; i++)
        look_at(look, i);
}
