/* test_core_report: in leaks, thresholds and calls by the older tools' names, out the device's own text, as those tools printed it. */
#include "core_port.h"

#include <heaptracer/leak_tracker.h>
#include <heaptracer/memmap.h>
#define HEAP_TRACKER_ENABLED
#include <heaptracer/tracked.h>

static uint8_t memory[16384], psram[4096], internal[4096];

static void assert_printed(const char *text)
{
    if (!strstr(port.printed, text))
        print_error("not printed:\n%s\nbut:\n%s\n", text, port.printed);
    assert_non_null(strstr(port.printed, text));
}

static void clear(void)
{
    port.printed_bytes = 0;
    port.printed[0] = 0;
}

static bool psram_use(void *context, struct ht_heap_use *use)
{
    (void)context;
    *use = (struct ht_heap_use){.used = 100, .free = 32017 * 1024 + 5, .largest_free = 2048};
    return true;
}

/* The report of the older leak tracker, with blocks in two kinds of memory; what was freed, and what lived before, is not in it. */
static void test_leak_tracker(void **state)
{
    (void)state;
    port_reset();
    ht_heap_id external = ht_heap_add("PSRAM", psram, sizeof psram, HT_MEMORY_EXTERNAL), inside = ht_heap_add("DRAM", internal, sizeof internal, HT_MEMORY_INTERNAL);
    ht_heap_watch(external, psram_use, NULL);
    assert_true(leak_tracker_start(12, 4));
    assert_int_equal(ht_state(), HT_STATE_TRACKING);
    assert_false(leak_tracker_start());
    assert_printed("heaptracer: the leak tracker runs already\n");
    clear();
    const struct ht_site site = {HT_HERE, NULL, 0}, nobody = {NULL, NULL, 0};
    ht_on_alloc_from(&nobody, external, psram + 0x100, 336000, 0);
    ht_on_alloc_from(&site, inside, internal + 0x20, 84, 0);
    ht_on_alloc_from(&site, inside, internal + 0x80, 50, 0);
    ht_on_free_from(&site, inside, internal + 0x80);
    leak_tracker_end();
    char expected[2048];
    snprintf(expected, sizeof expected,
             "\n========================================\n   LEAKED ALLOCATIONS\n========================================\n"
             "Heap trace leak records: 2\nBacktraces captured: 1\n\n"
             "--- LEAK #1 ---\nAddress: 0x%08lx (PSRAM)\nSize: 336000 bytes\nBacktrace: (not captured - told without its caller)\n\n"
             "--- LEAK #2 ---\nAddress: 0x%08lx (Internal)\nSize: 84 bytes\nBacktrace:\n  0x08001000:0x08001010:0x08001020\n\n"
             "========================================\n   LEAK SUMMARY\n========================================\n"
             "Total leaks: 2 allocations, 336084 bytes (328.20 KB)\n"
             "  Internal RAM: 1 allocations\n  PSRAM: 1 allocations\n  Backtraces found: 1 / 2\n\n"
             "Current heap status:\n  PSRAM free: 32017 KB, largest 2 KB\n  Internal free: 3 KB\n"
             "========================================\n",
             (unsigned long)(uintptr_t)(psram + 0x100), (unsigned long)(uintptr_t)(internal + 0x20));
    assert_string_equal(port.printed, expected);
    assert_int_equal(ht_state(), HT_STATE_IDLE);
    for (int i = 0; i < CELLS; i++)
        assert_false(port.used[i]); /* its buffer went back */
    leak_tracker_end();
}

static void test_leak_tracker_of_a_tracer_that_runs(void **state)
{
    (void)state;
    port_reset();
    struct ht_config config = {.mode = HT_MODE_TABLE, .memory = memory, .memory_bytes = sizeof memory};
    assert_int_equal(ht_start(&config), 0);
    ht_on_alloc(0, (void *)0x1000, 10);
    assert_true(leak_tracker_start());
    ht_on_alloc(0, (void *)0x2000, 20);
    leak_tracker_end();
    assert_printed("Total leaks: 1 allocations, 20 bytes (0.01 KB)");
    assert_int_equal(ht_state(), HT_STATE_TRACKING);
    clear();
    assert_int_equal(ht_report(NULL), 2);
    assert_printed("Total leaks: 2 allocations, 30 bytes");
    config.mode = HT_MODE_STREAM;
    config.sink = &port_sink;
    assert_int_equal(ht_start(&config), 0);
    assert_false(leak_tracker_start());
    assert_printed("runs without a table of blocks");
    assert_int_equal(ht_report(NULL), HT_NOT_HERE);
    port_reset();
    port.refuses = true;
    assert_false(leak_tracker_start());
    assert_printed("no memory for the leak tracker");
}

