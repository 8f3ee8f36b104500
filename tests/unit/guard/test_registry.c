/* registry: what lives is seen, what ended is not, and a block that ends while it is looked at is handed over once. */
#include "guard_port.h"

#include <pthread.h>

#include "target/guard/registry.h"

enum { BLOCKS = 1000, THREADS = 4, ROUNDS = 30000 };

static char memory[BLOCKS * 16] __attribute__((aligned(16)));
static uint32_t seen, ended;

static void see(void *block, uint32_t index, void *context)
{
    (void)context;
    assert_true(index);
    assert_true((char *)block >= memory && (char *)block < memory + sizeof memory);
    __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED);
}

static void end(void *block)
{
    (void)block;
    __atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
}

static uint32_t count_living(void)
{
    seen = 0;
    registry_each(&(struct registry_look){see, end, NULL});
    return seen;
}

static void what_lives_is_seen(void **state)
{
    (void)state;
    uint32_t index[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        index[i] = registry_reserve();
        registry_put(index[i], memory + i * 16);
    }
    assert_int_equal(count_living(), BLOCKS);
    for (int i = 0; i < BLOCKS; i += 2)
        assert_true(registry_remove(index[i], memory + i * 16));
    assert_int_equal(count_living(), BLOCKS / 2);
    assert_true(registry_take_out(index[1], memory + 16));
    assert_false(registry_take_out(index[1], memory + 16));
    for (int i = 3; i < BLOCKS; i += 2)
        assert_true(registry_remove(index[i], memory + i * 16));
    assert_int_equal(count_living(), 0);
    assert_int_equal(ended, 0);
}

static void slices_come_by_everything(void **state)
{
    (void)state;
    uint32_t index = registry_reserve();
    registry_put(index, memory);
    seen = 0;
    for (int i = 0; i < BLOCKS && seen < 2; i++)
        registry_slice(&(struct registry_look){see, end, NULL}, 32);
    assert_int_equal(seen, 2);
    assert_true(registry_remove(index, memory));
}

static void no_slot_points_to_a_block(void **state)
{
    (void)state;
    uint32_t index = registry_reserve();
    registry_put(index, memory);
    for (uint32_t i = 0; i <= index; i++)
        assert_true(pages_given[i] != (uint64_t)(uintptr_t)memory);
    assert_true(registry_remove(index, memory));
}

struct handing {
    uint32_t index;
    bool was_removed;
};

static void see_and_end(void *block, uint32_t index, void *context)
{
    struct handing *handing = context;
    if (index == handing->index)
        handing->was_removed = registry_remove(index, block);
}

static void who_looks_gets_what_ends_meanwhile(void **state)
{
    (void)state;
    struct handing handing = {.index = registry_reserve()};
    registry_put(handing.index, memory);
    ended = 0;
    registry_each(&(struct registry_look){see_and_end, end, &handing});
    assert_false(handing.was_removed);
    assert_int_equal(ended, 1);
    assert_int_equal(count_living(), 0);
}

static uint32_t removed;

static void *churn(void *own)
{
    char *block = own;
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t index = registry_reserve();
        registry_put(index, block);
        if (registry_remove(index, block))
            __atomic_add_fetch(&removed, 1, __ATOMIC_RELAXED);
        if (i % 64 == 0)
            registry_slice(&(struct registry_look){see, end, NULL}, 64);
    }
    return NULL;
}

static void every_block_ends_once_among_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    ended = removed = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, churn, memory + i * 16);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(removed + ended, THREADS * ROUNDS);
    assert_int_equal(count_living(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lives_is_seen),
        cmocka_unit_test(slices_come_by_everything),
        cmocka_unit_test(no_slot_points_to_a_block),
        cmocka_unit_test(who_looks_gets_what_ends_meanwhile),
        cmocka_unit_test(every_block_ends_once_among_threads),
    };
    return registry_begin() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
