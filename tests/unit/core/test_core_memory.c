/* test_core_memory: in stacks, pools and pieces of memory, out what the core measures of them. */
#include "core_port.h"

static uint8_t memory[8192];

static void start(void)
{
    struct ht_config config = {.mode = HT_MODE_BOTH, .memory = memory, .memory_bytes = sizeof memory, .sink = &port_sink};
    port_reset();
    assert_int_equal(ht_start(&config), 0);
}

static void test_painted_stack(void **state)
{
    (void)state;
    static uint8_t stack[1024];
    start();
    memset(stack, 0xa5, sizeof stack);
    uint8_t task = ht_task_begin(stack, "worker", stack, sizeof stack, 5);
    assert_int_equal(ht_stacks_check(), SIZE_MAX);
    ht_stack_watch(task, true);
    assert_int_equal(ht_stacks_check(), sizeof stack);
    memset(stack + 700, 1, sizeof stack - 700);
    assert_int_equal(ht_stacks_check(), 700);
    stack[500] = 0;
    memset(stack + 600, 0xa5, 400);
    assert_int_equal(ht_stacks_check(), 500);
    ht_stack_at(task, stack + 900);
    assert_int_equal(ht_counters().faults, 0);
    stack[3] = 0;
    assert_int_equal(ht_stacks_check(), 0);
    assert_int_equal(ht_stacks_check(), 0);
    assert_int_equal(ht_counters().faults, 1);
    const struct heard_all *all = port_pumped();
    const struct ht_heard *use = heard_kind(all, HT_TOLD_STACK_USE, 2);
    assert_int_equal(use->numbers[HT_STACK_USE_TASK], task);
    assert_int_equal(use->numbers[HT_STACK_USE_SIZE], sizeof stack);
    assert_int_equal(use->numbers[HT_STACK_USE_LEAST_FREE], 500);
    assert_int_equal(heard_kind(all, HT_TOLD_STACK_USE, 3)->numbers[HT_STACK_USE_NOW], 124);
    assert_int_equal(heard_kind(all, HT_TOLD_STACK_USE, 3)->numbers[HT_STACK_USE_FLAGS], 1);
    assert_int_equal(heard_kind(all, HT_TOLD_FAULT, 0)->numbers[HT_FAULT_KIND], HT_FAULT_STACK_OVERFLOW);
    ht_task_end(task);
    assert_int_equal(ht_stacks_check(), SIZE_MAX);
}

static __attribute__((noinline)) int deep(int depth)
{
    volatile uint8_t local[256];
    local[0] = (uint8_t)depth;
    return depth ? deep(depth - 1) + local[0] : 0;
}

/* A task that ends between two of the pump's checks. */
static void test_ended_stack(void **state)
{
    (void)state;
    static uint8_t stack[512];
    start();
    memset(stack, 0xa5, sizeof stack);
    uint8_t task = ht_task_begin(stack, "once", stack, sizeof stack, 5);
    ht_stack_watch(task, true);
    memset(stack + 240, 1, sizeof stack - 240);
    assert_int_equal(ht_stack_check(task), 240);
    ht_task_end(task);
    assert_int_equal(ht_stack_check(task), SIZE_MAX);
    const struct heard_all *all = port_pumped();
    const struct ht_heard *use = heard_kind(all, HT_TOLD_STACK_USE, 0), *end = heard_kind(all, HT_TOLD_TASK_END, 0);
    assert_true(use && end && use < end);
    assert_int_equal(use->numbers[HT_STACK_USE_LEAST_FREE], 240);
    assert_null(heard_kind(all, HT_TOLD_STACK_USE, 1));
}

/* The stack that runs, painted by the core itself. */
static __attribute__((noinline, no_sanitize("address"))) void test_own_stack(void **state)
{
    (void)state;
    start();
    uint8_t *here = __builtin_frame_address(0), *low = here - 65536;
    ht_stack_main(low, 65536 + 256);
    ht_stack_watch(0, false);
    size_t before = ht_stacks_check();
    assert_in_range(before, 40000, 65536);
    deep(60);
    size_t after = ht_stacks_check();
    assert_in_range(after, 20000, before - 60 * 256);
    assert_int_equal(ht_counters().faults, 0);
    ht_on_stack_overflow(0);
    assert_int_equal(ht_counters().faults, 1);
}