static void test_full_table_is_said(void **state)
{
    (void)state;
    port_reset();
    struct ht_config config = {.mode = HT_MODE_TABLE, .memory = memory, .memory_bytes = sizeof memory, .blocks = 4, .stacks = 4};
    assert_int_equal(ht_start(&config), 0);
    for (uintptr_t i = 1; i < 8; i++) {
        port_stack(1, (ht_pc)(0x100 * i));
        ht_on_alloc(0, (void *)(i * 64), 10);
    }
    ht_on_refuse(0, 100);
    ht_on_free(0, (void *)0x9000);
    assert_int_equal(ht_report(NULL), 4);
    assert_printed("Not in this report: 3 allocations, the table was full\nRefused by the allocator: 1 requests\nFrees of blocks that are not known: 1\n");
}

static void test_memmap(void **state)
{
    (void)state;
    port_reset();
    struct ht_config config = {.mode = HT_MODE_TABLE, .memory = memory, .memory_bytes = sizeof memory};
    ht_heap_main("heap", port.cells, sizeof port.cells, HT_MEMORY_INTERNAL);
    assert_int_equal(ht_start(&config), 0);
    char *buffer = TRACE_MALLOC(256, 0x1004, buffer), *other = TRACE_CALLOC(3, 4, 8);
    other = TRACE_REALLOC(other, 40, 8, other);
    char *third = traceable_heap_caps_malloc(5, 1, "third.c", 33, "third_of");
    list_allocations();
    char expected[512];
    snprintf(expected, sizeof expected, "#1 0x%08lx caps 0x00001004 256 bytes %s:%d %s, variable buffer\n", (unsigned long)(uintptr_t)buffer, __FILE__, __LINE__ - 5, __func__);
    assert_printed(expected);
    snprintf(expected, sizeof expected, "0x%08lx caps 0x00000008 40 bytes %s:%d %s, variable other\n", (unsigned long)(uintptr_t)other, __FILE__, __LINE__ - 6, __func__);
    assert_printed(expected);
    assert_printed("caps 0x00000001 5 bytes third.c:33 third_of, variable not given\n3 allocations live\n");
    memset(buffer, 7, 256);
    char *gone = buffer;
    free_unregister_allocation((void **)&buffer);
    assert_null(buffer);
    for (int i = 0; i < 256; i++)
        assert_int_equal(gone[i], 0);
    free_unregister_allocation((void **)&other);
    free_unregister_allocation((void **)&third);
    free_unregister_allocation((void **)&third);
    register_allocation((MemoryTraceInfo){"lib.c", 3, "lib", 30, "lib_alloc", 0, 0, psram, "of_lib"});
    clear();
    list_allocations();
    assert_printed("30 bytes lib.c:3 lib, variable of_lib\n1 allocations live\n");
    unregister_allocation(psram);
    clear();
    assert_null(TRACE_MALLOC(4000, 12, large));
    assert_printed("heaptracer: heap_caps_malloc of 4000 bytes FAILED, caps 0x0000000c, at ");
    assert_printed("after the failure: heap: used 0, free 65536, largest free 0, least free ");
    list_allocations();
    assert_printed("\n0 allocations live\n");
    debug_track_allocation = false;
    other = TRACE_CALLOC(2, 8, 0);
    assert_int_equal(ht_counters().live_blocks, 0);
    free_unregister_allocation((void **)&other);
    assert_int_equal(ht_counters().faults, 0);
    debug_track_allocation = true;
}

/* Places that are known at run time only: each of the first HT_PLACES has its own, and blocks of the others none. */
static void test_memmap_places(void **state)
{
    (void)state;
    port_reset();
    struct ht_config config = {.mode = HT_MODE_TABLE, .memory = memory, .memory_bytes = sizeof memory};
    assert_int_equal(ht_start(&config), 0);
    for (int line = 100; line < 120; line++)
        assert_non_null(traceable_heap_caps_calloc(1, 9, 1, "many.c", line, "many"));
    list_allocations();
    assert_printed("many.c:100 many");
    assert_printed("many.c:110 many");
    assert_null(strstr(port.printed, "many.c:119"));
    assert_printed("20 allocations live");
}

