/* test_core: in allocations on a machine of the test's own, out the core's table and records as firmware.h promises them, at the limits too. */
#include "core_port.h"

#include "target/core/live_table.h"

static uint8_t memory[8192];

static struct ht_config config_of(enum ht_mode mode, size_t bytes)
{
    return (struct ht_config){.mode = mode, .memory = memory, .memory_bytes = bytes, .sink = &port_sink};
}

static void start(enum ht_mode mode)
{
    struct ht_config config = config_of(mode, sizeof memory);
    port_reset();
    assert_int_equal(ht_start(&config), 0);
}

static void test_before_start(void **state)
{
    (void)state;
    port_reset();
    char *block = ht_malloc(10);
    memcpy(block, "123456789", 10);
    block = ht_realloc(block, 20);
    assert_string_equal(block, "123456789");
    ht_free(block);
    ht_on_alloc(0, block, 10);
    ht_on_free(0, block);
    ht_on_resize(0, block, block, 5);
    ht_on_refuse(0, 5);
    ht_mark("nothing");
    ht_snapshot();
    assert_int_equal(ht_guard_scan(10), 0);
    assert_int_equal(ht_pump(), 0);
    assert_int_equal(ht_report(NULL), HT_NOT_HERE);
    assert_int_equal(ht_start(NULL), HT_NOT_HERE);
    ht_stop();
    assert_int_equal(ht_state(), HT_STATE_IDLE);
    struct ht_counters counters = ht_counters();
    assert_int_equal(counters.allocations + counters.faults + counters.unknown_frees + counters.recording + port.line_bytes + port.printed_bytes, 0);
}

static void test_refused_configurations(void **state)
{
    (void)state;
    port_reset();
    struct ht_config config = config_of(HT_MODE_STREAM, sizeof memory);
    config.sink = NULL;
    assert_int_equal(ht_start(&config), HT_NO_SINK);
    for (int mode = HT_MODE_STREAM; mode <= HT_MODE_BOTH; mode++) {
        config = config_of((enum ht_mode)mode, 20);
        assert_int_equal(ht_start(&config), HT_TOO_SMALL);
        config = config_of((enum ht_mode)mode, 0);
        assert_int_equal(ht_start(&config), HT_TOO_SMALL);
        config.memory = NULL;
        assert_int_equal(ht_start(&config), HT_TOO_SMALL);
        assert_int_equal(ht_state(), HT_STATE_IDLE);
        ht_free(ht_malloc(3));
    }
}

/* All memory is within what was given: what lies around stays as it was. */
static void test_memory_bounds(void **state)
{
    (void)state;
    static uint8_t around[4096 + 128];
    for (size_t bytes = 400; bytes <= 4096; bytes += 123)
        for (int mode = HT_MODE_STREAM; mode <= HT_MODE_BOTH; mode++) {
            port_reset();
            memset(around, 0x5a, sizeof around);
            struct ht_config config = {.mode = (enum ht_mode)mode, .memory = around + 61, .memory_bytes = bytes, .sink = &port_sink, .quarantine = 3};
            if (ht_start(&config))
                continue;
            for (int i = 0; i < 500; i++) {
                port_stack(1 + i % 4, (ht_pc)(0x1000 + i % 37));
                ht_on_alloc(0, (void *)(uintptr_t)(0x20000000 + i * 8), 8);
            }
            for (int i = 0; i < 4; i++)
                ht_free(ht_malloc(10));
            ht_pump();
            for (size_t i = 0; i < 61; i++)
                assert_int_equal(around[i], 0x5a);
            for (size_t i = 61 + bytes; i < sizeof around; i++)
                assert_int_equal(around[i], 0x5a);
        }
}

