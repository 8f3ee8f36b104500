/* live_report: in the table of live blocks, out the report on the device itself, as text: each block with its stack, a summary, the heaps' state. */
#include "leak_scan.h"
#include "live_table.h"
#include "slots.h"
#include "text.h"

#if HT_WITH_REPORT

/* What is said, in its order in `sentences`. */
enum say {
    SAY_LEAKED, SAY_LEAK, SAY_SOURCE, SAY_TASK, SAY_STACK, SAY_FRAME, SAY_NEXT_FRAME, SAY_NOT_CAPTURED, SAY_BUFFER_FULL,
    SAY_SUMMARY, SAY_KIND, SAY_FOUND, SAY_HEAPS, SAY_HEAP, SAY_LARGEST, SAY_END
};
static const char sentences[] =
    "\n" T_RULER "   LEAKED ALLOCATIONS\n" T_RULER "Heap trace leak records: " T_U "\n" T_BACKTRACE "s captured: " T_U "\n\n\0"
    "--- LEAK #" T_U " ---\nAddress: " T_X " (" T_W ")\nSize: " T_U T_BYTES "\n\0"
    "Source: " T_PLACE "\n\0"
    "Task: " T_S "\n\0"
    T_BACKTRACE ":\n  \0"
    T_X "\0"
    ":" T_X "\0"
#if HT_FRAMES
    T_NOT_CAPTURED "told without its caller)\n\0"
#else
    T_NOT_CAPTURED "compiled without frames)\n\0"
#endif
    T_NOT_CAPTURED "buffer full)\n\0"
    T_RULER "   LEAK SUMMARY\n" T_RULER "Total leaks: " T_U T_ALLOCATIONS ", " T_U T_BYTES " (" T_U "." T_D " KB)\n\0"
    "  " T_W T_W ": " T_U T_ALLOCATIONS "\n\0"
    "  " T_BACKTRACE "s found: " T_U " / " T_U "\n\0"
    "\nCurrent heap status:\n\0"
    "  " T_W T_FREE ": " T_U T_W "\0"
    ", largest " T_U " KB\0"
    T_RULER;

static void say_numbers(ht_print print, enum say text, const ht_number *numbers)
{
    ht__put(print, ht__nth(sentences, text), numbers);
}
#define say(print, text, ...) say_numbers(print, text, (const ht_number[]){__VA_ARGS__})

enum { ANY_KIND = 0, KINDS = HT_MEMORY_RTC + 1, TROUBLES = HT_WORD_FAULTS - HT_WORD_LOST + 1 };

/* Malloc's own memory, where nobody said what it is, is internal. */
static uint8_t kind_of(uint8_t heap)
{
    uint8_t kind = ht__core.kinds[heap];
    return kind < HT_MEMORY_INTERNAL ? HT_MEMORY_INTERNAL : kind;
}

static unsigned word_of(uint8_t kind)
{
    return HT_WORD_INTERNAL - HT_MEMORY_INTERNAL + kind;
}

static bool say_stack(ht_print print, uint16_t slot)
{
#if HT_FRAMES
    uint8_t count = 0;
    const ht_pc *pcs;
    if (slot_is(slot)) {
        pcs = ht__slots_get(slot, &count);
        say_numbers(print, SAY_STACK, NULL);
        for (uint8_t i = 0; i < count; i++)
            say_numbers(print, i ? SAY_NEXT_FRAME : SAY_FRAME, &pcs[i]);
        print('\n');
        return true;
    }
    say_numbers(print, slot == HT_SLOT_FULL ? SAY_BUFFER_FULL : SAY_NOT_CAPTURED, NULL);
#else
    (void)slot;
    say_numbers(print, SAY_NOT_CAPTURED, NULL);
#endif
    return false;
}

