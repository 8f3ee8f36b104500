/* test_core_guard: in every way to spoil a block, out what is said of it: kind, byte, guess, and where the block came from. */
#include "core_port.h"

static uint8_t memory[16384];

static void start_with(enum ht_mode mode, uint16_t quarantine)
{
    struct ht_config config = {.mode = mode, .memory = memory, .memory_bytes = sizeof memory, .sink = &port_sink, .quarantine = quarantine, .free_stacks = true};
    port_reset();
    assert_int_equal(ht_start(&config), 0);
}

/* The n-th fault on the line. */
static const uint64_t *fault(size_t n)
{
    const struct ht_heard *heard = heard_kind(port_pumped(), HT_TOLD_FAULT, n);
    assert_non_null(heard);
    return heard->numbers;
}

static int64_t offset(const uint64_t *numbers)
{
    return (int64_t)(numbers[HT_FAULT_OFFSET] >> 1) ^ -(int64_t)(numbers[HT_FAULT_OFFSET] & 1);
}

static void assert_fault(size_t n, unsigned kind, unsigned guess, int64_t at, unsigned count)
{
    const uint64_t *numbers = fault(n);
    assert_int_equal(numbers[HT_FAULT_KIND], kind);
    assert_int_equal(numbers[HT_FAULT_GUESS], guess);
    assert_int_equal(offset(numbers), at);
    assert_int_equal(numbers[HT_FAULT_COUNT], count);
}

static void test_overflows(void **state)
{
    (void)state;
    for (int mode = HT_MODE_STREAM; mode <= HT_MODE_BOTH; mode += HT_MODE_BOTH) {
        start_with((enum ht_mode)mode, 0);
        port_stack(2, 0x5000);
        char *block[6];
        for (int i = 0; i < 6; i++)
            block[i] = ht_malloc(10);
        port_stack(2, 0x7000);
        block[0][10] = 0;                /* strcpy of ten letters */
        block[1][10] = 'x';              /* i <= 10 */
        memset(block[2] + 10, 0, 4);     /* memset of too much */
        memset(block[3] + 10, 'z', 4);
        memcpy(block[4] + 10, "abcd", 4);
        block[5][12] = 7;                /* not the first */
        for (int i = 0; i < 6; i++)
            ht_free(block[i]);
        assert_int_equal(port.freed, 6);
        assert_fault(0, HT_FAULT_OVERFLOW, HT_GUESS_TERMINATOR, 10, 1);
        assert_fault(1, HT_FAULT_OVERFLOW, HT_GUESS_OFF_BY_ONE, 10, 1);
        assert_fault(2, HT_FAULT_OVERFLOW, HT_GUESS_ZERO_FILL, 10, 4);
        assert_fault(3, HT_FAULT_OVERFLOW, HT_GUESS_PATTERN, 10, 4);
        assert_fault(4, HT_FAULT_OVERFLOW, HT_GUESS_NONE, 10, 4);
        assert_fault(5, HT_FAULT_OVERFLOW, HT_GUESS_OFF_BY_ONE, 12, 1);
        const uint64_t *numbers = fault(0);
        assert_int_equal(numbers[HT_FAULT_BLOCK], (uintptr_t)block[0]);
        assert_int_equal(numbers[HT_FAULT_ADDRESS], (uintptr_t)block[0] + 10);
        assert_int_equal(numbers[HT_FAULT_SIZE], 10);
        assert_int_equal(numbers[HT_FAULT_FOUND_BY], HT_FOUND_FREE);
        assert_true(numbers[HT_FAULT_HIT_SLOT] != 0);
        assert_int_equal(numbers[HT_FAULT_ALLOC_SLOT] != 0, mode == HT_MODE_BOTH);
        assert_int_equal(ht_counters().faults, 6);
    }
}

/* Without a stream a fault is a line of text. */
static void test_table_alone(void **state)
{
    (void)state;
    start_with(HT_MODE_TABLE, 2);
    port_stack(2, 0x5000);
    char *block = ht_malloc(10);
    block[10] = 0;
    ht_free(block);
    ht_free(block);
    ht_pump();
    assert_int_equal(ht_counters().faults, 2);
    assert_non_null(strstr(port.printed, "(10 bytes) at byte 10: 1 bad, like a string terminator\nBacktrace:\n  0x00005000:0x00005010\n"));
    assert_int_equal(port.line_bytes, 0);
}

