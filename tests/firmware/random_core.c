/* random_core: in a seed, out whether the tracer's core and a reference model stay the same over random events. The model is an array that is searched from its
 * beginning; every so often all of the table is compared with it, and at each event what the event was about. */
#include "random_core.h"

#include <heaptracer/port.h>

#include "target/core/live_table.h"
#include "target/core/slots.h"
#include "target/core/text.h"

#ifdef __AVR__
enum { BLOCKS = 40, STACKS = 8, ARENA_BYTES = 2600, COMPARE_EACH = 97 };
#else
enum { BLOCKS = 300, STACKS = 64, ARENA_BYTES = 24000, COMPARE_EACH = 997 };
#endif
enum { SOURCES = 5, CALLERS = 40, SIZE_MOST = 3000, UNIT = 8 };

struct model_block {
    uintptr_t address;
    uint32_t size;
    uint8_t heap, task, source;
    bool in_interrupt;
    ht_pc first; /* of its stack */
};

static struct {
    struct model_block blocks[BLOCKS];
    uint16_t count, most;
    uint32_t random, digest, bytes, differences, unknown, refused;
} model;

static uint64_t arena[ARENA_BYTES / 8];
static struct ht_source_told told[SOURCES];
static const struct ht_source sources[SOURCES] = {
    {"a.c", "f", "x", &told[0], 1}, {"b.c", "g", "y", &told[1], 2}, {"c.c", "h", NULL, &told[2], 3}, {"d.c", "i", "z", &told[3], 4}, {"e.c", "j", "w", &told[4], 5},
};

static ht_pc pcs[HT_FRAMES + 1];

static uint32_t draw(uint32_t below)
{
    model.random ^= model.random << 13;
    model.random ^= model.random >> 17;
    model.random ^= model.random << 5;
    return (model.random >> 3) % below;
}

static void digest(uint32_t number)
{
    model.digest = (model.digest ^ number) * 16777619u;
}

static void differ(const char *what, uint32_t where)
{
    if (model.differences++ < 5)
        ht__text(ht_port_print, "DIFFERENT: " T_S " at " T_U "\n", T_TEXT(what), where);
}

static struct model_block *model_find(uintptr_t address)
{
    for (uint16_t i = 0; i < model.count; i++)
        if (model.blocks[i].address == address)
            return &model.blocks[i];
    return NULL;
}

/* Somewhere that is free, in the table's reach to be crowded: few addresses, often the same ones again. */
static uintptr_t new_address(void)
{
    uintptr_t address;
    do
        address = 0x1000 + (uintptr_t)draw(BLOCKS * 3) * UNIT;
    while (model_find(address));
    return address;
}

static uint8_t new_stack(void)
{
    ht_pc caller = (ht_pc)draw(CALLERS);
    uint8_t frames = (uint8_t)(HT_FRAMES ? 1 + caller % HT_FRAMES : 0);
    for (uint8_t i = 0; i < frames; i++)
        pcs[i] = 0x8000 + caller * 6 + i * 512u;
    return frames;
}

static void model_add(const struct ht_test_event *event)
{
    struct model_block block = {event->address, event->size, event->heap, event->in_interrupt ? 0 : event->task, (uint8_t)event->source, event->in_interrupt,
                                event->frames ? event->pcs[0] : 0};
    model.blocks[model.count++] = block;
    model.bytes += event->size;
}

static struct model_block model_remove(uintptr_t address)
{
    struct model_block *block = model_find(address), was = *block;
    *block = model.blocks[--model.count];
    model.bytes -= was.size;
    return was;
}

static void compare_block(const struct model_block *block, uint32_t where)
{
    const struct ht_live *live = ht__live_find(block->address);
    if (!live) {
        differ("a block is missing", where);
        return;
    }
    if (live->size != block->size || live->heap != block->heap || (live->task & HT_LIVE_TASK) != block->task || !(live->task & HT_LIVE_INTERRUPT) == block->in_interrupt)
        differ("a block's size, heap or task", where);
    if (live->source != (block->source ? &sources[block->source - 1] : NULL))
        differ("a block's source", where);
#if HT_FRAMES
    uint8_t count = 0;
    if (block->first && slot_is(live->slot) && ht__slots_get(live->slot, &count)[0] != block->first)
        differ("a block's stack", where);
#endif
}

static void compare_all(uint32_t where)
{
    struct ht_live live = {0};
    uint32_t id = 0, count = 0;
    for (uint16_t i = 0; i < model.count; i++)
        compare_block(&model.blocks[i], where);
    for (; ht__live_next(id, &live); id = live.id)
        count++;
    struct ht_counters counters = ht_counters();
    if (count != model.count || counters.live_blocks != model.count || counters.live_bytes != model.bytes)
        differ("the number of blocks or bytes", where);
    if (counters.unknown_frees != model.unknown || counters.refused != model.refused || counters.table_full)
        differ("a counter", where);
}

