/* live_report: in the table of live blocks, out the report on the device itself, as text: each block with its stack, a summary, the heaps' state. */
#include "live_table.h"
#include "slots.h"
#include "text.h"

#if HT_WITH_REPORT

#define RULER "========================================\n"

enum { KINDS = HT_MEMORY_RTC + 1 };

static const char *kind_name(uint8_t kind, bool is_long)
{
    switch (kind) {
    case HT_MEMORY_EXTERNAL:
        return "PSRAM";
    case HT_MEMORY_DMA:
        return "DMA";
    case HT_MEMORY_RTC:
        return "RTC";
    case HT_MEMORY_POOL:
        return "Pool";
    case HT_MEMORY_ARENA:
        return "Arena";
    case HT_MEMORY_SHARED:
        return "Shared";
    case HT_MEMORY_DEVICE:
        return "Device";
    default:
        return is_long ? "Internal RAM" : "Internal";
    }
}

/* Malloc's own memory, where nobody said what it is, is internal. */
static uint8_t kind_of(uint8_t heap)
{
    uint8_t kind = ht__core.heaps[heap].kind;
    return kind == HT_MEMORY_NONE || kind == HT_MEMORY_RAM ? HT_MEMORY_INTERNAL : kind;
}

#if HT_FRAMES
static bool say_stack(ht_print print, uint16_t slot)
{
    uint8_t count = 0;
    const ht_pc *pcs;
    if (slot == HT_SLOT_FULL)
        ht__text(print, "Backtrace: (not captured - buffer full)\n");
    else if (slot == HT_SLOT_NONE)
        ht__text(print, "Backtrace: (not captured - told without its caller)\n");
    if (!slot_is(slot))
        return false;
    pcs = ht__slots_get(slot, &count);
    ht__text(print, "Backtrace:\n  ");
    for (uint8_t i = 0; i < count; i++)
        ht__text(print, i ? ":%x" : "%x", pcs[i]);
    print('\n');
    return true;
}
#else
static bool say_stack(ht_print print, uint16_t slot)
{
    (void)slot;
    ht__text(print, "Backtrace: (not captured - compiled without frames)\n");
    return false;
}
#endif

static bool say_block(ht_print print, const struct ht_live *block, uint32_t number)
{
    ht__text(print, "--- LEAK #%u ---\nAddress: %x (%s)\nSize: %u bytes\n", number, (ht_pc)block->address, kind_name(kind_of(block->heap), false), (uint32_t)block->size);
    if (block->source)
        ht__text(print, "Source: %s:%u %s, variable %s\n", block->source->file, (uint32_t)block->source->line, block->source->function,
                 block->source->variable ? block->source->variable : "not given");
    const char *task = ht__core.tasks[(block->task & HT_LIVE_TASK) % HT_TASKS].name;
    if (block->task & HT_LIVE_INTERRUPT || task)
        ht__text(print, "Task: %s\n", block->task & HT_LIVE_INTERRUPT ? "an interrupt" : task);
    bool captured = say_stack(print, block->slot);
    print('\n');
    return captured;
}

static void say_heaps(ht_print print)
{
    struct ht_heap_use use;
    bool any = false;
    for (uint8_t heap = 0; heap < HT_HEAPS; heap++) {
        const struct ht_heap *of = &ht__core.heaps[heap];
        if ((heap && of->kind == HT_MEMORY_NONE) || (!of->bytes && !of->use) || !ht__heap_use(heap, &use))
            continue;
        ht__text(print, any ? "  %s free: %u KB" : "\nCurrent heap status:\n  %s free: %u KB", kind_name(kind_of(heap), false), (uint32_t)(use.free / 1024));
        ht__text(print, use.largest_free ? ", largest %u KB\n" : "\n", (uint32_t)(use.largest_free / 1024));
        any = true;
    }
}