static void test_underflows(void **state)
{
    (void)state;
    for (int mode = HT_MODE_STREAM; mode <= HT_MODE_BOTH; mode += HT_MODE_BOTH) {
        start_with((enum ht_mode)mode, 0);
        char *block[3];
        for (int i = 0; i < 3; i++)
            block[i] = ht_malloc(10);
        block[0][-1] ^= 0x55;
        block[1][-16] ^= 1; /* the end of what the block before wrote */
        block[2][-12] ^= 4; /* its size */
        for (int i = 0; i < 3; i++)
            ht_free(block[i]);
        assert_fault(0, HT_FAULT_UNDERFLOW, HT_GUESS_OFF_BY_ONE, -1, 1);
        assert_fault(1, HT_FAULT_UNDERFLOW, HT_GUESS_NEIGHBOUR, -16, 1);
        if (mode == HT_MODE_BOTH)
            assert_fault(2, HT_FAULT_METADATA, HT_GUESS_OFF_BY_ONE, -12, 1);
        assert_int_equal(port.freed, 3);
        assert_int_equal(ht_counters().faults, 3);
    }
}

static void test_double_free(void **state)
{
    (void)state;
    for (uint16_t quarantine = 0; quarantine < 5; quarantine += 4) {
        start_with(HT_MODE_BOTH, quarantine);
        char *block = ht_malloc(40);
        ht_free(block);
        ht_free(block);
        assert_null(ht_realloc(block, 50));
        assert_int_equal(ht_counters().faults, 2);
        const uint64_t *numbers = fault(0);
        assert_int_equal(numbers[HT_FAULT_KIND], HT_FAULT_DOUBLE_FREE);
        assert_int_equal(numbers[HT_FAULT_BLOCK], (uintptr_t)block);
        assert_int_equal(numbers[HT_FAULT_ALLOC_SLOT] && numbers[HT_FAULT_FREE_SLOT], quarantine != 0);
        assert_int_equal(fault(1)[HT_FAULT_FOUND_BY], HT_FOUND_RESIZE);
        assert_int_equal(heard_count(port_pumped(), HT_TOLD_FREE), 1);
        assert_int_equal(port.freed, quarantine ? 0 : 1);
    }
}

static void test_wild_and_interior_free(void **state)
{
    (void)state;
    static struct {
        uint64_t before[4];
        char bytes[64];
    } wild;
    start_with(HT_MODE_BOTH, 0);
    ht_heap_main("heap", port.cells, sizeof port.cells, HT_MEMORY_RAM);
    char *block = ht_malloc(100);
    ht_free(block + 20);
    ht_free(wild.bytes);
    assert_int_equal(ht_counters().live_blocks, 1);
    assert_int_equal(port.freed, 0);
    const uint64_t *numbers = fault(0);
    assert_int_equal(numbers[HT_FAULT_KIND], HT_FAULT_INTERIOR_FREE);
    assert_int_equal(numbers[HT_FAULT_BLOCK], (uintptr_t)block);
    assert_int_equal(offset(numbers), 20);
    assert_int_equal(fault(1)[HT_FAULT_KIND], HT_FAULT_WILD_FREE);
    assert_int_equal(fault(1)[HT_FAULT_BLOCK], (uintptr_t)wild.bytes);
    assert_null(ht_realloc(block + 20, 10));
    assert_int_equal(fault(2)[HT_FAULT_FOUND_BY], HT_FOUND_RESIZE);
    ht_free(block);
    assert_int_equal(ht_counters().live_blocks, 0);
}

/* Without a table a block within another is not known; one where no heap is, is. */
static void test_wild_free_without_table(void **state)
{
    (void)state;
    static char wild[64];
    start_with(HT_MODE_STREAM, 0);
    ht_heap_main("heap", port.cells, sizeof port.cells, HT_MEMORY_RAM);
    ht_free(wild + 32);
    assert_int_equal(fault(0)[HT_FAULT_KIND], HT_FAULT_WILD_FREE);
    assert_int_equal(fault(0)[HT_FAULT_BLOCK], (uintptr_t)(wild + 32));
    assert_int_equal(fault(0)[HT_FAULT_ALLOC_SLOT], 0);
    assert_int_equal(port.freed, 0);
}

/* A block of the allocator itself, from before the tracer or from a library, goes its way without guard bands. */
static void test_foreign(void **state)
{
    (void)state;
    start_with(HT_MODE_BOTH, 2);
    char *first = ht_port_malloc(30, 0), *block = ht_port_malloc(30, 0);
    (void)first;
    strcpy(block, "not ours");
    block = ht_realloc(block, 60);
    assert_string_equal(block, "not ours");
    assert_int_equal(ht_counters().live_bytes, 60);
    ht_free(block);
    assert_int_equal(port.freed, 1);
    assert_int_equal(ht_counters().faults, 0);
    assert_int_equal(ht_counters().live_blocks, 0);
}