static bool say_block(ht_print print, const struct ht_live *block, uint32_t number)
{
    const struct ht_source *source = block->source;
    say(print, SAY_LEAK, number, block->address, word_of(kind_of(block->heap)), block->size);
    if (source)
        say(print, SAY_SOURCE, T_TEXT(source->file), source->line, T_TEXT(source->function),
                 T_TEXT(source->variable ? source->variable : ht__word(HT_WORD_NOT_GIVEN)));
    const char *task = block->task & HT_LIVE_INTERRUPT ? ht__word(HT_WORD_INTERRUPT) : ht__core.tasks[(block->task & HT_LIVE_TASK) % HT_TASKS].name;
    if (task)
        say(print, SAY_TASK, T_TEXT(task));
#if HT_WITH_ROOTS
    uint8_t reach = ht__leak_state_of(block->address);
    if (reach == HT_REACH_NOT || reach == HT_REACH_MAYBE)
        ht__put(print, reach == HT_REACH_NOT ? "Not reachable: no pointer leads to it\n" : "Perhaps not reachable: no pointer was found in two scans\n", NULL);
#endif
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
        if ((heap && ht__core.kinds[heap] == HT_MEMORY_NONE) || (!of->bytes && !of->use) || !ht__heap_use(heap, &use))
            continue;
        if (!any)
            say_numbers(print, SAY_HEAPS, NULL);
        any = true;
        bool is_small = use.free < 1024;
        say(print, SAY_HEAP, word_of(kind_of(heap)), is_small ? use.free : use.free / 1024, is_small ? HT_WORD_BYTES : HT_WORD_KB);
        if (use.largest_free)
            say(print, SAY_LARGEST, use.largest_free / 1024);
        print('\n');
    }
}

/* Blocks that are younger than `since`, in a kind of memory or any. */
static uint32_t blocks_count(uint32_t since, uint8_t kind, uint32_t *captured)
{
    struct ht_live block;
    uint32_t found = 0;
    for (uint16_t cell = 0; cell < ht__core.live.count; cell++)
        if (ht__live_copy(cell, &block) && block.id > since && (kind == ANY_KIND || kind == kind_of(block.heap))) {
            found++;
            *captured += slot_is(block.slot);
        }
    return found;
}

static void say_kinds(ht_print print, uint32_t since)
{
    uint32_t captured = 0;
    for (uint8_t kind = HT_MEMORY_INTERNAL; kind < KINDS; kind++) {
        uint32_t blocks = blocks_count(since, kind, &captured);
        if (blocks)
            say(print, SAY_KIND, word_of(kind), kind == HT_MEMORY_INTERNAL ? HT_WORD_RAM : HT_WORD_NONE, blocks);
    }
}

static void say_troubles(ht_print print)
{
    const uint32_t *counter = &ht__core.counters.lost_events;
    for (unsigned i = 0; i < TROUBLES; i++)
        if (counter[i])
            ht__put(print, ht__word(HT_WORD_LOST + i), (const ht_number[]){counter[i]});
#if HT_WITH_ROOTS
    uint32_t bytes, blocks = ht__leak_count(HT_REACH_NOT, &bytes);
    if (blocks)
        ht__text(print, "Not reachable: " T_U " blocks, " T_U T_BYTES "\n", blocks, bytes);
    blocks = ht__leak_count(HT_REACH_MAYBE, &bytes);
    if (blocks)
        ht__text(print, "Perhaps not reachable: " T_U " blocks, " T_U T_BYTES "\n", blocks, bytes);
#endif
}

int ht__report(ht_print print, uint32_t since)
{
    struct ht_live block;
    uint32_t blocks = 0, bytes = 0, captured = 0, last = since, all = blocks_count(since, ANY_KIND, &captured);
    say(print, SAY_LEAKED, all, captured);
    captured = 0;
    while (ht__live_next(last, &block)) {
        last = block.id;
        bytes += (uint32_t)block.size;
        captured += say_block(print, &block, ++blocks);
    }
    say(print, SAY_SUMMARY, blocks, bytes, bytes / 1024, bytes % 1024 * 100 / 1024);
    say_kinds(print, since);
    say(print, SAY_FOUND, captured, blocks);
    say_troubles(print);
    say_heaps(print);
    say_numbers(print, SAY_END, NULL);
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
    const struct ht_fault_kept *fault = &ht__core.fault;
    ht__text(ht_port_print, T_TRACER T_W " of " T_X " (" T_U T_BYTES ")", HT_WORD_FAULT + fault->kind, fault->address, fault->size);
    if (fault->count) {
        bool before = fault->offset < 0;
        ht__text(ht_port_print, before ? " at byte -" T_U ": " T_U " bad" T_W : " at byte " T_U ": " T_U " bad" T_W,
                 (uint32_t)(before ? -fault->offset : fault->offset), fault->count, HT_WORD_GUESS_NONE + fault->guess);
    }
    ht_port_print('\n');
#if HT_FRAMES
    if (slot_is(fault->slot))
        say_stack(ht_port_print, fault->slot);
#endif
    ht_lock before = ht_port_lock();
    ht__core.wants &= (uint8_t)~HT_WANT_FAULT;
    slot_release(fault->slot);
    ht_port_unlock(before);
}
#endif

#endif