static void test_stream(void **state)
{
    (void)state;
    start(HT_MODE_STREAM);
    assert_int_equal(ht_state(), HT_STATE_TRACKING);
    uint8_t task = ht_task_begin(&port, "net", NULL, 0, 3);
    assert_int_equal(task, 1);
    assert_int_equal(ht_task_of(&port), task);
    port.task = task;
    port.now = 100;
    char *block = HT_MALLOC(node->name, 24);
    port.now = 110;
    port.moves = true;
    char *moved = ht_realloc(block, 48);
    port.now = 115;
    port.refuses = true;
    assert_null(ht_realloc(moved, 100));
    assert_null(ht_malloc(4000));
    port.refuses = false;
    port.in_interrupt = true;
    ht_free(moved);
    port.in_interrupt = false;
    ht_mark("a mark");
    const struct heard_all *all = port_pumped();
    assert_int_equal(all->wrong, 0);
    const struct ht_heard *hello = heard_kind(all, HT_TOLD_HELLO, 0), *alloc = heard_kind(all, HT_TOLD_ALLOC, 0), *stack = heard_kind(all, HT_TOLD_STACK, 0);
    assert_ptr_equal(hello, &all->heard[0]);
    assert_string_equal((const char *)memcpy((char[8]){0}, hello->tail, hello->tail_bytes), "host");
    assert_int_equal(hello->numbers[HT_HELLO_TICKS_PER_S], TICKS_PER_S);
    assert_int_equal(hello->numbers[HT_HELLO_IMAGE_HASH], ht__check(HT_CHECK_START, port.image, sizeof port.image));
    assert_int_equal(alloc->told.address, (uintptr_t)block);
    assert_int_equal(alloc->told.size, 24);
    assert_int_equal(alloc->told.tick, 100);
    assert_int_equal(alloc->told.task, task);
    assert_int_equal(alloc->told.slot, stack->told.slot);
    assert_int_equal(stack->count, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(stack->numbers[i], port.pcs[i]);
    assert_int_equal(heard_count(all, HT_TOLD_STACK), 1);
    const struct ht_heard *source = heard_kind(all, HT_TOLD_SOURCE, 0);
    assert_int_equal(alloc->told.source, source->numbers[HT_SOURCE_ID]);
    assert_string_equal((const char *)(uintptr_t)source->numbers[HT_SOURCE_VARIABLE], "node->name");
    assert_string_equal((const char *)(uintptr_t)source->numbers[HT_SOURCE_FUNCTION], "test_stream");
    const struct ht_heard *resize = heard_kind(all, HT_TOLD_RESIZE, 0), *failed = heard_kind(all, HT_TOLD_RESIZE_FAILED, 0), *refuse = heard_kind(all, HT_TOLD_REFUSE, 0);
    assert_int_equal(resize->told.old_address, (uintptr_t)block);
    assert_int_equal(resize->told.address, (uintptr_t)moved);
    assert_int_equal(resize->told.size, 48);
    assert_int_equal(failed->told.old_address, (uintptr_t)moved);
    assert_int_equal(failed->told.size, 100);
    assert_int_equal(refuse->told.size, 4000);
    assert_int_equal(refuse->told.slot, stack->told.slot);
    const struct ht_heard *free = heard_kind(all, HT_TOLD_FREE, 0);
    assert_int_equal(free->told.address, (uintptr_t)moved);
    assert_true(free->told.flags & HT_TOLD_INTERRUPT);
    assert_memory_equal(heard_kind(all, HT_TOLD_MARK, 0)->tail, "a mark", 6);
    assert_memory_equal(heard_kind(all, HT_TOLD_TASK, 0)->tail, "net", 3);
    assert_int_equal(heard_kind(all, HT_TOLD_STATE, 0)->numbers[0], HT_STATE_TRACKING);
}

/* Each reading of the clock takes a while: what lies between two of them under one lock is the longest, as long as nothing else is. */
static void test_longest_lock(void **state)
{
    (void)state;
    start(HT_MODE_STREAM);
    ht_free(ht_malloc(8));
    assert_int_equal(ht__core.longest_lock, 0);
    port.step = 3;
    ht_free(ht_malloc(8));
    port.step = 0;
    assert_in_range(ht__core.longest_lock, 6, 18);
    uint32_t longest = ht__core.longest_lock;
    const struct heard_all *all = port_pumped();
    size_t count = heard_count(all, HT_TOLD_COST);
    assert_true(count);
    assert_int_equal(heard_kind(all, HT_TOLD_COST, count - 1)->numbers[HT_COST_LONGEST_LOCK], longest);
}

/* Capabilities without a source: an id for each mask, and none for what there is no place for. */
static void test_caps(void **state)
{
    (void)state;
    start(HT_MODE_STREAM);
    for (uint32_t caps = 0; caps <= HT_CAPS + 1; caps++) {
        const struct ht_site site = {HT_HERE, NULL, caps};
        ht_on_alloc_from(&site, 0, (void *)(uintptr_t)(0x1000 + caps * 16), 8, 16);
        ht_on_refuse_from(&site, 0, 77);
    }
    const struct heard_all *all = port_pumped();
    assert_int_equal(heard_count(all, HT_TOLD_SOURCE), HT_CAPS);
    for (uint32_t caps = 0; caps <= HT_CAPS + 1; caps++) {
        uint16_t id = heard_kind(all, HT_TOLD_ALLOC, caps)->told.source;
        assert_int_equal(id, caps && caps <= HT_CAPS ? heard_kind(all, HT_TOLD_SOURCE, caps - 1)->numbers[HT_SOURCE_ID] : 0);
        assert_int_equal(heard_kind(all, HT_TOLD_REFUSE, caps)->told.source, id);
        assert_int_equal(heard_kind(all, HT_TOLD_ALLOC, caps)->told.taken, 16);
    }
    assert_int_equal(heard_kind(all, HT_TOLD_SOURCE, 1)->numbers[HT_SOURCE_CAPS], 2);
}

static void test_ring_full(void **state)
{
    (void)state;
    start(HT_MODE_STREAM);
    port.line_room = 0;
    uint32_t told = 0, lost;
    for (int i = 0; i < 20000; i++)
        ht_on_alloc(0, (void *)(uintptr_t)(0x20000000 + i * 1000), 10);
    lost = ht_counters().lost_events;
    assert_true(lost > 1000);
    ht_pump();
    assert_int_equal(port.line_bytes, 0);
    port.line_room = 7; /* a piece of a frame, then the rest */
    ht_pump();
    port.line_room = LINE_BYTES - 7;
    ht_pump();
    port.now += 10;
    ht_on_alloc(0, (void *)0x10, 10);
    const struct heard_all *all = port_pumped();
    assert_int_equal(all->wrong, 0);
    uint64_t missed = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (all->heard[i].kind == HT_TOLD_LOST)
            missed += all->heard[i].numbers[HT_LOST_EVENTS];
        if (all->heard[i].kind != HT_TOLD_ALLOC)
            continue;
        told++;
        /* what comes behind the gap comes behind the record of it */
        assert_int_equal(all->heard[i].told.address == 0x10, missed != 0);
    }
    assert_int_equal(missed, lost);
    assert_int_equal(told, 20001 - lost);
    assert_int_equal(heard_kind(all, HT_TOLD_LOST, 0)->numbers[HT_LOST_BYTES], lost * 10);
}