static void tell(const struct ht_test_event *event)
{
    const struct ht_site site = {HT_HERE, event->source ? &sources[event->source - 1] : NULL, 0};
    const void *block = (const void *)event->address, *old = (const void *)event->old_address;
    switch (event->kind) {
    case HT_TEST_ALLOC:
        ht_on_alloc_from(&site, event->heap, block, event->size, 0);
        break;
    case HT_TEST_FREE:
        ht_on_free_from(&site, event->heap, block);
        break;
    case HT_TEST_RESIZE:
        ht_on_resize_from(&site, event->heap, old, block, event->size, 0);
        break;
    case HT_TEST_RESIZE_FAILED:
        ht_on_resize_failed_from(&site, event->heap, old, event->size);
        break;
    default:
        ht_on_refuse_from(&site, event->heap, event->size);
    }
}

/* The table is kept below where it might find no place for a block. */
static uint8_t pick_kind(void)
{
    uint32_t dice = draw(100);
    if (dice < 4)
        return HT_TEST_REFUSE;
    if (!model.count)
        return HT_TEST_ALLOC;
    if (dice < 12)
        return HT_TEST_RESIZE_FAILED;
    if (dice < 25)
        return HT_TEST_RESIZE;
    return model.count < model.most && draw(2 * model.most) > model.count ? HT_TEST_ALLOC : HT_TEST_FREE;
}

static void make(struct ht_test_event *event)
{
    *event = (struct ht_test_event){.kind = pick_kind(), .frames = new_stack(), .pcs = pcs};
    event->heap = (uint8_t)draw(2);
    event->task = (uint8_t)draw(4);
    event->in_interrupt = !draw(16);
    event->size = 1 + draw(SIZE_MOST);
    event->source = (uint16_t)draw(SOURCES + 1);
    uintptr_t some = model.count ? model.blocks[draw(model.count)].address : 0;
    if (event->kind == HT_TEST_ALLOC)
        event->address = new_address();
    else if (event->kind == HT_TEST_FREE)
        event->address = draw(50) ? some : new_address();
    else if (event->kind != HT_TEST_REFUSE)
        event->old_address = some;
    if (event->kind == HT_TEST_RESIZE)
        event->address = draw(2) ? some : new_address();
}

static void model_put(const struct ht_test_event *event)
{
    if (event->kind == HT_TEST_FREE && !model_find(event->address)) {
        model.unknown++;
        return;
    }
    if (event->kind == HT_TEST_REFUSE || event->kind == HT_TEST_RESIZE_FAILED)
        model.refused++;
    if (event->kind == HT_TEST_FREE)
        model_remove(event->address);
    if (event->kind == HT_TEST_RESIZE)
        model_remove(event->old_address);
    if (event->kind == HT_TEST_ALLOC || event->kind == HT_TEST_RESIZE)
        model_add(event);
}

int ht_test_random(uint32_t seed, uint32_t events, const struct ht_sink *sink, void (*each)(const struct ht_test_event *event))
{
    struct ht_config config = {.mode = sink && HT_WITH_STREAM ? HT_MODE_BOTH : HT_MODE_TABLE, .memory = arena, .memory_bytes = sizeof arena, .sink = sink};
    struct ht_test_event event;
    config.blocks = BLOCKS;
    config.stacks = STACKS;
    model.count = 0;
    model.bytes = model.differences = model.unknown = model.refused = 0;
    model.most = BLOCKS * 5 / 8;
    model.random = seed * 2654435761u | 1;
    model.digest = 2166136261u;
    if (ht_start(&config))
        return -1;
    for (uint32_t i = 0; i < events; i++) {
        make(&event);
        digest(event.kind ^ (uint32_t)event.address << 3 ^ (uint32_t)event.old_address << 9 ^ event.size << 16);
        if (each)
            each(&event);
        event.in_interrupt = ht_port_in_interrupt();
        event.task = ht_port_task();
        event.frames = each ? event.frames : 0;
        tell(&event);
        model_put(&event);
        if (event.kind == HT_TEST_ALLOC || event.kind == HT_TEST_RESIZE)
            compare_block(&model.blocks[model.count - 1], i);
        if (i % COMPARE_EACH == 0)
            compare_all(i);
        if (i % 4 == 0)
            ht_pump();
    }
    compare_all(events);
    ht__text(ht_port_print, "random: seed " T_U ", " T_U " events, digest " T_X ", " T_U " live, " T_U " differences\n", seed, events, model.digest, model.count,
             model.differences);
    ht_stop();
    return (int)model.differences;
}