static void test_tracked(void **state)
{
    (void)state;
    port_reset();
    struct ht_config config = {.mode = HT_MODE_TABLE, .memory = memory, .memory_bytes = sizeof memory};
    assert_int_equal(ht_start(&config), 0);
    void *buffer = TRACKED_MALLOC(1024 - 20);
    assert_int_equal(ht_counters().live_bytes, 1004);
    TRACKED_FREE(buffer);
    assert_int_equal(ht_counters().live_bytes, 0);
}

static struct ht_alert alerts[16];
static unsigned alert_count;

static void on_alert(void *context, const struct ht_alert *alert)
{
    assert_ptr_equal(context, memory);
    alerts[alert_count++ % 16] = *alert;
}

static size_t free_now;
static bool some_use(void *context, struct ht_heap_use *use)
{
    (void)context;
    *use = (struct ht_heap_use){.free = free_now, .largest_free = free_now / 4};
    return free_now != 0;
}

static void test_alerts(void **state)
{
    (void)state;
    port_reset();
    alert_count = 0;
    static const struct ht_threshold thresholds[HT_WATCHES] = {
        [HT_WATCH_FREE] = {5000, 1000}, [HT_WATCH_LIVE] = {3, 5}, [HT_WATCH_FRAGMENTATION] = {90, 99}, [HT_WATCH_GROWTH] = {0, 100}};
    struct ht_config config = {.mode = HT_MODE_BOTH, .memory = memory, .memory_bytes = sizeof memory, .sink = &port_sink};
    config.thresholds = thresholds;
    config.on_alert = on_alert;
    config.context = memory;
    assert_int_equal(ht_alert_check(), HT_LIGHT_NO_DATA);
    free_now = 8000;
    ht_heap_watch(0, some_use, NULL);
    assert_int_equal(ht_start(&config), 0);
    port.light = HT_LIGHT_NO_DATA;
    assert_int_equal(ht_alert_check(), HT_LIGHT_OK);
    assert_int_equal(port.light, HT_LIGHT_OK);
    free_now = 4000;
    assert_int_equal(ht_alert_check(), HT_LIGHT_WARN);
    assert_int_equal(ht_state(), HT_STATE_ALERTING);
    assert_int_equal(port.light, HT_LIGHT_WARN);
    assert_printed("heaptracer: warning: free memory 4000, threshold 5000\n");
    assert_int_equal(ht_alert_check(), HT_LIGHT_WARN);
    assert_int_equal(alert_count, 1);
    assert_int_equal(alerts[0].watch, HT_WATCH_FREE);
    for (uintptr_t i = 1; i < 6; i++)
        ht_on_alloc(0, (void *)(i * 64), 10);
    assert_int_equal(ht_alert_check(), HT_LIGHT_CRITICAL);
    assert_int_equal(alerts[1].watch, HT_WATCH_LIVE);
    assert_int_equal(alerts[1].value, 5);
    for (uintptr_t i = 1; i < 6; i++)
        ht_on_free(0, (void *)(i * 64));
    ht_on_alloc(0, (void *)0x100, 150);
    free_now = 9000;
    assert_int_equal(ht_alert_check(), HT_LIGHT_CRITICAL);
    ht_alert_baseline();
    assert_int_equal(ht_alert_check(), HT_LIGHT_OK);
    assert_int_equal(ht_state(), HT_STATE_TRACKING);
    assert_int_equal(port.light, HT_LIGHT_OK);
    const struct heard_all *all = port_pumped();
    assert_int_equal(heard_count(all, HT_TOLD_ALERT), alert_count);
    assert_int_equal(heard_kind(all, HT_TOLD_ALERT, 1)->numbers[HT_ALERT_RULE], HT_WATCH_LIVE);
    assert_memory_equal(heard_kind(all, HT_TOLD_ALERT, 1)->tail, "live blocks", 11);
    assert_int_equal(heard_kind(all, HT_TOLD_STATE, 1)->numbers[0], HT_STATE_ALERTING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leak_tracker), cmocka_unit_test(test_leak_tracker_of_a_tracer_that_runs), cmocka_unit_test(test_full_table_is_said), cmocka_unit_test(test_memmap),
        cmocka_unit_test(test_memmap_places), cmocka_unit_test(test_tracked), cmocka_unit_test(test_alerts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