static void test_table_full(void **state)
{
    (void)state;
    port_reset();
    struct ht_config config = config_of(HT_MODE_BOTH, sizeof memory);
    config.blocks = 16;
    assert_int_equal(ht_start(&config), 0);
    for (uintptr_t i = 1; i <= 20; i++)
        ht_on_alloc(0, (void *)(i * 4096), 10);
    assert_int_equal(ht_counters().live_blocks, 16);
    assert_int_equal(ht_counters().table_full, 4);
    for (uintptr_t i = 1; i <= 20; i++)
        ht_on_free(0, (void *)(i * 4096));
    assert_int_equal(ht_counters().unknown_frees, 4);
    assert_int_equal(ht_counters().live_blocks, 0);
    assert_int_equal(ht_counters().live_bytes, 0);
    assert_int_equal(ht_counters().peak_bytes, 160);
    assert_int_equal(heard_count(port_pumped(), HT_TOLD_ALLOC), 20);
}

/* A table takes nearly as many blocks as it has cells, wherever they lie. */
static void test_table_crowded(void **state)
{
    (void)state;
    static const uint16_t strides[] = {1, 2, 3, 8, 16, 24, 40, 64, 100, 128, 256, 1000, 1024, 4096};
    for (size_t s = 0; s < sizeof strides / sizeof strides[0]; s++) {
        port_reset();
        struct ht_config config = config_of(HT_MODE_TABLE, sizeof memory);
        config.blocks = 150;
        assert_int_equal(ht_start(&config), 0);
        for (uintptr_t i = 0; i < 135; i++)
            ht_on_alloc(0, (void *)(0x20000000 + i * strides[s]), 10);
        assert_int_equal(ht_counters().table_full, 0);
    }
}

