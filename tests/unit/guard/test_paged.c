/* paged: blocks of all sizes and alignments end, or begin, at a page that cannot be touched; freed ones cannot be touched at all. */
#include "guard_port.h"

#include <pthread.h>

#include "target/guard/paged.h"

enum { PAGE = 4096, LIVE_MOST = 4096 };

static const struct paged_layout behind = {16, false}, exact = {1, false}, before = {16, true};

static void begin(struct paged_layout layout)
{
    assert_true(paged_begin(LIVE_MOST, layout, false));
}

static void end(const void *block)
{
    struct paged paged;
    assert_true(paged_find(block, &paged));
    assert_ptr_equal(paged.block, block);
    assert_true(paged.lives);
    assert_true(paged_end(&paged));
    assert_false(paged_end(&paged));
}

static char *up(const void *at)
{
    return (char *)(((uintptr_t)at + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
}

static void all_sizes_end_at_a_page(void **state)
{
    (void)state;
    begin(behind);
    for (size_t size = 0; size < 9000; size += size < 70 ? 1 : 997) {
        char *block = paged_alloc(size, 0, 1);
        size_t usual = size >= 16 ? 16 : size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1;
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % usual, 0);
        memset(block, 1, size);
        assert_false(can_touch(up(block + (size ? size : 1))));
        assert_true(up(block + size) - (block + size) < 16);
        end(block);
        assert_false(can_touch(block));
    }
}

static void alignments_are_kept(void **state)
{
    (void)state;
    begin(behind);
    for (size_t alignment = 1; alignment <= PAGE; alignment *= 2)
        for (size_t size = 1; size < 300; size += 61) {
            char *block = paged_alloc(size, alignment, 0);
            assert_int_equal((uintptr_t)block % alignment, 0);
            assert_false(can_touch(up(block + size)));
            end(block);
        }
    for (size_t alignment = 3; alignment < 1000; alignment += 7) { /* not all powers of two */
        char *block = paged_alloc(32, alignment, 0);
        size_t power = 1;
        while (power < alignment)
            power *= 2;
        assert_int_equal((uintptr_t)block % power, 0);
        end(block);
    }
    assert_null(paged_alloc(10, 2 * PAGE, 0));
    assert_null(paged_alloc(10, 2 * PAGE - 1, 0));
}

static void no_byte_lies_between_block_and_page(void **state)
{
    (void)state;
    begin(exact);
    for (size_t size = 1; size < 300; size++) {
        char *block = paged_alloc(size, 0, 0);
        assert_int_equal((uintptr_t)(block + size) % PAGE, 0);
        end(block);
    }
    char *aligned = paged_alloc(33, 64, 0);
    assert_int_equal((uintptr_t)aligned % 64, 0);
}

static void blocks_begin_behind_a_page(void **state)
{
    (void)state;
    struct paged paged;
    begin(before);
    for (size_t size = 0; size < 9000; size += size < 70 ? 1 : 997) {
        char *block = paged_alloc(size, 64, 0);
        assert_int_equal((uintptr_t)block % PAGE, 0);
        assert_false(can_touch(block - 1));
        memset(block, 1, size);
        assert_true(paged_find(block - 8, &paged));
        assert_ptr_equal(paged.block, block);
        end(block);
    }
}

static void bytes_beside_are_looked_at(void **state)
{
    (void)state;
    const struct paged_layout layouts[] = {behind, before};
    for (int i = 0; i < 2; i++) {
        struct paged paged;
        struct damage damage = {0};
        begin(layouts[i]);
        char *block = paged_alloc(37, 0, 0);
        paged_find(block, &paged);
        assert_true(paged_is_whole(&paged, &damage));
        block[37] = 5;
        assert_false(paged_is_whole(&paged, &damage));
        assert_int_equal(damage.first, 37);
        assert_int_equal(damage.around[0], 5);
        paged_mend(&paged);
        damage = (struct damage){0};
        assert_true(paged_is_whole(&paged, &damage));
        if (layouts[i].before)
            continue;
        block[-3] = 7;
        assert_false(paged_is_whole(&paged, &damage));
        assert_int_equal(damage.first, -3);
    }
}

static void a_touch_beside_belongs_to_the_nearest_block(void **state)
{
    (void)state;
    struct paged paged;
    begin(behind);
    char *first = paged_alloc(100, 0, 0), *second = paged_alloc(5000, 0, 0);
    assert_true(paged_find(first + 200, &paged));
    assert_ptr_equal(paged.block, first);
    assert_true(paged_find(second + 6000, &paged));
    assert_ptr_equal(paged.block, second);
    end(first);
    assert_true(paged_find(first + 50, &paged));
    assert_ptr_equal(paged.block, first);
    assert_false(paged.lives);
    assert_false(paged_find(&paged, &paged));
}

static void only_so_many_pages_live(void **state)
{
    (void)state;
    static void *blocks[LIVE_MOST];
    begin(behind);
    for (int i = 0; i < LIVE_MOST; i++)
        assert_non_null(blocks[i] = paged_alloc(1, 0, 0));
    assert_null(paged_alloc(1, 0, 0));
    end(blocks[7]);
    assert_null(paged_alloc(PAGE + 1, 0, 0));
    void *again = paged_alloc(PAGE, 0, 0);
    assert_non_null(again);
    assert_ptr_not_equal((void *)((uintptr_t)again & ~(uintptr_t)(PAGE - 1)), (void *)((uintptr_t)blocks[7] & ~(uintptr_t)(PAGE - 1)));
    assert_null(paged_alloc((size_t)1 << 45, 0, 0));
}

static uint32_t living;

static void see(const struct paged *paged)
{
    living += paged->lives;
}

static void *churn(void *unused)
{
    uint64_t state = (uintptr_t)&state;
    for (int i = 0; i < 3000; i++) {
        size_t size = 1 + dice(&state, 9000);
        char *block = paged_alloc(size, 0, 0);
        if (!block) /* others kept the lock for too long */
            continue;
        memset(block, i, size);
        end(block);
    }
    return unused;
}

static void threads_share_them(void **state)
{
    (void)state;
    pthread_t threads[4];
    begin(behind);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, churn, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    living = 0;
    paged_each(see);
    assert_int_equal(living, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_sizes_end_at_a_page),
        cmocka_unit_test(alignments_are_kept),
        cmocka_unit_test(no_byte_lies_between_block_and_page),
        cmocka_unit_test(blocks_begin_behind_a_page),
        cmocka_unit_test(bytes_beside_are_looked_at),
        cmocka_unit_test(a_touch_beside_belongs_to_the_nearest_block),
        cmocka_unit_test(only_so_many_pages_live),
        cmocka_unit_test(threads_share_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
