/* seal: each byte beside a block that changes is seen, is named, and leaves enough to mend the head. */
#include "guard_port.h"

#include "target/guard/seal.h"

enum { SIZES = 70 };

static char *block_new(size_t size)
{
    char *raw = aligned_alloc(16, (SEAL_HEAD + seal_body(size) + 15) & ~(size_t)15);
    return raw + SEAL_HEAD;
}

static void block_end(char *block)
{
    free(block - SEAL_HEAD);
}

static void what_is_put_is_got(void **state)
{
    (void)state;
    const uint64_t sizes[] = {0, 1, 15, 16, 17, 4096, ((uint64_t)1 << 46) - 1};
    char *block = block_new(4096);
    for (size_t i = 0; i < 6; i++) {
        struct seal seal = {sizes[i], 0xfffffu + (uint32_t)i, (uint8_t)(i % 5), (uint8_t)(4 + i)}, got;
        seal_put(block, &seal);
        assert_int_equal(seal_get(block, &got), SEAL_LIVE);
        assert_int_equal(got.size, seal.size);
        assert_int_equal(got.index, seal.index);
        assert_int_equal(got.family, seal.family);
        assert_int_equal(got.room_log2, seal.room_log2);
        assert_true(seal_end(block, &got));
        assert_int_equal(seal_get(block, &got), SEAL_FREED);
        assert_false(seal_end(block, &got));
    }
    block_end(block);
}

static void each_byte_of_the_tail_is_looked_at(void **state)
{
    (void)state;
    for (size_t size = 0; size < SIZES; size++) {
        char *block = block_new(size);
        seal_put(block, &(struct seal){.size = size, .room_log2 = SEAL_HEAD_LOG2});
        assert_true(seal_tail_is_whole(block, size));
        for (size_t at = size; at < seal_body(size); at++) {
            struct damage damage = {0};
            block[at] ^= 0x40;
            assert_false(seal_tail_is_whole(block, size));
            seal_tail_damage(block, size, &damage);
            assert_int_equal(damage.first, at);
            assert_int_equal(damage.count, 1);
            assert_int_equal(damage.around[0], (uint8_t)block[at]);
            block[at] ^= 0x40;
        }
        block_end(block);
    }
}

static void a_broken_head_is_mended(void **state)
{
    (void)state;
    struct seal seal = {100, 77, 3, SEAL_HEAD_LOG2}, got;
    char *block = block_new(seal.size);
    for (int at = 1; at <= SEAL_HEAD; at++) {
        struct damage damage = {0};
        seal_put(block, &seal);
        block[-at] ^= 0x21;
        assert_int_equal(seal_get(block, &got), SEAL_BROKEN);
        assert_true(seal_head_damage(block, seal.index, &got, &damage));
        assert_int_equal(damage.first, -at);
        assert_int_equal(damage.count, 1);
        assert_int_equal(got.size, seal.size);
        assert_int_equal(got.family, seal.family);
    }
    struct damage damage = {0};
    memset(block - SEAL_HEAD, 0xff, SEAL_HEAD + seal_body(seal.size));
    assert_false(seal_head_damage(block, seal.index, &got, &damage));
    block_end(block);
}

static void a_head_counts_at_its_own_place_only(void **state)
{
    (void)state;
    struct seal seal = {32, 5, 0, SEAL_HEAD_LOG2}, got;
    char *block = block_new(256);
    seal_put(block, &seal);
    memcpy(block + 48, block - SEAL_HEAD, SEAL_HEAD);
    assert_int_equal(seal_get(block + 64, &got), SEAL_BROKEN);
    block_end(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_got),
        cmocka_unit_test(each_byte_of_the_tail_is_looked_at),
        cmocka_unit_test(a_broken_head_is_mended),
        cmocka_unit_test(a_head_counts_at_its_own_place_only),
    };
    seal_begin(0x123456789abcdef1u);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