/* A slot that a block refers to keeps its stack; when all are held, the report says that there is none, never another one's. */
static void test_slots_full(void **state)
{
    (void)state;
    port_reset();
    struct ht_config config = config_of(HT_MODE_BOTH, sizeof memory);
    config.stacks = 8;
    assert_int_equal(ht_start(&config), 0);
    for (uintptr_t i = 0; i < 40; i++) {
        port_stack(2, (ht_pc)(0x1000 + i * 64));
        ht_on_alloc(0, (void *)(0x10000 + i * 16), 10);
    }
    uint32_t cut = ht_counters().cut_stacks;
    assert_true(cut >= 32 && cut <= 36);
    const struct heard_all *all = port_pumped();
    for (size_t i = 0; i < 40; i++) {
        const struct ht_told *told = &heard_kind(all, HT_TOLD_ALLOC, i)->told;
        assert_true(told->slot ? !(told->flags & HT_TOLD_CUT) : told->flags & HT_TOLD_CUT);
        for (size_t k = 0; told->slot && k < heard_count(all, HT_TOLD_STACK); k++)
            if (heard_kind(all, HT_TOLD_STACK, k)->told.slot == told->slot)
                assert_int_equal(heard_kind(all, HT_TOLD_STACK, k)->numbers[0], 0x1000 + i * 64);
    }
    for (uintptr_t i = 0; i < 40; i++)
        ht_on_free(0, (void *)(0x10000 + i * 16));
    port_stack(2, 0x9000);
    ht_on_alloc(0, (void *)0x10000, 10);
    assert_int_equal(ht_counters().cut_stacks, cut);
}

static void test_reentered(void **state)
{
    (void)state;
    start(HT_MODE_BOTH);
    ht__core.busy = 1; /* a hook is at work, and an interrupt that no lock holds off comes */
    ht_on_alloc(0, (void *)0x1000, 10);
    ht_on_free(0, (void *)0x1000);
    ht_mark("x");
    ht_free(ht_malloc(3));
    ht__core.busy = 0;
    assert_int_equal(ht_counters().reentered, 5);
    assert_int_equal(ht_counters().live_blocks, 0);
    assert_int_equal(port.locks, 0);
}