static void test_pool(void **state)
{
    (void)state;
    static uint8_t bytes[64 * 10 + 8];
    static struct ht_pool pool;
    start();
    assert_false(ht_pool_begin(&pool, "none", bytes, 40, 60));
    assert_true(ht_pool_begin(&pool, "messages", bytes + 1, sizeof bytes - 1, 60));
    void *blocks[10];
    for (int i = 0; i < 10; i++) {
        blocks[i] = ht_pool_take(&pool, 40 + (size_t)i);
        assert_true((uint8_t *)blocks[i] > bytes && (uint8_t *)blocks[i] + 60 <= bytes + sizeof bytes);
        memset(blocks[i], i, 60);
    }
    assert_null(ht_pool_take(&pool, 10));
    assert_null(ht_pool_take(&pool, 65));
    for (int i = 0; i < 10; i++)
        assert_int_equal(((uint8_t *)blocks[i])[59], i);
    assert_int_equal(ht_counters().live_blocks, 10);
    for (int i = 0; i < 7; i++)
        ht_pool_give(&pool, blocks[i]);
    const struct heard_all *all = port_pumped();
    const struct ht_heard *use = heard_kind(all, HT_TOLD_POOL_USE, 0);
    assert_int_equal(use->numbers[HT_POOL_USE_BLOCK_BYTES], 64);
    assert_int_equal(use->numbers[HT_POOL_USE_BLOCKS], 10);
    assert_int_equal(use->numbers[HT_POOL_USE_USED], 3);
    assert_int_equal(use->numbers[HT_POOL_USE_PEAK], 10);
    assert_int_equal(use->numbers[HT_POOL_USE_REFUSED], 2);
    assert_int_equal(use->numbers[HT_POOL_USE_WASTE], 64 * 3 - 47 - 48 - 49);
    assert_int_equal(heard_kind(all, HT_TOLD_ALLOC, 0)->told.taken, 64);
    assert_int_equal(heard_kind(all, HT_TOLD_ALLOC, 0)->told.heap, pool.heap);
    for (int i = 7; i < 10; i++)
        ht_pool_give(&pool, blocks[i]);
    assert_int_equal(pool.waste_bytes, 0);
    assert_int_equal(ht_counters().live_blocks, 0);
}

/* Outside of the lock the machine's clock goes on with each look at it. */
static void test_bandwidth(void **state)
{
    (void)state;
    static uint32_t words[1024];
    struct ht_bandwidth result;
    start();
    ht_heap_id internal = ht_heap_add("in", words, sizeof words, HT_MEMORY_INTERNAL);
    assert_int_equal(ht_bandwidth(internal, words, 100, &result), HT_TOO_SMALL);
    assert_int_equal(ht_bandwidth(HT_HEAPS, words, sizeof words, &result), HT_TOO_SMALL);
    assert_int_equal(ht_bandwidth(internal, words, sizeof words, &result), 0);
    assert_int_equal(result.read_sequential, 0); /* the clock stood still */
    const struct ht_heard *heard = heard_kind(port_pumped(), HT_TOLD_BANDWIDTH, 0);
    assert_int_equal(heard->numbers[HT_BANDWIDTH_HEAP], internal);
    assert_int_equal(heard->numbers[HT_BANDWIDTH_BYTES], sizeof words);
    /* the random order reached each word once: the last write is the order */
    bool seen[1024] = {0};
    for (int i = 0; i < 1024; i++) {
        assert_true(words[i] < 1024 && !seen[words[i]]);
        seen[words[i]] = true;
    }
}

static void test_advice(void **state)
{
    (void)state;
    start();
    assert_int_equal(ht_advise(100, 0), HT_PLACE_INTERNAL);
    assert_int_equal(ht_advise(5000, 0), HT_PLACE_EXTERNAL);
    assert_int_equal(ht_advise(5000, HT_WISH_DMA), HT_PLACE_INTERNAL);
    assert_int_equal(ht_advise(5000, HT_WISH_INTERRUPT), HT_PLACE_INTERNAL);
    assert_int_equal(ht_advise(5000, HT_WISH_HOT), HT_PLACE_INTERNAL);
    ht_heap_add("in", (void *)0x1000, 16, HT_MEMORY_INTERNAL);
    ht_heap_add("ex", (void *)0x2000, 16, HT_MEMORY_EXTERNAL);
    ht__core.random_read[0] = 1000;
    ht__core.random_read[1] = 900;
    assert_int_equal(ht_advise(100, 0), HT_PLACE_ANY);
    assert_int_equal(ht_advise(5000, HT_WISH_HOT), HT_PLACE_EXTERNAL);
    ht__core.random_read[1] = 100;
    assert_int_equal(ht_advise(100, 0), HT_PLACE_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_painted_stack), cmocka_unit_test(test_ended_stack), cmocka_unit_test(test_own_stack),
        cmocka_unit_test(test_pool), cmocka_unit_test(test_bandwidth), cmocka_unit_test(test_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