static void test_quarantine(void **state)
{
    (void)state;
    start_with(HT_MODE_BOTH, 3);
    port_stack(2, 0x5000);
    char *blocks[5];
    for (int i = 0; i < 5; i++)
        blocks[i] = ht_malloc(32);
    for (int i = 0; i < 5; i++)
        ht_free(blocks[i]);
    assert_int_equal(port.freed, 2);
    assert_int_equal(ht_counters().live_blocks, 0);
    assert_int_equal((uint8_t)blocks[4][0], 0xfe);
    blocks[2][5] = 1; /* use after free */
    blocks[2][6] = 2;
    for (int i = 0; i < 3; i++)
        ht_free(ht_malloc(32));
    assert_int_equal(port.freed, 5);
    assert_int_equal(ht_counters().faults, 1);
    const uint64_t *numbers = fault(0);
    assert_int_equal(numbers[HT_FAULT_KIND], HT_FAULT_USE_AFTER_FREE);
    assert_int_equal(numbers[HT_FAULT_BLOCK], (uintptr_t)blocks[2]);
    assert_int_equal(offset(numbers), 5);
    assert_int_equal(numbers[HT_FAULT_COUNT], 2);
    assert_true(numbers[HT_FAULT_ALLOC_SLOT] && numbers[HT_FAULT_FREE_SLOT]);
    /* too large for it */
    ht__core.quarantine.most_bytes = 64;
    ht_free(ht_malloc(100));
    assert_int_equal(port.freed, 9);
}

static void test_scan(void **state)
{
    (void)state;
    start_with(HT_MODE_BOTH, 0);
    char *blocks[20];
    for (int i = 0; i < 20; i++)
        blocks[i] = ht_malloc(50);
    assert_int_equal(ht_guard_scan(1000), 0);
    assert_int_equal(ht_guard_check(blocks[7]), 0);
    blocks[7][50] = 1;
    int found = 0;
    for (int i = 0; i < ht__core.live.count; i++)
        found += ht_guard_scan(1);
    assert_int_equal(found, 1);
    assert_int_equal(fault(0)[HT_FAULT_FOUND_BY], HT_FOUND_SCAN);
    assert_int_equal(ht_guard_check(blocks[7]), 1);
    assert_int_equal(fault(1)[HT_FAULT_FOUND_BY], HT_FOUND_DEMAND);
    assert_non_null(strstr(port.printed, "heaptracer: overflow of 0x"));
    assert_non_null(strstr(port.printed, "(50 bytes) at byte 50: 1 bad, like an off-by-one\nBacktrace:\n  0x08001000:0x08001010:0x08001020\n"));
    /* two blocks in one place, as a broken allocator gives them out (avr-libc 2.0.0 does so after realloc(p, 1)) */
    ht_on_alloc(0, (void *)0x500, 32);
    ht_on_alloc(0, (void *)0x510, 8);
    blocks[7][50] = (char)0xbe;
    assert_int_equal(ht_guard_scan(1000), 1);
    const uint64_t *numbers = fault(2);
    assert_int_equal(numbers[HT_FAULT_KIND], HT_FAULT_OVERLAP);
    assert_int_equal(numbers[HT_FAULT_BLOCK], 0x500);
    assert_int_equal(offset(numbers), 0x10);
}

static void test_resize_checks(void **state)
{
    (void)state;
    start_with(HT_MODE_BOTH, 0);
    char *block = ht_malloc(10);
    block[10] = 0;
    block = ht_realloc(block, 20);
    assert_int_equal(ht_guard_check(block), 0);
    assert_fault(0, HT_FAULT_OVERFLOW, HT_GUESS_TERMINATOR, 10, 1);
    assert_int_equal(fault(0)[HT_FAULT_FOUND_BY], HT_FOUND_RESIZE);
    port.refuses = true;
    assert_null(ht_realloc(block, 30));
    assert_null(ht_realloc(block, SIZE_MAX - 3));
    assert_null(ht_malloc(SIZE_MAX - 3));
    assert_null(ht_calloc(SIZE_MAX / 2, 3));
    assert_int_equal(ht_guard_check(block), 0);
    assert_int_equal(ht_counters().live_bytes, 20);
    assert_int_equal(ht_counters().refused, 4);
    port.refuses = false;
    char *zeroed = ht_calloc(3, 5);
    for (int i = 0; i < 15; i++)
        assert_int_equal(zeroed[i], 0);
    assert_null(ht_realloc(block, 0));
    char *copy = HT_STRDUP(copy, "text");
    assert_string_equal(copy, "text");
    HT_FREE(copy);
    ht_free(zeroed);
    ht_free(NULL);
    assert_int_equal(ht_counters().live_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_alone), cmocka_unit_test(test_wild_free_without_table),
        cmocka_unit_test(test_overflows),  cmocka_unit_test(test_underflows), cmocka_unit_test(test_double_free), cmocka_unit_test(test_wild_and_interior_free),
        cmocka_unit_test(test_foreign),    cmocka_unit_test(test_quarantine), cmocka_unit_test(test_scan),        cmocka_unit_test(test_resize_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