static void test_heaps(void **state)
{
    (void)state;
    start(HT_MODE_BOTH);
    ht_heap_id internal = ht_heap_add("internal", (void *)0x20000000, 0x8000, HT_MEMORY_INTERNAL);
    ht_heap_id pool = ht_heap_add("pool", (void *)0x20001000, 0x100, HT_MEMORY_POOL);
    assert_int_equal(internal, 1);
    assert_int_equal(pool, 2);
    assert_int_equal(ht_heap_add("over", (void *)0x20007000, 0x2000, HT_MEMORY_RAM), 0);
    assert_int_equal(ht_heap_add("over", (void *)0x200010f0, 0x20, HT_MEMORY_RAM), 0);
    assert_int_equal(ht_counters().faults, 2);
    assert_int_equal(ht__heap_of((void *)0x20001080), pool);
    assert_int_equal(ht__heap_of((void *)0x20001100), internal);
    assert_int_equal(ht__heap_of((void *)0x20008000), 0);
    assert_int_equal(ht_heap_add("psram", (void *)0x3c000000, 0x8000, HT_MEMORY_EXTERNAL), 3);
    assert_int_equal(ht_heap_add("none left", (void *)0x3d000000, 0x8000, HT_MEMORY_EXTERNAL), 0);
    ht_on_alloc(pool, (void *)0x20001080, 16);
    const struct heard_all *all = port_pumped();
    assert_int_equal(heard_kind(all, HT_TOLD_ALLOC, 0)->told.heap, pool);
    assert_memory_equal(heard_kind(all, HT_TOLD_HEAP, 0)->tail, "internal", 8);
    assert_int_equal(heard_kind(all, HT_TOLD_FAULT, 0)->numbers[HT_FAULT_KIND], HT_FAULT_OVERLAP);
    const struct ht_heard *use = heard_kind(all, HT_TOLD_HEAP_USE, 2);
    assert_int_equal(use->numbers[HT_HEAP_USE_HEAP], pool);
    assert_int_equal(use->numbers[HT_HEAP_USE_USED], 16);
    assert_int_equal(use->numbers[HT_HEAP_USE_FREE], 0x100 - 16);
}

static void test_orders(void **state)
{
    (void)state;
    start(HT_MODE_BOTH);
    ht_on_alloc(0, (void *)0x1000, 10);
    ht_on_alloc(0, (void *)0x2000, 20);
    port_order("n?m", 3);
    const struct heard_all *all = port_pumped();
    assert_int_equal(ht_counters().bad_controls, 1);
    assert_int_equal(heard_count(all, HT_TOLD_BLOCK), 2);
    assert_int_equal(heard_count(all, HT_TOLD_SNAPSHOT), 2);
    assert_int_equal(heard_kind(all, HT_TOLD_SNAPSHOT, 1)->numbers[HT_SNAPSHOT_COUNT], 2);
    assert_int_equal(heard_kind(all, HT_TOLD_BLOCK, 0)->numbers[HT_BLOCK_SIZE] + heard_kind(all, HT_TOLD_BLOCK, 1)->numbers[HT_BLOCK_SIZE], 30);
    assert_int_equal(heard_count(all, HT_TOLD_MARK), 1);
    assert_int_equal(heard_count(all, HT_TOLD_HELLO), 1);
    port_order("p", 1);
    port_pumped();
    assert_int_equal(ht_state(), HT_STATE_IDLE);
    ht_on_alloc(0, (void *)0x3000, 10);
    ht_on_free(0, (void *)0x1000); /* the table stays true */
    assert_int_equal(ht_counters().live_blocks, 1);
    port_order("sr", 2);
    all = port_pumped();
    assert_int_equal(ht_state(), HT_STATE_TRACKING);
    assert_int_equal(heard_count(all, HT_TOLD_HELLO), 2);
    assert_int_equal(heard_count(all, HT_TOLD_ALLOC), 2);
    port_order("q", 1);
    port_pumped();
    size_t before = port.line_bytes;
    assert_int_equal(port_pumped()->wrong, 0);
    assert_int_equal(port.line_bytes, before);
}