static void say_troubles(ht_print print)
{
    const struct ht_counters *counters = &ht__core.counters;
    if (counters->table_full)
        ht__text(print, "Not in this report: %u allocations, the table was full\n", counters->table_full);
    if (counters->lost_events)
        ht__text(print, "Lost on the way to the host: %u events\n", counters->lost_events);
    if (counters->refused)
        ht__text(print, "Refused by the allocator: %u requests\n", counters->refused);
    if (counters->unknown_frees)
        ht__text(print, "Frees of blocks that are not known: %u\n", counters->unknown_frees);
    if (counters->faults)
        ht__text(print, "Memory faults: %u\n", counters->faults);
}

static void say_summary(ht_print print, uint32_t blocks, uint32_t bytes, uint32_t captured, const uint32_t *kinds)
{
    ht__text(print, RULER "   LEAK SUMMARY\n" RULER "Total leaks: %u allocations, %u bytes (%k KB)\n", blocks, bytes, bytes);
    for (uint8_t kind = 0; kind < KINDS; kind++)
        if (kinds[kind])
            ht__text(print, "  %s: %u allocations\n", kind_name(kind, true), kinds[kind]);
    ht__text(print, "  Backtraces found: %u / %u\n", captured, blocks);
    say_troubles(print);
    say_heaps(print);
    ht__text(print, RULER);
}

static uint32_t count_since(uint32_t since, uint32_t *captured)
{
    struct ht_live block;
    uint32_t count = 0;
    for (uint16_t cell = 0; cell < ht__core.live.count; cell++)
        if (ht__live_copy(cell, &block) && block.id > since) {
            count++;
            *captured += slot_is(block.slot);
        }
    return count;
}

int ht__report(ht_print print, uint32_t since)
{
    struct ht_live block;
    uint32_t blocks = 0, bytes = 0, captured = 0, kinds[KINDS] = {0};
    ht__text(print, "\n" RULER "   LEAKED ALLOCATIONS\n" RULER "Heap trace leak records: %u\n", count_since(since, &captured));
    ht__text(print, "Backtraces captured: %u\n\n", captured);
    captured = 0;
    while (ht__live_next(since, &block)) {
        since = block.id;
        bytes += (uint32_t)block.size;
        kinds[kind_of(block.heap)]++;
        captured += say_block(print, &block, ++blocks);
    }
    say_summary(print, blocks, bytes, captured, kinds);
    return (int)blocks;
}

int ht_report(ht_print print)
{
    uint8_t before = ht__core.running;
    if (!ht__core.configured || !core_keeps())
        return HT_NOT_HERE;
    ht__state_set(HT_STATE_REPORTING);
    int blocks = ht__report(print ? print : ht_port_print, 0);
    ht__state_set((enum ht_running)before);
    return blocks;
}

#if HT_WITH_FAULTS
/* "heaptracer: overflow of the block 0x20001234 (24 bytes) at byte 24: 1 byte, like a string terminator" and where the block came from. */
void ht__fault_say(void)
{
    static const char *const kinds[] = {"fault",          "overflow", "underflow",      "double free",     "wild free", "interior free",
                                        "use after free", "overlap",  "stack overflow", "broken metadata", "wrong size"};
    static const char *const guesses[] = {"",
                                          ", like an off-by-one",
                                          ", like a string terminator",
                                          ", like a fill with zeros",
                                          ", like the overflow of the block before",
                                          ", like a repeated pattern"};
    const struct ht_fault fault = ht__core.fault;
    ht__text(ht_port_print, "heaptracer: %s of %x (%u bytes)", kinds[fault.kind], (ht_pc)fault.block.address, (uint32_t)fault.block.size);
    if (fault.count)
        ht__text(ht_port_print, fault.offset < 0 ? " at byte -%u: %u bad%s" : " at byte %u: %u bad%s", (uint32_t)(fault.offset < 0 ? -fault.offset : fault.offset),
                 (uint32_t)fault.count, guesses[fault.guess]);
    ht_port_print('\n');
#if HT_FRAMES
    if (slot_is(fault.block.slot))
        say_stack(ht_port_print, fault.block.slot);
#endif
    ht_lock before = ht_port_lock();
    ht__core.wants &= (uint8_t)~HT_WANT_FAULT;
    slot_release(fault.block.slot);
    ht_port_unlock(before);
}
#endif

#endif
