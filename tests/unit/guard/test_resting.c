/* resting: blocks leave in the order in which they came, when there are too many of them or too many bytes, and each write into them is seen. */
#include "guard_port.h"

#include "target/guard/resting.h"

enum { BYTES = 8 * 64 * 1024, MANY = 40000 };

static uint32_t left, whole;
static void *last;

static void leave(const struct resting *resting)
{
    struct damage damage = {0};
    left++;
    whole += resting_is_whole(resting, &damage);
    last = resting->block;
    free(resting->block);
}

static void each_write_into_a_small_block_is_seen(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= 2048; size += size < 40 ? 1 : 251) {
        struct resting resting = {malloc(size), size, 4};
        resting_poison(&resting);
        for (uint64_t at = 0; at < size; at++) {
            struct damage damage = {0};
            char *byte = (char *)resting.block + at, before = *byte;
            *byte = 0;
            assert_false(resting_is_whole(&resting, &damage));
            assert_int_equal(damage.first, at);
            assert_int_equal(damage.count, 1);
            *byte = before;
            assert_true(resting_is_whole(&resting, &damage));
        }
        free(resting.block);
    }
}

static void both_ends_of_a_large_block_are_looked_at(void **state)
{
    (void)state;
    const uint64_t size = 100000, places[] = {0, 1023, 4096, 99500, 99999};
    struct resting resting = {malloc(size), size, 4};
    for (size_t i = 0; i < 5; i++) {
        struct damage damage = {0};
        resting_poison(&resting);
        ((char *)resting.block)[places[i]] = 1;
        assert_false(resting_is_whole(&resting, &damage));
        assert_int_equal(damage.first, places[i]);
    }
    free(resting.block);
}

static void the_oldest_leave_first(void **state)
{
    (void)state;
    static void *blocks[MANY];
    left = whole = 0;
    for (int i = 0; i < MANY; i++) {
        blocks[i] = malloc(64);
        resting_put(&(struct resting){blocks[i], 64, 4});
        if (left)
            assert_ptr_equal(last, blocks[left - 1]);
    }
    assert_true(left > 0 && left < MANY);
    assert_int_equal(whole, left);
    struct resting found;
    assert_true(resting_find((char *)blocks[MANY - 1] + 63, &found));
    assert_ptr_equal(found.block, blocks[MANY - 1]);
    assert_false(resting_find(&found, &found));
}

static void many_bytes_push_others_out(void **state)
{
    (void)state;
    left = 0;
    for (int i = 0; i < 1000; i++)
        resting_put(&(struct resting){malloc(4000), 4000, 4});
    assert_true(left > 900);
    left = 0;
    resting_put(&(struct resting){malloc(10 * BYTES), 10 * BYTES, 4}); /* larger than all that may wait: it does, until the next one comes */
    uint32_t before = left;
    resting_put(&(struct resting){malloc(1), 1, 4});
    assert_int_equal(left, before + 1);
}

static uint32_t resting_now;

static void count(const struct resting *resting)
{
    (void)resting;
    resting_now++;
}

static void child_goes_on(void)
{
    resting_after_fork();
    resting_each(count);
    left = whole = 0;
    for (int i = 0; i < 2000; i++)
        resting_put(&(struct resting){malloc(4000), 4000, 4});
    if (!left || whole != left)
        _exit(1);
}

static void a_child_goes_on(void **state)
{
    (void)state;
    assert_child(child_goes_on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_write_into_a_small_block_is_seen), cmocka_unit_test(both_ends_of_a_large_block_are_looked_at), cmocka_unit_test(the_oldest_leave_first),
        cmocka_unit_test(many_bytes_push_others_out),            cmocka_unit_test(a_child_goes_on),
    };
    return resting_begin(BYTES, leave) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