/* Each epoch tells anew what a host must know that has just come. */
static void test_epochs(void **state)
{
    (void)state;
    start(HT_MODE_STREAM);
    ht_heap_add("one", (void *)0x1000, 0x1000, HT_MEMORY_RAM);
    ht_task_begin((void *)4, "task", NULL, 0, 1);
    for (int i = 0; i < 40000; i++) {
        ht_on_alloc(0, (void *)(uintptr_t)(0x20000000 + i * 8), 8);
        if (i % 16 == 0)
            ht_pump();
        port.now++;
    }
    assert_int_equal(ht_counters().lost_events, 0);
    static uint8_t late[LINE_BYTES];
    const struct heard_all *all = port_pumped();
    size_t epochs = heard_count(all, HT_TOLD_HELLO);
    assert_true(epochs >= ht_counters().frames / HT_EPOCH_FRAMES && epochs >= 3);
    assert_int_equal(heard_count(all, HT_TOLD_TASK), epochs + 1);
    assert_int_equal(heard_count(all, HT_TOLD_STACK), epochs);
    /* a host that comes in the middle */
    size_t half = port.line_bytes / 2;
    memcpy(late, port.line + half, port.line_bytes - half);
    memcpy(port.line, late, port.line_bytes -= half);
    all = port_heard();
    assert_true(heard_count(all, HT_TOLD_HELLO) >= 1 && all->count > 1000);
    assert_int_equal(heard_kind(all, HT_TOLD_ALLOC, 0)->told.size, 8);
}

/* ESP-IDF's hook tells only the new half of a realloc. */
static void test_alloc_where_one_lives(void **state)
{
    (void)state;
    start(HT_MODE_TABLE);
    ht_on_alloc(0, (void *)0x1000, 10);
    ht_on_alloc(0, (void *)0x1000, 30);
    assert_int_equal(ht_counters().live_blocks, 1);
    assert_int_equal(ht_counters().live_bytes, 30);
    ht_on_resize(0, (void *)0x1000, (void *)0x2000, 50);
    ht_on_resize(0, (void *)0x2000, (void *)0x2000, 5);
    assert_int_equal(ht_counters().live_bytes, 5);
    const struct ht_site site = {HT_HERE, NULL, 0};
    ht_on_resize_failed_from(&site, 0, (void *)0x2000, 500);
    assert_int_equal(ht_counters().live_bytes, 5);
    assert_int_equal(ht_counters().refused, 1);
    ht_on_resize(0, (void *)0x2000, NULL, 0);
    assert_int_equal(ht_counters().live_blocks, 0);
}

/* What the modes take of the caller's memory for 100 blocks, 16 stacks of 4 frames and 4 frames of the line: these figures are in docs/firmware.md. */
static void test_memory_of_modes(void **state)
{
    (void)state;
    const size_t slots = 16 * (4 + HT_FRAMES * sizeof(ht_pc) + (sizeof(void *) == 8 ? 4 : 0)), blocks = 100 * sizeof(struct ht_live), line = 4 * HT_FRAME_BYTES,
                 run = (sizeof(struct ht_run) + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
    const size_t most[] = {run + slots + line, run + slots + blocks, run + slots + blocks + line};
    for (int mode = HT_MODE_STREAM; mode <= HT_MODE_BOTH; mode++) {
        port_reset();
        struct ht_config config = {.mode = (enum ht_mode)mode, .memory = (void *)(((uintptr_t)memory + 15) & ~(uintptr_t)15), .sink = &port_sink, .stacks = 16, .blocks = 100};
        config.memory_bytes = most[mode];
        assert_int_equal(ht_start(&config), 0);
        config.memory_bytes = most[mode] - (mode == HT_MODE_STREAM ? 3 : mode == HT_MODE_BOTH ? 3 : 0) * HT_FRAME_BYTES - (mode == HT_MODE_TABLE);
        assert_int_equal(ht_start(&config), HT_TOO_SMALL);
    }
    assert_true(sizeof(void *) != 8 || sizeof(struct ht_live) == 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before_start), cmocka_unit_test(test_refused_configurations), cmocka_unit_test(test_memory_bounds), cmocka_unit_test(test_stream),
        cmocka_unit_test(test_longest_lock),
        cmocka_unit_test(test_caps),         cmocka_unit_test(test_ring_full),              cmocka_unit_test(test_table_full),    cmocka_unit_test(test_table_crowded),
        cmocka_unit_test(test_slots_full),
        cmocka_unit_test(test_reentered),    cmocka_unit_test(test_heaps),                  cmocka_unit_test(test_orders),        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_alloc_where_one_lives), cmocka_unit_test(test_memory_of_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
